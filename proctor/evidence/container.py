"""The form in which a recording lies on disk: encrypted pieces, each readable as soon as it is written.

File: magic "AKV1", length of the head (2 bytes), head (JSON, readable, authenticated), then pieces. Piece: length of
its ciphertext (4 bytes), mark (1 byte: 1 for the last), AES-256-GCM ciphertext with its tag. The nonce is the piece's
number; the head's SHA-256, the number and the mark are authenticated, so that no piece can be changed, moved, left out
or added, and a file that ends without its last piece is known to have been cut off. The key is derived from the
sitting's by the segment's id: who destroys the sitting's key has deleted every copy.
"""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from exam.core.errors import DomainError

MAGIC = b"AKV1"
_LENGTH = 4
_LAST = 1
_MAX_HEAD = 4096
_MAX_PIECE = 64 * 1024 * 1024
_PURPOSE = b"ankao-recording\x00"


class RecordingBrokenError(DomainError):
    """A recording does not open: another key, or changed bytes."""

    code = "recording_broken"
    message = "录像文件无法读取:密钥不符,或文件已被改动。"


class SegmentHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a segment is of; no personal data."""

    id: UUID
    sitting_id: UUID
    room_id: UUID
    region: str
    attempt_id: UUID | None
    source: str
    codec: str
    began_at: datetime


class Opened(msgspec.Struct, frozen=True):
    """A segment as read: its media and whether it has its end."""

    head: SegmentHead
    media: bytes
    complete: bool


def segment_key(sitting_key: bytes, segment_id: UUID) -> bytes:
    """Derive the key of one segment, 32 bytes."""
    return hmac.digest(sitting_key, _PURPOSE + segment_id.bytes, "sha256")


class PieceWriter:
    """Turns media bytes into the file's bytes, piece by piece."""

    def __init__(self, head: SegmentHead, sitting_key: bytes) -> None:
        body = msgspec.json.encode(head)
        self.preamble = MAGIC + len(body).to_bytes(2) + body
        """The bytes before the first piece."""
        self._bound = hashlib.sha256(self.preamble).digest()
        self._cipher = AESGCM(segment_key(sitting_key, head.id))
        self._number = 0

    def piece(self, media: bytes, *, last: bool = False) -> bytes:
        """Return the next piece."""
        mark = bytes((_LAST if last else 0,))
        sealed = self._cipher.encrypt(_nonce(self._number), media, self._bound + _nonce(self._number) + mark)
        self._number += 1
        return len(sealed).to_bytes(_LENGTH) + mark + sealed


def read_head(data: bytes) -> tuple[SegmentHead, int]:
    """Return the head of a file, not yet authenticated, and where its pieces begin."""
    size = int.from_bytes(data[4:6])
    if data[:4] != MAGIC or not 0 < size <= _MAX_HEAD or len(data) < 6 + size:
        raise RecordingBrokenError
    try:
        return msgspec.json.decode(data[6 : 6 + size], type=SegmentHead), 6 + size
    except (msgspec.DecodeError, ValueError) as error:
        raise RecordingBrokenError from error


def open_segment(data: bytes, sitting_key: bytes) -> Opened:
    """Decrypt a file; what follows the last whole piece of one that was cut off is left out."""
    head, at = read_head(data)
    bound = hashlib.sha256(data[:at]).digest()
    cipher = AESGCM(segment_key(sitting_key, head.id))
    media: list[bytes] = []
    complete = False
    for number, (mark, sealed) in enumerate(_pieces(data, at)):
        if complete:
            raise RecordingBrokenError
        try:
            media.append(cipher.decrypt(_nonce(number), sealed, bound + _nonce(number) + bytes((mark,))))
        except InvalidTag as error:
            raise RecordingBrokenError from error
        complete = mark == _LAST
    return Opened(head, b"".join(media), complete)


def whole_length(data: bytes) -> int:
    """Return how many bytes of a file stand in whole pieces."""
    _, at = read_head(data)
    return at + sum(_LENGTH + 1 + len(sealed) for _, sealed in _pieces(data, at))


def _pieces(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + _LENGTH + 1 <= len(data):
        size, mark = int.from_bytes(data[at : at + _LENGTH]), data[at + _LENGTH]
        at += _LENGTH + 1
        if size > _MAX_PIECE:
            raise RecordingBrokenError
        if at + size > len(data):
            return
        yield mark, data[at : at + size]
        at += size


def _nonce(number: int) -> bytes:
    return number.to_bytes(12)
