"""Photographs in a document, as the plain JPEG that `exam.core.photo` makes of them."""

import hashlib
from typing import Any

from reportlab.pdfbase import pdfdoc

from exam.core.pdf.errors import PhotoUnreadableError
from exam.core.photo import PRINT_PX, Size, plain_size


def draw_photo(canvas: Any, jpeg: bytes, box: tuple[float, float, float, float], most: Size = PRINT_PX) -> None:
    """Draw a clean photo centred in x, y, width, height without cutting or stretching it; points from bottom left.

    Raises PhotoUnreadableError for anything that `clean_photo` would not return for `most`.
    """
    x, y, width, height = box
    name, (px_wide, px_high) = _embed(canvas, jpeg, most)
    scale = min(width / px_wide, height / px_high)
    wide, high = px_wide * scale, px_high * scale
    canvas.saveState()
    canvas.translate(x + (width - wide) / 2, y + (height - high) / 2)
    canvas.scale(wide, high)
    canvas.doForm(name)
    canvas.restoreState()


def _embed(canvas: Any, jpeg: bytes, most: Size) -> tuple[str, tuple[int, int]]:
    """Add the bytes as they are; reportlab's own reader would decode them only to compute a name."""
    size = plain_size(jpeg, most)
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
