"""What makes a certificate file checkable by itself: the QR text inside, and a signature over every byte.

The seal stands inside the PDF's own signature (`certs.pades`), as an unsigned attribute of its container, and in the
comment of an OFD's archive, in capital hexadecimal digits:

    SEQUENCE { SEAL_OID, SET { OCTET STRING of key id 8 | signature 64 } }

It covers FILE_DOMAIN and the whole file with zeros in the seal's own place: the container too, which the PDF's signature
cannot cover. Files are read by pattern and within bounds, never parsed: a hostile upload meets no PDF reader here.
"""

import re
import zlib

import msgspec
from asn1crypto.core import ObjectIdentifier, OctetString, SetOf

from certs.errors import NotPdfError, UploadTooLargeError
from certs.signing import KEY_ID_BYTES, KeyUnknownError, SignatureWrongError, Signer, Verifier
from exam.core.ofd.package import ATTACHMENTS, ROOT
from exam.core.pdf.attachment import Attachment

FILE_DOMAIN = b"ankao credential file v1\x00"
MAX_FILE_BYTES = 5 * 1024 * 1024
ATTACHMENT = "ankao-credential.json"
MAX_ATTACHMENT = 4096
SEAL_BYTES = KEY_ID_BYTES + 64

SEAL_OID = "2.25.114739331313938276470967567754454040682"
"""Named by a random UUID (ITU-T X.667), which needs nobody's leave."""


class _Octets(SetOf):  # type: ignore[misc]  # asn1crypto has no types
    _child_spec = OctetString


def _before_seal() -> bytes:
    """Return the digits of the attribute before the seal itself."""
    attribute: bytes = ObjectIdentifier(SEAL_OID).dump() + _Octets([OctetString(bytes(SEAL_BYTES))]).dump()
    return attribute[:-SEAL_BYTES].hex().upper().encode()


_SEAL = re.compile(_before_seal() + b"([0-9A-F]{%d})" % (2 * SEAL_BYTES))
_EMBEDDED = re.compile(
    rb"/Length (\d{1,4}) /Subtype /application#2Fjson /Type /EmbeddedFile\n>>\nstream\n",
)
_MAX_EMBEDDED = 8
_OFD_START = b"PK\x03\x04"
_STORED = re.compile(re.escape(f"{ATTACHMENTS}{ATTACHMENT}".encode()) + rb"(\{[^{}]{1,%d}\})" % MAX_ATTACHMENT)


def read_upload(data: bytes) -> bytes:
    """Pass on what may be a certificate's PDF or OFD; raises UploadTooLargeError and NotPdfError."""
    if len(data) > MAX_FILE_BYTES:
        raise UploadTooLargeError(max_mb=MAX_FILE_BYTES // (1024 * 1024))
    if not data.startswith(b"%PDF-") and not is_ofd(data):
        raise NotPdfError
    return data


def is_ofd(data: bytes) -> bool:
    """Tell an OFD of ours from other files by its beginning: the first name in the archive is the root's."""
    return data.startswith(_OFD_START) and data[30 : 30 + len(ROOT)] == ROOT.encode()


class _Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    qr: str


def qr_attachment(qr_text: str) -> Attachment:
    """Return the file that carries the QR text inside the PDF."""
    return Attachment(ATTACHMENT, "application/json", msgspec.json.encode(_Contents(1, qr_text)))


def seal_place() -> bytes:
    """Return the empty seal that a file without a PDF signature carries."""
    return _before_seal() + b"0" * (2 * SEAL_BYTES)


def seal_file(file: bytes, signer: Signer) -> bytes:
    """Return a file with the seal over its bytes in the place that is kept for it; raises ValueError without one."""
    start, end = _place(file)
    blank = _blank(file, start, end)
    seal = signer.key_id + signer.sign(FILE_DOMAIN + blank)
    return blank[:start] + seal.hex().upper().encode() + blank[end:]


def verify_file(data: bytes, keys: Verifier) -> str:
    """Return the issuer pinned to the key that sealed exactly these bytes.

    Raises SignatureWrongError, also where there is no seal, and KeyUnknownError.
    """
    try:
        start, end = _place(data)
    except ValueError as error:
        raise SignatureWrongError(key_id="") from error
    seal = bytes.fromhex(data[start:end].decode())
    return keys.verify(seal[:KEY_ID_BYTES], FILE_DOMAIN + _blank(data, start, end), seal[KEY_ID_BYTES:])


def _place(data: bytes) -> tuple[int, int]:
    """Return where the seal's digits begin and end; raises ValueError unless there is exactly one place."""
    (found,) = _SEAL.finditer(data)
    return found.span(1)


def _blank(data: bytes, start: int, end: int) -> bytes:
    return data[:start] + b"0" * (end - start) + data[end:]


def is_sealed(data: bytes, keys: Verifier) -> bool:
    """Say whether a pinned key sealed exactly these bytes."""
    try:
        verify_file(data, keys)
    except (SignatureWrongError, KeyUnknownError):
        return False
    return True


def find_qr_text(data: bytes) -> str | None:
    """Return the QR text that our own writer put into the file; None for every other file."""
    if is_ofd(data):
        stored = _STORED.search(data)
        return _contents(stored[1]) if stored else None
    for number, found in enumerate(_EMBEDDED.finditer(data)):
        if number >= _MAX_EMBEDDED:
            return None
        packed = data[found.end() : found.end() + int(found[1])]
        if (text := _unpack(packed)) is not None:
            return text
    return None


def _unpack(packed: bytes) -> str | None:
    try:
        return _contents(zlib.decompressobj().decompress(packed, MAX_ATTACHMENT))
    except zlib.error:
        return None


def _contents(content: bytes) -> str | None:
    try:
        return msgspec.json.decode(content, type=_Contents).qr
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
