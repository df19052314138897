"""Receipts: proof for the candidate that an answer was stored, and that a whole attempt was handed in."""

import base64
import hmac
import struct
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

import msgspec

_PURPOSE = b"ankao-save-receipt\x00"
_HAND_IN = b"ankao-hand-in-1\x00"
_SAVE = struct.Struct(">16sHIq32s")
_REVISION = struct.Struct(">HI32sq")
_MAC_BYTES = 16
_DIGEST_BYTES = 32

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_LENGTH, _GROUP = 16, 4
_BITS_PER_SYMBOL = 5
_MISREAD = str.maketrans("OIL", "011", "- ")


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """One stored response revision: `response_digest` is the 32-byte SHA-256 of its canonical bytes."""

    slot: int
    seq: int
    response_digest: bytes
    arrived_at_ms: int

    def __post_init__(self) -> None:
        if len(self.response_digest) != _DIGEST_BYTES:
            message = "a response digest has 32 bytes"
            raise ValueError(message)


def response_digest(response: bytes) -> bytes:
    """Return the 32-byte SHA-256 of canonical response bytes."""
    return sha256(response).digest()


def save_receipt(secret: bytes, attempt_id: UUID, revision: Revision) -> str:
    """Return the receipt of one committed save: HMAC-SHA256 cut to 128 bits, 22 characters of base64url."""
    return base64.urlsafe_b64encode(_save_mac(secret, attempt_id, revision)).decode().rstrip("=")


def is_save_receipt(receipt: str, secrets: Sequence[bytes], attempt_id: UUID, revision: Revision) -> bool:
    """Tell whether a receipt was given for exactly this revision under any of the secrets."""
    given = receipt.encode(errors="replace")
    genuine = False
    for secret in secrets:
        genuine |= hmac.compare_digest(given, save_receipt(secret, attempt_id, revision).encode())
    return genuine


def hand_in_digest(attempt_id: UUID, revisions: Sequence[Revision]) -> bytes:
    """Return the 32-byte digest of all revisions of an attempt, whatever the order they are listed in.

    SHA-256 over "ankao-hand-in-1", a zero byte, the attempt's 16 bytes, the number of revisions (u32), and per
    revision by (slot, seq): slot u16, seq u32, response digest, arrival in Unix milliseconds i64; all big-endian.
    The same (slot, seq) twice is a `ValueError`.
    """
    ordered = sorted(revisions, key=lambda revision: (revision.slot, revision.seq))
    if len({(each.slot, each.seq) for each in ordered}) < len(ordered):
        message = "a revision is listed twice"
        raise ValueError(message)
    parts = [_HAND_IN, attempt_id.bytes, struct.pack(">I", len(ordered))]
    parts += [_REVISION.pack(each.slot, each.seq, each.response_digest, each.arrived_at_ms) for each in ordered]
    return sha256(b"".join(parts)).digest()


def receipt_code(digest: bytes) -> str:
    """Return the first 80 bits of a hand-in digest for people: four groups of four in Crockford's base 32."""
    number = int.from_bytes(digest[: _CODE_LENGTH * _BITS_PER_SYMBOL // 8], "big")
    shifts = range((_CODE_LENGTH - 1) * _BITS_PER_SYMBOL, -1, -_BITS_PER_SYMBOL)
    symbols = "".join(CROCKFORD[number >> shift & 31] for shift in shifts)
    return "-".join(symbols[start : start + _GROUP] for start in range(0, _CODE_LENGTH, _GROUP))


def read_receipt_code(text: str) -> str | None:
    """Return a typed-in receipt code in its printed form, with O, I and L read as digits; None if it cannot be one."""
    symbols = text.upper().translate(_MISREAD)
    if len(symbols) != _CODE_LENGTH or not set(symbols) <= set(CROCKFORD):
        return None
    return "-".join(symbols[start : start + _GROUP] for start in range(0, _CODE_LENGTH, _GROUP))


def _save_mac(secret: bytes, attempt_id: UUID, revision: Revision) -> bytes:
    fields = _SAVE.pack(attempt_id.bytes, revision.slot, revision.seq, revision.arrived_at_ms, revision.response_digest)
    return hmac.digest(secret, _PURPOSE + fields, "sha256")[:_MAC_BYTES]
