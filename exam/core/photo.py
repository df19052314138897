"""Photographs: whatever was uploaded becomes a plain JPEG before it may be kept or enter a document.

Re-encoding drops location data, hidden trailers and anything else that is not the picture.
"""

import io
import struct
import warnings

from PIL import Image, ImageOps

from exam.core.pdf.errors import PhotoTooLargeError, PhotoUnreadableError

Size = tuple[int, int]

MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 25_000_000
PRINT_PX = (413, 579)
"""35 mm at 300 dpi by 49 mm: no portrait box of ours is larger."""
QUALITIES = (88, 75, 60, 45)
"""The first that keeps a picture within its bytes is taken."""

_ORIENTATION, _TURNED = 0x0112, frozenset({5, 6, 7, 8})
"""The EXIF tag that says how a camera was held, and its values for a quarter turn."""
_SOI, _EOI, _FRAME, _SCAN = b"\xff\xd8", b"\xff\xd9", b"\xff\xc0", b"\xff\xda"
_PLAIN_MARKERS = frozenset({b"\xff\xe0", b"\xff\xdb", b"\xff\xc4", _FRAME, _SCAN})
"""JFIF header, quantisation and Huffman tables, frame and scan: what a picture needs and no more."""

_DAMAGED = (OSError, ValueError, SyntaxError, TypeError, EOFError, struct.error, Image.DecompressionBombError)


def clean_photo(data: bytes, most: Size = PRINT_PX, most_bytes: int = MAX_BYTES) -> bytes:
    """Return the upright picture as RGB JPEG of at most `most` pixels and `most_bytes`, from JPEG or PNG bytes.

    What this function once made passes unchanged: encoding again would cost quality and half of a certificate's time.
    Raises PhotoUnreadableError and PhotoTooLargeError; the pixel count is judged before anything is decoded.
    """
    if len(data) > MAX_BYTES:
        raise _too_large()
    if len(data) <= most_bytes and plain_size(data, most):
        return data
    try:
        picture = _decode(data, most)
        found = (_encode(picture, most, quality) for quality in QUALITIES)
        jpeg = next((each for each in found if len(each) <= most_bytes), None)
    except _DAMAGED as error:
        raise PhotoUnreadableError from error
    if jpeg is None:
        raise _too_large()
    return jpeg


def upright_size(data: bytes) -> Size:
    """Return width and height of a picture as it is looked at; raises PhotoUnreadableError."""
    try:
        picture = _open(data)
        turned = picture.getexif().get(_ORIENTATION, 1) in _TURNED
    except _DAMAGED as error:
        raise PhotoUnreadableError from error
    return picture.size[::-1] if turned else picture.size


def _too_large() -> PhotoTooLargeError:
    return PhotoTooLargeError(max_mb=MAX_BYTES // (1024 * 1024), max_mpx=MAX_PIXELS // 1_000_000)


def plain_size(data: bytes, most: Size = PRINT_PX) -> Size | None:
    """Return width and height of a small baseline RGB JPEG that carries nothing but its picture, else None.

    Read from the markers (ITU-T T.81 annex B). In the scan itself every 0xFF is escaped, so the first EOI is the end.
    """
    at, size = len(_SOI), None
    if not data.startswith(_SOI):
        return None
    while (marker := data[at : at + 2]) in _PLAIN_MARKERS:
        length = int.from_bytes(data[at + 2 : at + 4])
        if marker == _FRAME:
            size = _size_in(data[at + 4 : at + 2 + length], most)
        if marker == _SCAN:
            return size if data.find(_EOI, at) == len(data) - len(_EOI) else None
        at += 2 + length
    return None


def _size_in(frame: bytes, most: Size) -> Size | None:
    high, wide = int.from_bytes(frame[1:3]), int.from_bytes(frame[3:5])
    rgb = (frame[:1], frame[5:6]) == (b"\x08", b"\x03")
    return (wide, high) if rgb and 0 < wide <= most[0] and 0 < high <= most[1] else None


def _open(data: bytes) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit on pixels is far lower
        return Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))


def _decode(data: bytes, most: Size) -> Image.Image:
    picture = _open(data)
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large()
    picture.draft("RGB", most)
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in {"RGBA", "LA", "P", "PA"} or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered)
    return picture.convert("RGB")


def _encode(picture: Image.Image, most: Size, quality: int) -> bytes:
    picture.thumbnail(most)
    bare = Image.frombytes("RGB", picture.size, picture.tobytes())
    out = io.BytesIO()
    bare.save(out, "JPEG", quality=quality)
    return out.getvalue()
