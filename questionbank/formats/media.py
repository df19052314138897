"""Files that stand in the text of a question: told by their bytes, and refused by the name of what they are."""

import binascii
import io
import re
import warnings
from base64 import b64decode
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote_to_bytes

from PIL import Image

from exam.core.photo import MAX_BYTES, MAX_PIXELS
from questionbank.formats.reading import Enclosed
from questionbank.formats.refusals import RowError
from questionbank.items.content import FigureKind

Fetch = Callable[[str], bytes]
"""Returns a file by its reference in an item; empty where it is not there."""

DRAWING, OLE, FRAME, VIDEO = "图表、图形或文本框", "嵌入的对象", "嵌入的网页", "视频"
EXTERNAL, VECTOR = "外部地址", "矢量图"
_FORM, _MOVING = "这种格式的图片", "动画"
_CONVERTED: Final = {b"GIF8": "GIF", b"BM": "BMP"}
_REFUSED: Final = (
    (b"\xd7\xcd\xc6\x9a", VECTOR, "WMF"),
    (b"\x01\x00\x09\x00", VECTOR, "WMF"),
    (b"\x01\x00\x00\x00", VECTOR, "EMF"),
    (b"%!PS", VECTOR, "EPS"),
    (b"\xc5\xd0\xd3\xc6", VECTOR, "EPS"),
    (b"II*\x00", _FORM, "TIFF"),
    (b"MM\x00*", _FORM, "TIFF"),
)
_SVG: Final = re.compile(rb"^\s*(?:<\?xml|<!--|<svg|<!doctype\s+svg)", re.IGNORECASE)
_SCHEME: Final = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:|[/\\]{2})")
_DATA: Final = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)
_NAME: Final = 60


def refused(what: str, name: str) -> RowError:
    """Return why a row is refused that holds `what`, one of this module's words, of the kind or address `name`."""
    return RowError("figure_kind", what=what, name=name[:_NAME])


def load(reference: str, fetch: Fetch) -> bytes:
    """Return the file of a reference: from the document itself by `fetch`, or out of a data URL (RFC 2397).

    Nothing from outside is read. Raises RowError `figure_kind` at an external address, `figure_absent`.
    """
    reference = reference.strip()
    if _DATA.match(reference):
        return _decode(reference)
    if _SCHEME.match(reference):
        raise refused(EXTERNAL, re.split("[?#]", reference)[0])
    data = fetch(reference)
    if not data:
        raise RowError("figure_absent", name=reference[-_NAME:])
    return data


def _decode(url: str) -> bytes:
    head, _, body = url.partition(",")
    raw = unquote_to_bytes(body)
    try:
        return b64decode(raw) if head.lower().endswith(";base64") else raw
    except binascii.Error as error:
        raise RowError("figure_unreadable") from error


def picture(data: bytes, text: str = "") -> Enclosed:
    """Return a picture as JPEG or PNG, from GIF and BMP as well; raises RowError `figure_kind`, `figure_unreadable`."""
    for sign, what, name in _REFUSED:
        if data.startswith(sign):
            raise refused(what, name)
    if data[8:12] == b"WEBP":
        raise refused(_FORM, "WebP")
    if _SVG.match(data) and b"<svg" in data[:4096].lower():
        raise refused(VECTOR, "SVG")
    form = next((form for sign, form in _CONVERTED.items() if data.startswith(sign)), None)
    return Enclosed(FigureKind.IMAGE, _as_png(data, form) if form else data, text)


def _as_png(data: bytes, form: str) -> bytes:
    """Return a picture that does not move as PNG; its pixels are counted before it is decoded."""
    out = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            found = Image.open(io.BytesIO(data), formats=(form,))
        if len(data) > MAX_BYTES or found.width * found.height > MAX_PIXELS:
            raise RowError("figure_unreadable")
        if getattr(found, "n_frames", 1) > 1:
            raise refused(_MOVING, form)
        found.convert("RGBA" if "transparency" in found.info else "RGB").save(out, "PNG")
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise RowError("figure_unreadable") from error
    return out.getvalue()


def recording(data: bytes, text: str = "") -> Enclosed:
    """Return a recording, not yet heard."""
    return Enclosed(FigureKind.AUDIO, data, text)
