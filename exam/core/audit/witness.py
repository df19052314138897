"""A witness (C2SP tlog-witness): signs that it saw a log grow, and never that it saw it shrink or fork.

It knows no entries and needs no database: of each log it keeps the last head that it has signed. Checking a request
against that and keeping the new head are one step under a lock, and the head is on disk before its signature leaves.
"""

import base64
import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import msgspec

from exam.core.audit.checkpoint import Checkpoint, parse_checkpoint, read_hash, read_size
from exam.core.audit.custody import write_durably
from exam.core.audit.merkle import EMPTY_ROOT, ProofError, check_consistency
from exam.core.audit.note import (
    CosignatureSigner,
    Note,
    NoteError,
    UnsignedNoteError,
    VerifierKey,
    parse_note,
    verified_by,
)
from exam.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError

MAX_PROOF_LINES = 63
MAX_REQUEST_BYTES = 65_536


class LogUnknownError(NotFoundError):
    """The witness does not watch a log of this name."""

    code = "witness_log_unknown"
    message = "见证方不见证这个日志。"


class LogKeyWrongError(ForbiddenError):
    """No key that the witness trusts for this log has signed the checkpoint."""

    code = "witness_key_wrong"
    message = "检查点没有该日志的可信签名。"


class WitnessRequestError(DomainError):
    """The request is not in the form of the protocol, or its old size is above the new one."""

    code = "witness_request"
    message = "见证请求的格式有误。"


class SizeMismatchError(ConflictError):
    """The request does not start from what the witness signed last; `size` is that."""

    code = "witness_size"
    message = "见证方此前签过的大小是 {size}。"


class ForkError(ConflictError):
    """A second head of the size that was signed last, with another root."""

    code = "witness_fork"
    message = "同一大小出现了两个不同的树根。"


class InconsistentError(DomainError):
    """The proof does not show that the log only grew."""

    code = "witness_inconsistent"
    message = "一致性证明不成立。"


class Submission(msgspec.Struct, frozen=True):
    """A request: the size that the witness is believed to know, the proof from there, and the new head."""

    old: int
    path: tuple[bytes, ...]
    note: Note

    def to_bytes(self) -> bytes:
        """Return the body of an add-checkpoint request."""
        lines = "".join(base64.b64encode(each).decode() + "\n" for each in self.path)
        return f"old {self.old}\n{lines}\n".encode() + self.note.to_bytes()


def parse_submission(data: bytes) -> Submission:
    """Read the body of a request; raises WitnessRequestError."""
    head, gap, note = data.partition(b"\n\n")
    if not gap or not head.startswith(b"old ") or len(data) > MAX_REQUEST_BYTES:
        raise WitnessRequestError
    try:
        first, *lines = head.decode().split("\n")
        path = tuple(read_hash(line) for line in lines)
        found = Submission(read_size(first.removeprefix("old ")), path, parse_note(note))
    except (NoteError, UnicodeDecodeError) as error:
        raise WitnessRequestError from error
    if len(found.path) > MAX_PROOF_LINES:
        raise WitnessRequestError
    return found


class Witness:
    """One witness over a folder; several processes on one folder take turns."""

    def __init__(self, folder: Path, signer: CosignatureSigner, logs: Sequence[VerifierKey]) -> None:
        self._folder = folder
        self._signer = signer
        self._logs = logs

    @property
    def key(self) -> VerifierKey:
        return self._signer.key

    def add_checkpoint(self, data: bytes) -> str:
        """Return the signature lines over a new head, after keeping it.

        Raises WitnessRequestError, LogUnknownError, LogKeyWrongError, SizeMismatchError, ForkError, InconsistentError.
        """
        asked = parse_submission(data)
        checkpoint = self._trusted(asked.note)
        if asked.old > checkpoint.size:
            raise WitnessRequestError
        with self._alone(checkpoint.origin):
            self._compare(asked, checkpoint, self._last(checkpoint.origin))
            signature = self._signer.sign(asked.note.text)
            kept = Note(asked.note.text, (*asked.note.signatures, signature))
            write_durably(self._path(checkpoint.origin), kept.to_bytes())
            return signature.line()

    def latest(self, origin_digest: str) -> bytes:
        """Return the head that was signed last of the log whose name has this SHA-256; raises LogUnknownError."""
        for log in self._logs:
            path = self._path(log.name)
            if path.stem == origin_digest and path.exists():
                return path.read_bytes()
        raise LogUnknownError

    def _trusted(self, note: Note) -> Checkpoint:
        try:
            checkpoint = parse_checkpoint(note.text)
        except NoteError as error:
            raise WitnessRequestError from error
        keys = [log for log in self._logs if log.name == checkpoint.origin]
        if not keys:
            raise LogUnknownError
        try:
            signed = verified_by(note, keys)
        except UnsignedNoteError:
            signed = {}
        if not signed:
            raise LogKeyWrongError
        return checkpoint

    def _compare(self, asked: Submission, new: Checkpoint, last: Checkpoint) -> None:
        if asked.old != last.size:
            raise SizeMismatchError(size=last.size)
        if last.size == new.size and last.root != new.root:
            raise ForkError(size=new.size)
        try:
            check_consistency(last.size, last.root, new.size, new.root, asked.path)
        except ProofError as error:
            raise InconsistentError(old=last.size, new=new.size) from error

    def _last(self, origin: str) -> Checkpoint:
        try:
            return parse_checkpoint(parse_note(self._path(origin).read_bytes()).text)
        except FileNotFoundError:
            return Checkpoint(origin, 0, EMPTY_ROOT)

    def _path(self, origin: str) -> Path:
        return self._folder / f"{digest_of(origin)}.checkpoint"

    @contextmanager
    def _alone(self, origin: str) -> Iterator[None]:
        with self._path(origin).with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def digest_of(origin: str) -> str:
    """Return the hex SHA-256 under which a log's last head is kept and asked for."""
    return sha256(origin.encode()).hexdigest()
