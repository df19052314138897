"""Portraits: whatever was uploaded becomes a plain JPEG before it may enter a document.

Re-encoding drops location data, hidden trailers and anything else that is not the picture.
"""

import hashlib
import io
import struct
import warnings
from typing import Any

from PIL import Image, ImageOps
from reportlab.pdfbase import pdfdoc

from exam.core.pdf.errors import PhotoTooLargeError, PhotoUnreadableError

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000
PRINT_PX = (413, 579)
"""35 mm at 300 dpi by 49 mm: no portrait box of ours is larger."""
QUALITY = 88

_SOI, _EOI, _FRAME, _SCAN = b"\xff\xd8", b"\xff\xd9", b"\xff\xc0", b"\xff\xda"
_PLAIN_MARKERS = frozenset({b"\xff\xe0", b"\xff\xdb", b"\xff\xc4", _FRAME, _SCAN})
"""JFIF header, quantisation and Huffman tables, frame and scan: what a picture needs and no more."""

_DAMAGED = (OSError, ValueError, SyntaxError, TypeError, EOFError, struct.error, Image.DecompressionBombError)


def clean_photo(data: bytes) -> bytes:
    """Return the upright portrait as RGB JPEG of at most PRINT_PX, from JPEG or PNG bytes.

    What this function once made passes unchanged: encoding again would cost quality and half of a certificate's time.
    Raises PhotoUnreadableError and PhotoTooLargeError; the pixel count is judged before anything is decoded.
    """
    if len(data) > MAX_BYTES:
        raise _too_large()
    if _plain_size(data):
        return data
    try:
        return _encode(_decode(data))
    except _DAMAGED as error:
        raise PhotoUnreadableError from error


def draw_photo(canvas: Any, jpeg: bytes, box: tuple[float, float, float, float]) -> None:
    """Draw a clean photo centred in x, y, width, height without cutting or stretching it; points from bottom left.

    Raises PhotoUnreadableError for anything that `clean_photo` would not return.
    """
    x, y, width, height = box
    name, (px_wide, px_high) = _embed(canvas, jpeg)
    scale = min(width / px_wide, height / px_high)
    wide, high = px_wide * scale, px_high * scale
    canvas.saveState()
    canvas.translate(x + (width - wide) / 2, y + (height - high) / 2)
    canvas.scale(wide, high)
    canvas.doForm(name)
    canvas.restoreState()


def _too_large() -> PhotoTooLargeError:
    return PhotoTooLargeError(max_mb=MAX_BYTES // (1024 * 1024), max_mpx=MAX_PIXELS // 1_000_000)


def _plain_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a small baseline RGB JPEG that carries nothing but its picture, else None.

    Read from the markers (ITU-T T.81 annex B). In the scan itself every 0xFF is escaped, so the first EOI is the end.
    """
    at, size = len(_SOI), None
    if not data.startswith(_SOI):
        return None
    while (marker := data[at : at + 2]) in _PLAIN_MARKERS:
        length = int.from_bytes(data[at + 2 : at + 4])
        if marker == _FRAME:
            size = _size_in(data[at + 4 : at + 2 + length])
        if marker == _SCAN:
            return size if data.find(_EOI, at) == len(data) - len(_EOI) else None
        at += 2 + length
    return None


def _size_in(frame: bytes) -> tuple[int, int] | None:
    high, wide = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    rgb = (frame[:1], frame[5:6]) == (b"\x08", b"\x03")
    return (wide, high) if rgb and 0 < wide <= PRINT_PX[0] and 0 < high <= PRINT_PX[1] else None


def _decode(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is far lower
        picture: Image.Image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large()
    picture.draft("RGB", PRINT_PX)
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in {"RGBA", "LA", "P", "PA"} or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered)
    return picture.convert("RGB")


def _encode(picture: Image.Image) -> bytes:
    picture.thumbnail(PRINT_PX)
    bare = Image.frombytes("RGB", picture.size, picture.tobytes())
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _embed(canvas: Any, jpeg: bytes) -> tuple[str, tuple[int, int]]:
    """Add the bytes as they are; reportlab's own reader would decode them only to compute a name."""
    size = _plain_size(jpeg)
    if size is None:
        raise PhotoUnreadableError
    name = hashlib.sha256(jpeg).hexdigest()[:32]
    document = canvas._doc  # noqa: SLF001 - reportlab has no public way to add a stream
    if document.hasForm(name):  # the same portrait on another page of the file
        return name, size
    picture = pdfdoc.PDFImageXObject(name)
    picture.width, picture.height = size
    picture.bitsPerComponent, picture.colorSpace = 8, "DeviceRGB"
    picture._filters, picture.streamContent = ("DCTDecode",), jpeg  # noqa: SLF001 - as reportlab's JPEG loader does
    document.Reference(picture, document.getXObjectName(name))
    return name, size
