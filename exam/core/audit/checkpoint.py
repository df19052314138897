"""Checkpoints (C2SP tlog-checkpoint): a log's word about how long it is and what it holds; pure."""

import base64
import binascii
import re

import msgspec

from exam.core.audit.merkle import HASH_BYTES, MAX_SIZE
from exam.core.audit.note import Note, NoteError, UnsignedNoteError, VerifierKey, parse_note, verified_by

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,18})\Z")


class Checkpoint(msgspec.Struct, frozen=True):
    """The tree of the first `size` leaves of the log `origin` has this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint's text; further lines are a log's own and carry no meaning here. Raises NoteError."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not lines[0]:  # noqa: PLR2004  # three lines and the end of the last
        raise NoteError
    return Checkpoint(lines[0], read_size(lines[1]), read_hash(lines[2]))


def read_size(text: str) -> int:
    """Read a count of leaves in its one spelling; raises NoteError."""
    if not _DECIMAL.match(text) or int(text) > MAX_SIZE:
        raise NoteError
    return int(text)


def read_hash(text: str) -> bytes:
    """Read a hash in base64 in its one spelling; raises NoteError."""
    try:
        found = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise NoteError from error
    if len(found) != HASH_BYTES or base64.b64encode(found).decode() != text:
        raise NoteError
    return found


def open_checkpoint(data: bytes, log: VerifierKey) -> tuple[Checkpoint, Note]:
    """Read a signed checkpoint of one log.

    Raises NoteError, and UnsignedNoteError unless that log has signed it under its own origin.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != log.name or log not in verified_by(note, [log]):
        raise UnsignedNoteError(origin=checkpoint.origin)
    return checkpoint, note
