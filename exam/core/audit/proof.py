"""Proofs that travel (C2SP tlog-proof): index, path and checkpoint in one text that needs no network to check; pure."""

import base64

import msgspec

from exam.core.audit.checkpoint import read_hash, read_size
from exam.core.audit.merkle import ProofError, leaf_hash, root_of_inclusion
from exam.core.audit.note import MAX_NOTE_BYTES, NoteError
from exam.core.audit.policy import Policy, Witnessed

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63


class LogProof(msgspec.Struct, frozen=True, kw_only=True):
    """That an entry stands at `index` of the tree that `checkpoint` (a signed note) speaks of."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    def to_bytes(self) -> bytes:
        """Return the proof as a file (`.tlog-proof`)."""
        hashes = "".join(base64.b64encode(each).decode() + "\n" for each in self.path)
        return f"{HEADER}\nindex {self.index}\n{hashes}\n".encode() + self.checkpoint


def parse_proof(data: bytes) -> LogProof:
    """Read a proof; what it says is believed only after `check_proof`. Raises NoteError."""
    if len(data) > 2 * MAX_NOTE_BYTES:
        raise NoteError
    head, gap, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError as error:
        raise NoteError from error
    if not gap or lines.pop(0) != HEADER:
        raise NoteError
    if lines and lines[0].startswith("extra "):
        lines.pop(0)  # unauthenticated words of whoever wrote the file
    if not lines or not lines[0].startswith("index ") or len(lines) > 1 + MAX_PATH:
        raise NoteError
    index = read_size(lines[0].removeprefix("index "))
    return LogProof(index=index, path=tuple(read_hash(line) for line in lines[1:]), checkpoint=checkpoint)


def check_proof(proof: LogProof, leaf: bytes, policy: Policy) -> Witnessed:
    """Return the checkpoint under which a leaf's bytes are proved to stand in the log.

    Raises NoteError, UnsignedNoteError, QuorumError and ProofError.
    """
    witnessed = policy.accept(proof.checkpoint)
    checkpoint = witnessed.checkpoint
    if root_of_inclusion(leaf_hash(leaf), proof.index, checkpoint.size, proof.path) != checkpoint.root:
        raise ProofError(index=proof.index, size=checkpoint.size)
    return witnessed
