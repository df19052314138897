"""Proofs that travel (C2SP tlog-proof): index, path and checkpoint in one text that needs no network to check; pure."""

import base64
import binascii

import msgspec

from exam.core.audit.checkpoint import read_hash, read_size
from exam.core.audit.merkle import ProofError, leaf_hash, root_of_inclusion
from exam.core.audit.note import NoteError
from exam.core.audit.policy import Policy, Witnessed

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63
MAX_PROOF_BYTES = 131_072


class LogProof(msgspec.Struct, frozen=True, kw_only=True):
    """That an entry stands at `index` of the tree that `checkpoint` (a signed note) speaks of."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    leaf: bytes | None = None
    """The entry's canonical bytes, where the file brings them along: proved by the path and by nothing else."""

    def to_bytes(self) -> bytes:
        """Return the proof as a file (`.tlog-proof`)."""
        extra = "" if self.leaf is None else f"extra {base64.b64encode(self.leaf).decode()}\n"
        hashes = "".join(base64.b64encode(each).decode() + "\n" for each in self.path)
        return f"{HEADER}\n{extra}index {self.index}\n{hashes}\n".encode() + self.checkpoint


def parse_proof(data: bytes) -> LogProof:
    """Read a proof; what it says is believed only after `check_proof`. Raises NoteError."""
    if len(data) > MAX_PROOF_BYTES:
        raise NoteError
    head, gap, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError as error:
        raise NoteError from error
    if not gap or lines.pop(0) != HEADER:
        raise NoteError
    leaf = _read_leaf(lines.pop(0)) if lines and lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index ") or len(lines) > 1 + MAX_PATH:
        raise NoteError
    index = read_size(lines[0].removeprefix("index "))
    path = tuple(read_hash(line) for line in lines[1:])
    return LogProof(index=index, path=path, checkpoint=checkpoint, leaf=leaf)


def _read_leaf(line: str) -> bytes:
    text = line.removeprefix("extra ")
    try:
        leaf = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise NoteError from error
    if base64.b64encode(leaf).decode() != text:
        raise NoteError
    return leaf


def check_proof(proof: LogProof, leaf: bytes, policy: Policy) -> Witnessed:
    """Return the checkpoint under which a leaf's bytes are proved to stand in the log.

    Raises NoteError, UnsignedNoteError, QuorumError and ProofError.
    """
    witnessed = policy.accept(proof.checkpoint)
    check_path(proof, leaf, witnessed)
    return witnessed


def check_path(proof: LogProof, leaf: bytes, under: Witnessed) -> None:
    """Check that the path leads from a leaf's bytes to the root of a checkpoint; raises ProofError."""
    checkpoint = under.checkpoint
    if root_of_inclusion(leaf_hash(leaf), proof.index, checkpoint.size, proof.path) != checkpoint.root:
        raise ProofError(index=proof.index, size=checkpoint.size)
