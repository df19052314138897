"""The signed status list: what every credential is worth at one moment, four bits each, checkable without any network.

It is a status list token (IETF OAuth Status List): a JWS in compact form (RFC 7515) of type statuslist+jwt, signed by
the key that signs credentials, over

    {"iss", "sub", "iat", "exp", "ttl", "status_list": {"bits": 4, "lst": base64url of the zlib-compressed entries}}

Entry n stands in the lower half of byte n/2 for an even n and in the upper half for an odd one. Positions are drawn at
random and are told by the QR alone, so that the list names nobody; one that was never given says so.
"""

import base64
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, Final, Literal

import msgspec

from certs.signing import KEY_ID_BYTES, KeyUnknownError, SignatureWrongError, Signer, Verifier
from certs.state import CredentialState
from certs.suites import Algorithm
from exam.core.errors import DomainError

MEDIA_TYPE = "application/statuslist+jwt"
BITS: Final = 4
HOLDS = timedelta(hours=24)
"""After so long a list says nothing about today any more, only about its own day (TRUST.md §2, freshness)."""
RENEWED_EVERY = timedelta(hours=1)
MAX_TOKEN = 8 * 1024 * 1024
MAX_ENTRIES = 1 << 25
_SIGNATURE_BYTES = 64


class StatusCode(IntEnum):
    """What an entry says; 0 to 2 are the registered status types, the others are left to applications."""

    ISSUED = 0x0
    REVOKED = 0x1
    SUSPENDED = 0x2
    SUPERSEDED = 0x3
    ANNULLED = 0xC
    LAPSED = 0xD
    """逾期未复审: void since the last day of a review that was asked for and missed."""
    UNASSIGNED = 0xF
    """Given to no credential when the list was signed."""


CODE_OF_STATE = {state: StatusCode[state.name] for state in CredentialState}


JWS_NAMES: Final[dict[Algorithm, Literal["EdDSA", "ES256", "SM2"]]] = {
    Algorithm.ED25519: "EdDSA",
    Algorithm.ECDSA_P256: "ES256",
    Algorithm.SM2: "SM2",
}
"""Names in the header (RFC 8037, RFC 7518); SM2 has none that is registered. The pinned key alone decides the check."""


class StatusListMalformedError(DomainError):
    """The file is no status list of ours, or its signature does not hold under a pinned key."""

    code = "status_list"
    message = "状态清单文件不能使用:格式不对,或不是信任名单中的密钥签署的。"


class StatusList(msgspec.Struct, frozen=True, kw_only=True):
    """A list whose signature holds: who signed it, when, until when it counts as fresh, and its packed entries."""

    issuer: str
    key_id: str
    signed_at: datetime
    expires_at: datetime
    packed: bytes

    def code(self, index: int | None) -> StatusCode:
        """Return what the list says at a position; UNASSIGNED beyond its end and for a QR that names none."""
        if index is None or index >= 2 * len(self.packed):
            return StatusCode.UNASSIGNED
        half = self.packed[index // 2] >> 4 * (index % 2) & 0xF
        try:
            return StatusCode(half)
        except ValueError:
            # the word of a later version: nothing can be said of it here
            return StatusCode.UNASSIGNED


class _Header(msgspec.Struct, frozen=True):
    alg: Literal["EdDSA", "ES256", "SM2"]
    kid: str
    typ: Literal["statuslist+jwt"]


class _Entries(msgspec.Struct, frozen=True):
    bits: Literal[4]
    lst: str


class _Claims(msgspec.Struct, frozen=True, kw_only=True):
    iss: str
    sub: str
    iat: int
    exp: int
    ttl: int
    status_list: _Entries


def pack_codes(known: Iterable[tuple[int, StatusCode]], length: int) -> bytes:
    """Return the packed entries of an even number of positions; those not named are UNASSIGNED."""
    packed = bytearray(b"\xff" * (length // 2))
    for index, code in known:
        low = index % 2 == 0
        kept = packed[index // 2] & (0xF0 if low else 0x0F)
        packed[index // 2] = kept | (code if low else code << 4)
    return bytes(packed)


def sign_list(packed: bytes, signer: Signer, *, issuer: str, address: str, at: datetime) -> str:
    """Return the token over packed entries; `address` is where the newest one is published."""
    signed_at = int(at.timestamp())
    claims = _Claims(
        iss=issuer,
        sub=address,
        iat=signed_at,
        exp=signed_at + int(HOLDS.total_seconds()),
        ttl=int(RENEWED_EVERY.total_seconds()),
        status_list=_Entries(BITS, _b64(zlib.compress(packed, 9))),
    )
    header = _Header(JWS_NAMES[signer.algorithm], signer.key_id.hex(), "statuslist+jwt")
    body = f"{_b64(msgspec.json.encode(header))}.{_b64(msgspec.json.encode(claims))}"
    return f"{body}.{_b64(signer.sign(body.encode()))}"


def read_list(token: str | bytes, keys: Verifier) -> StatusList:
    """Read a token and check it against pinned keys; raises StatusListMalformedError."""
    try:
        text = token.strip().decode("ascii") if isinstance(token, bytes) else token.strip()
        signed, _, signature = text.rpartition(".") if len(text) <= MAX_TOKEN else ("", "", "")
        found = _read(signed)
        _require(len(_unb64(signature)) == _SIGNATURE_BYTES)
        keys.verify(bytes.fromhex(found.key_id), signed.encode("ascii"), _unb64(signature))
    except (ValueError, msgspec.DecodeError, zlib.error, KeyUnknownError, SignatureWrongError) as error:
        raise StatusListMalformedError from error
    return found


def read_unsigned(message: bytes) -> StatusList:
    """Return what a message would state once it is signed as a list; raises StatusListMalformedError."""
    try:
        return _read(message.decode("ascii"))
    except (ValueError, msgspec.DecodeError, zlib.error) as error:
        raise StatusListMalformedError from error


def _read(signed: str) -> StatusList:
    head, body = signed.split(".")
    header, claims = _decode(head, _Header), _decode(body, _Claims)
    _require(len(header.kid) == 2 * KEY_ID_BYTES)
    inflater = zlib.decompressobj()
    packed = inflater.decompress(_unb64(claims.status_list.lst), MAX_ENTRIES // 2)
    _require(inflater.eof and not inflater.unused_data)
    return StatusList(
        issuer=claims.iss,
        key_id=header.kid,
        signed_at=datetime.fromtimestamp(claims.iat, UTC),
        expires_at=datetime.fromtimestamp(claims.exp, UTC),
        packed=packed,
    )


def _require(sound: bool) -> None:  # noqa: FBT001  # reads as the condition it is given
    if not sound:
        raise ValueError


def _decode(part: str, kind: type[Any]) -> Any:
    return msgspec.json.decode(_unb64(part), type=kind)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    _require(_b64(data) == text)  # one spelling only: a changed letter never stands for the same bytes
    return data
