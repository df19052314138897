"""What the QR symbol on a certificate says: a signed statement that is checked without any network.

Layout of version 2, in this order, big-endian; version 1 has no position:

    version 1 | public id 16 | item length 1 + ASCII | name length 1 + UTF-8 | last four of the ID number 4
    | valid from 2 | valid until 2 | photo digest 16 | position in the status list 4 | key id 8 | signature 64

Dates are days since 2000-01-01. The signature covers DOMAIN and every byte before it. The text is `AK1.` and base32
(RFC 4648 §6) without padding: its letters are safe in an address and are what QR symbols pack most densely next to
digits. An address may stand in front for people without a verifier; it is skipped and proves nothing.
The credential number is not here: it holds the whole ID number.
"""

import base64
import binascii
import hashlib
import re
import string
from datetime import date, timedelta

import msgspec

from certs.signing import KEY_ID_BYTES, KeyUnknownError, SignatureWrongError, Signer, Verifier
from exam.core.errors import DomainError

PREFIX = "AK1."
VERSION, WITH_POSITION = 1, 2
DOMAIN = b"ankao credential qr v1\x00"
MAX_TEXT = 300
"""Characters of the payload without an address; beyond it the symbol is too fine for a card."""
MAX_ITEM, MAX_NAME = 48, 16
ID_BYTES, TAIL_BYTES, DIGEST_BYTES, POSITION_BYTES, SIGNATURE_BYTES = 16, 4, 16, 4, 64
EPOCH = date(2000, 1, 1)
NO_PHOTO = bytes(DIGEST_BYTES)

_PRINTED = re.compile(r"(?:https?://[^\s]*?/v/|/v/)?(AK1\.[A-Z2-7]+)\Z")
_ITEM_LETTERS = frozenset(string.ascii_lowercase + string.digits + ".-")
_TAIL_LETTERS = frozenset(string.digits + string.ascii_uppercase)
_LAST_DAY = (1 << 16) - 1


class QrMalformedError(DomainError):
    """The text is no certificate payload of a known version."""

    code = "qr_malformed"
    message = "这不是有效的证书二维码,请重新扫描完整的二维码。"


class QrUnknownKeyError(DomainError):
    """The payload is signed with a key that is not pinned: another issuer's, an outdated verifier, or a forgery."""

    code = "qr_unknown_key"
    message = "二维码的签发密钥不在信任名单中,无法证明真伪。请更新核验程序后重试。"


class QrSignatureError(DomainError):
    """The signature does not fit: the content was altered or forged."""

    code = "qr_signature"
    message = "二维码的数字签名不符,证书内容是伪造或被改动过的。"


class QrPayload(msgspec.Struct, frozen=True, kw_only=True):
    """The statement: this masked person holds this item for these days.

    `public_id` is the credential's random 128-bit id as `exam.core.ids.new_token` writes it, `item` the qualification
    code, `id_tail` the last four characters of the ID number, `photo_digest` from `digest_photo` or NO_PHOTO, `position`
    the entry of the signed status list, None in version 1.
    """

    public_id: str
    item: str
    name_masked: str
    id_tail: str
    valid_from: date
    valid_until: date
    photo_digest: bytes = NO_PHOTO
    position: int | None = None


class QrStatement(msgspec.Struct, frozen=True):
    """A payload whose signature holds, and the issuer name pinned to its key."""

    payload: QrPayload
    issuer: str


def mask_name(name: str) -> str:
    """Return a name with its middle hidden: 张*, 王*明, 阿**提; at most four characters however long the name."""
    letters = name.strip()
    hidden = min(max(len(letters) - 2, 1), 2)
    return letters[:1] + "*" * hidden + (letters[-1] if len(letters) > 2 else "")  # noqa: PLR2004 - two keep one


def digest_photo(photo: bytes) -> bytes:
    """Return the first 16 bytes of the SHA-256 of the portrait as it is stored."""
    return hashlib.sha256(photo).digest()[:DIGEST_BYTES]


def encode_payload(payload: QrPayload, signer: Signer, *, base_url: str = "") -> str:
    """Return the text to print, `AK1.…` or `{base_url}/v/AK1.…`; raises QrMalformedError for fields out of bounds."""
    body = _pack(payload) + signer.key_id
    signature = signer.sign(DOMAIN + body)
    if len(signature) != SIGNATURE_BYTES:
        raise QrMalformedError(field="signature")
    text = PREFIX + base64.b32encode(body + signature).decode().rstrip("=")
    return f"{base_url.rstrip('/')}/v/{text}" if base_url else text


def decode_payload(text: str, keys: Verifier) -> QrStatement:
    """Read printed text, with or without an address, and check its signature against the pinned keys.

    Raises QrMalformedError, QrUnknownKeyError and QrSignatureError. Whether the credential has since been suspended
    or revoked is another question, which only the status list answers.
    """
    signed = _unwrap(text)
    body, signature = signed[:-SIGNATURE_BYTES], signed[-SIGNATURE_BYTES:]
    payload = _unpack(body[:-KEY_ID_BYTES])
    try:
        issuer = keys.verify(body[-KEY_ID_BYTES:], DOMAIN + body, signature)
    except KeyUnknownError as error:
        raise QrUnknownKeyError(**error.fields) from error
    except SignatureWrongError as error:
        raise QrSignatureError(**error.fields) from error
    return QrStatement(payload, issuer)


def read_statement(message: bytes) -> QrPayload:
    """Return what a message that begins with DOMAIN would state once it is signed; raises QrMalformedError."""
    return _unpack(message[len(DOMAIN) : -KEY_ID_BYTES])


def _unwrap(text: str) -> bytes:
    printed = _PRINTED.match(text.strip())
    if printed is None or len(printed[1]) > MAX_TEXT:
        raise QrMalformedError
    letters = printed[1].removeprefix(PREFIX)
    try:
        signed = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error as error:
        raise QrMalformedError from error
    # Spare bits of the last letter must be zero, or several texts would stand for one payload.
    if base64.b32encode(signed).decode().rstrip("=") != letters:
        raise QrMalformedError
    return signed


def _pack(payload: QrPayload) -> bytes:
    _require_sound(payload)
    item, name = payload.item.encode(), payload.name_masked.encode()
    parts = [
        bytes([VERSION if payload.position is None else WITH_POSITION]),
        base64.urlsafe_b64decode(payload.public_id + "=="),
        bytes([len(item)]) + item,
        bytes([len(name)]) + name,
        payload.id_tail.encode(),
        _days(payload.valid_from).to_bytes(2),
        _days(payload.valid_until).to_bytes(2),
        payload.photo_digest,
        b"" if payload.position is None else payload.position.to_bytes(POSITION_BYTES),
    ]
    return b"".join(parts)


def _unpack(data: bytes) -> QrPayload:
    cut = _Cutter(data)
    version = cut.take(1)[0]
    if version not in {VERSION, WITH_POSITION}:
        raise QrMalformedError(field="version")
    payload = QrPayload(
        public_id=base64.urlsafe_b64encode(cut.take(ID_BYTES)).decode().rstrip("="),
        item=cut.counted_text(),
        name_masked=cut.counted_text(),
        id_tail=cut.text(TAIL_BYTES),
        valid_from=cut.day(),
        valid_until=cut.day(),
        photo_digest=cut.take(DIGEST_BYTES),
        position=int.from_bytes(cut.take(POSITION_BYTES)) if version == WITH_POSITION else None,
    )
    if cut.rest:
        raise QrMalformedError(field="length")
    _require_sound(payload)
    return payload


class _Cutter:
    """Takes fields off the front of a payload; a field that is not all there is an error."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def take(self, count: int) -> bytes:
        if len(self.rest) < count:
            raise QrMalformedError(field="length")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def text(self, count: int) -> str:
        try:
            return self.take(count).decode()
        except UnicodeDecodeError as error:
            raise QrMalformedError(field="text") from error

    def counted_text(self) -> str:
        return self.text(self.take(1)[0])

    def day(self) -> date:
        return EPOCH + timedelta(days=int.from_bytes(self.take(2)))


def _days(day: date) -> int:
    return (day - EPOCH).days


def _require_sound(payload: QrPayload) -> None:
    wrong = [name for name, sound in _checks(payload).items() if not sound]
    if wrong:
        raise QrMalformedError(field=wrong[0])


def _checks(payload: QrPayload) -> dict[str, bool]:
    return {
        "public_id": _is_token(payload.public_id),
        "item": 0 < len(payload.item) <= MAX_ITEM and _ITEM_LETTERS.issuperset(payload.item),
        "name_masked": _is_masked(payload.name_masked),
        "id_tail": len(payload.id_tail) == TAIL_BYTES and _TAIL_LETTERS.issuperset(payload.id_tail),
        "valid": 0 <= _days(payload.valid_from) <= _days(payload.valid_until) <= _LAST_DAY,
        "photo_digest": len(payload.photo_digest) == DIGEST_BYTES,
        "position": payload.position is None or 0 <= payload.position < 1 << 31,
    }


def _is_token(text: str) -> bool:
    try:
        raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except ValueError:
        return False
    return len(raw) == ID_BYTES and base64.urlsafe_b64encode(raw).decode().rstrip("=") == text


def _is_masked(name: str) -> bool:
    return "*" in name and name.isprintable() and len(name.encode()) <= MAX_NAME
