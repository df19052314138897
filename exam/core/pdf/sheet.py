"""A page measured in millimetres from its top left corner, and the one way to turn drawing into PDF bytes."""

import io
import math
from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Any

import msgspec
from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfmetrics import getFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

from exam.core.pdf.artwork import Artwork, draw_artwork
from exam.core.pdf.attachment import Attachment, attach
from exam.core.pdf.fonts import LABEL, TEXT, install_fonts
from exam.core.pdf.layout import POINTS_PER_MM, fit, wrap
from exam.core.pdf.photo import draw_photo
from exam.core.pdf.qr import draw_qr
from exam.core.photo import PRINT_PX, Size, clean_photo

Box = tuple[float, float, float, float]
Point = tuple[float, float]

A4 = (210.0, 297.0)
A4_LANDSCAPE = (297.0, 210.0)
BOLD_STROKE = 0.034
"""Outline width of bold letters as a share of their size: the font has one weight."""

_fit_label, _wrap_label = lru_cache(maxsize=256)(fit), lru_cache(maxsize=256)(wrap)
"""Fixed wording breaks the same way on every copy; personal text is not kept in memory."""

# reportlab's fonts carry parser state and serve one document at a time.
_rendering = Lock()


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a PDF says of itself; `dated_on` instead of the clock keeps equal inputs equal in bytes."""

    title: str
    author: str
    subject: str
    dated_on: date


class Ink(msgspec.Struct, frozen=True, kw_only=True):
    """How letters look: size in points, colour, weight, extra space between letters as a share of the size."""

    size: float = 10
    colour: Color = Color(0.1, 0.12, 0.16)
    bold: bool = False
    spread: float = 0
    font: str = LABEL


class Sheet:
    """Drawing on one page; lengths in millimetres, y grows downwards, text stands on its baseline.

    Page operators (ISO 32000-1 annex A) are written directly; reportlab embeds the fonts and assembles the file. Its
    own drawing calls format every number in Python and took a third of a certificate's time.
    """

    def __init__(self, canvas: Any, size: tuple[float, float]) -> None:
        self._canvas = canvas
        self._document = canvas._doc  # noqa: SLF001 - fonts ask for it
        self.width, self.height = size

    def text(self, x: float, y: float, text: str, ink: Ink, *, align: float = 0) -> float:
        """Write one line; `align` 0 starts at x, 0.5 centres on it, 1 ends at it. Returns the width in mm."""
        width = self.measure(text, ink)
        self._show(text, ink, f"1 0 0 1 {self._across(x - width * align)} {self._up(y)} Tm")
        return width

    def slanted(self, x: float, y: float, text: str, ink: Ink, *, degrees: float) -> None:
        """Write one line centred on a point and turned against the clock, for watermarks."""
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        left, down = self.measure(text, ink) / 2, ink.size * 0.36 / POINTS_PER_MM
        at_x, at_y = self._across(x - left * cos + down * sin), self._up(y + left * sin + down * cos)
        self._show(text, ink, f"{cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {at_x} {at_y} Tm")

    def measure(self, text: str, ink: Ink) -> float:
        """Return the width of one line in mm, without the space after its last letter."""
        width: float = stringWidth(text, ink.font, ink.size) + ink.spread * ink.size * max(len(text) - 1, 0)
        return width / POINTS_PER_MM

    def fitted(
        self, x: float, y: float, text: str, ink: Ink, *, width: float, align: float = 0, max_lines: int = 1
    ) -> None:
        """Write text that shrinks, then breaks, to stay within `width`; several lines stand centred about line y."""
        fitter = _fit_label if ink.font == LABEL else fit
        room = width * POINTS_PER_MM / (1 + ink.spread)
        fitted = fitter(text, ink.font, ink.size, room, max_lines=max_lines)
        shrunk = msgspec.structs.replace(ink, size=fitted.size)
        leading = fitted.size * 1.18 / POINTS_PER_MM
        top = y - leading * (len(fitted.lines) - 1) / 2
        for number, line in enumerate(fitted.lines):
            self.text(x, top + number * leading, line, shrunk, align=align)

    def paragraph(self, x: float, y: float, text: str, ink: Ink, *, width: float, leading: float = 1.55) -> float:
        """Write wrapped text from the first baseline y and return the baseline of the line that would follow."""
        wrapper = _wrap_label if ink.font == LABEL else wrap
        for line in wrapper(text, ink.font, ink.size, width * POINTS_PER_MM):
            self.text(x, y, line, ink)
            y += ink.size * leading / POINTS_PER_MM
        return y

    def rule(self, start: Point, end: Point, *, colour: Color, weight: float = 0.5, dash: str = "") -> None:
        """Draw a straight line; `weight` and the lengths in `dash` ("2 2") in points."""
        line = f"{self._across(start[0])} {self._up(start[1])} m {self._across(end[0])} {self._up(end[1])} l"
        self._write(f"q {_rgb(colour)} RG {weight:g} w [{dash}] 0 d {line} S Q")

    def box(self, box: Box, *, fill: Color | None = None, stroke: Color | None = None, weight: float = 0.5) -> None:
        """Fill and outline a rectangle x, y, width, height, given from its top left corner."""
        x, y, width, height = box
        mm = POINTS_PER_MM
        outline = f"{self._across(x)} {self._up(y + height)} {width * mm:.2f} {height * mm:.2f} re"
        if fill is not None:
            self._write(f"q {_rgb(fill)} rg {outline} f Q")
        if stroke is not None:
            self._write(f"q {_rgb(stroke)} RG {weight:g} w {outline} S Q")

    def rounded(self, box: Box, *, radius: float, colour: Color, weight: float = 0.5) -> None:
        """Outline a rectangle with rounded corners."""
        x, y, width, height = (length * POINTS_PER_MM for length in box)
        foot = self.height * POINTS_PER_MM - y - height
        self._canvas.setStrokeColor(colour)
        self._canvas.setLineWidth(weight)
        self._canvas.roundRect(x, foot, width, height, radius * POINTS_PER_MM, stroke=1, fill=0)

    def artwork(self, art: Artwork, x: float = 0, y: float | None = None) -> None:
        """Draw artwork with its bottom left corner at (x, y); y defaults to the foot of the page."""
        foot = 0 if y is None else self.height - y
        draw_artwork(self._canvas, art, x * POINTS_PER_MM, foot * POINTS_PER_MM)

    def photo(self, box: Box, data: bytes | None, *, frame: Color, most: Size = PRINT_PX) -> None:
        """Draw a framed photo, or a frame that says there is none; raises PhotoUnreadableError, PhotoTooLargeError.

        `most` is how large the picture may stay, in pixels.
        """
        x, y, width, height = box
        self.box(box, fill=Color(1, 1, 1))
        if data is None:
            grey = Ink(size=width * 0.42, colour=Color(0.55, 0.58, 0.62))
            self.text(x + width / 2, y + height / 2 + 1, "未采集照片", grey, align=0.5)
        else:
            self._picture(clean_photo(data, most), box, most)
        self.box(box, stroke=frame, weight=0.6)

    def _picture(self, jpeg: bytes, box: Box, most: Size) -> None:
        x, y, width, height = (length * POINTS_PER_MM for length in box)
        draw_photo(self._canvas, jpeg, (x, self.height * POINTS_PER_MM - y - height, width, height), most)

    def qr(self, x: float, y: float, side: float, text: str) -> None:
        """Draw a QR symbol with its quiet zone in a square."""
        mm = POINTS_PER_MM
        draw_qr(self._canvas, text, x * mm, (self.height - y - side) * mm, side * mm)

    def trim(self, box: Box, *, bleed: float) -> None:
        """Tell the printer where the page is cut, and how far the ground runs over the cut (ISO 32000-1 §14.11.2)."""
        x, y, width, height = box
        mm, foot = POINTS_PER_MM, self.height - y - height
        for name, over in (("trim", 0.0), ("bleed", bleed)):
            corners = (x - over, foot - over, x + width + over, foot + height + over)
            self._canvas.setCropBox(tuple(round(edge * mm, 2) for edge in corners), name=name)

    def _show(self, text: str, ink: Ink, place: str) -> None:
        font = getFont(ink.font)
        runs = [
            f"{font.getSubsetInternalName(subset, self._document)} {ink.size:g} Tf <{codes.hex()}> Tj"
            for subset, codes in font.splitString(text, self._document)
        ]
        self._write(f"q BT {_ink_code(ink)} {place} {' '.join(runs)} ET Q")

    def _across(self, x: float) -> str:
        return f"{x * POINTS_PER_MM:.2f}"

    def _up(self, y: float) -> str:
        return f"{(self.height - y) * POINTS_PER_MM:.2f}"

    def _write(self, code: str) -> None:
        self._canvas._code.append(code)  # noqa: SLF001 - where reportlab's own calls put their operators


@lru_cache(maxsize=64)
def _ink_code(ink: Ink) -> str:
    rgb, spread = _rgb(ink.colour), ink.spread * ink.size
    bold = f" {rgb} RG {ink.size * BOLD_STROKE:.3f} w 2 Tr" if ink.bold else ""
    return f"{rgb} rg{bold} {spread:.3f} Tc"


def _rgb(colour: Color) -> str:
    return f"{colour.red:g} {colour.green:g} {colour.blue:g}"


def render_sheet(
    size: tuple[float, float],
    about: About,
    draw: Callable[[Sheet], None],
    *,
    attachments: tuple[Attachment, ...] = (),
) -> bytes:
    """Return a one-page PDF of `size` mm with embedded fonts and no script; equal inputs give equal bytes."""
    return render_sheets(size, about, [draw], attachments=attachments)


def render_sheets(
    size: tuple[float, float],
    about: About,
    draws: Sequence[Callable[[Sheet], None]],
    *,
    attachments: tuple[Attachment, ...] = (),
) -> bytes:
    """Return a PDF with one page of `size` mm for each of `draws`, as `render_sheet` makes one."""
    return render_pages([(size, draw) for draw in draws], about, attachments=attachments)


def render_pages(
    pages: Sequence[tuple[tuple[float, float], Callable[[Sheet], None]]],
    about: About,
    *,
    attachments: tuple[Attachment, ...] = (),
) -> bytes:
    """Return a PDF with one page for each size in mm and what draws it, as `render_sheet` makes one."""
    install_fonts()
    out = io.BytesIO()
    with _rendering:
        canvas = _canvas(out, about)
        for size, draw in pages:
            canvas.setPageSize((size[0] * POINTS_PER_MM, size[1] * POINTS_PER_MM))
            draw(Sheet(canvas, size))
            canvas.showPage()
        attach(canvas._doc, attachments)  # noqa: SLF001 - reportlab has no public attachment call
        canvas.save()
    return out.getvalue()


def _canvas(out: io.BytesIO, about: About) -> Any:
    canvas = Canvas(out, pageCompression=1, invariant=1, initialFontName=TEXT, lang="zh-CN")
    canvas.setTitle(about.title)
    canvas.setAuthor(about.author)
    canvas.setSubject(about.subject)
    canvas.setCreator("Ankao")
    canvas.setProducer("Ankao")
    stamp = about.dated_on.strftime("D:%Y%m%d000000+08'00'")
    canvas.setDateFormatter(lambda *_: stamp)
    return canvas
