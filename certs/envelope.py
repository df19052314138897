"""What makes a certificate file checkable by itself: the QR text inside, and a signature over every byte.

The signature stands behind the document as one comment line, followed by the document's own last lines once more, as
an update without changes would have them (ISO 32000-1 §7.5.5, §7.5.6):

    startxref
    89737
    %%EOF
    %AKS1 <base64 of key id 8 | signature 64>
    startxref
    89737
    %%EOF

It covers FILE_DOMAIN and everything up to the comment. Files are read by pattern and within bounds, never parsed: a
hostile upload meets no PDF reader here.
"""

import base64
import re
import zlib

import msgspec

from certs.errors import NotPdfError, UploadTooLargeError
from certs.signing import KEY_ID_BYTES, KeyUnknownError, SignatureWrongError, Signer, Verifier
from exam.core.pdf.attachment import Attachment

FILE_DOMAIN = b"ankao credential file v1\x00"
MAX_FILE_BYTES = 5 * 1024 * 1024
ATTACHMENT = "ankao-credential.json"
MAX_ATTACHMENT = 4096
SEAL_BYTES = KEY_ID_BYTES + 64

_MARK = b"%AKS1 "
_END = re.compile(rb"startxref\n\d{1,10}\n%%EOF\n\Z")
_SEAL = re.compile(rb"%AKS1 ([A-Za-z0-9+/]{96})\n(startxref\n\d{1,10}\n%%EOF\n)\Z")
_REACH = 256
"""The seal and the last lines are shorter than this."""
_EMBEDDED = re.compile(
    rb"/Length (\d{1,4}) /Subtype /application#2Fjson /Type /EmbeddedFile\n>>\nstream\n",
)
_MAX_EMBEDDED = 8


def read_upload(data: bytes) -> bytes:
    """Pass on what may be a certificate's PDF; raises UploadTooLargeError and NotPdfError."""
    if len(data) > MAX_FILE_BYTES:
        raise UploadTooLargeError(max_mb=MAX_FILE_BYTES // (1024 * 1024))
    if not data.startswith(b"%PDF-"):
        raise NotPdfError
    return data


class _Contents(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    qr: str


def qr_attachment(qr_text: str) -> Attachment:
    """Return the file that carries the QR text inside the PDF."""
    return Attachment(ATTACHMENT, "application/json", msgspec.json.encode(_Contents(1, qr_text)))


def seal_file(pdf: bytes, signer: Signer) -> bytes:
    """Return the PDF with the signature over its bytes behind it; raises ValueError for bytes that end otherwise."""
    end = _END.search(pdf, max(len(pdf) - _REACH, 0))
    if end is None:
        message = "not a PDF of ours"
        raise ValueError(message)
    seal = signer.key_id + signer.sign(FILE_DOMAIN + pdf)
    return pdf + _MARK + base64.b64encode(seal) + b"\n" + end.group()


def verify_file(data: bytes, keys: Verifier) -> str:
    """Return the issuer pinned to the key that sealed exactly these bytes.

    Raises SignatureWrongError, also where there is no seal, and KeyUnknownError.
    """
    found = _SEAL.search(data, max(len(data) - _REACH, 0))
    pdf = data[: found.start()] if found else b""
    if found is None or not pdf.endswith(found[2]):
        raise SignatureWrongError(key_id="")
    seal = base64.b64decode(found[1], validate=True)
    return keys.verify(seal[:KEY_ID_BYTES], FILE_DOMAIN + pdf, seal[KEY_ID_BYTES:])


def is_sealed(data: bytes, keys: Verifier) -> bool:
    """Say whether a pinned key sealed exactly these bytes."""
    try:
        verify_file(data, keys)
    except (SignatureWrongError, KeyUnknownError):
        return False
    return True


def find_qr_text(data: bytes) -> str | None:
    """Return the QR text that our own writer put into the file; None for every other file."""
    for number, found in enumerate(_EMBEDDED.finditer(data)):
        if number >= _MAX_EMBEDDED:
            return None
        packed = data[found.end() : found.end() + int(found[1])]
        if (text := _unpack(packed)) is not None:
            return text
    return None


def _unpack(packed: bytes) -> str | None:
    try:
        content = zlib.decompressobj().decompress(packed, MAX_ATTACHMENT)
        return msgspec.json.decode(content, type=_Contents).qr
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError):
        return None
