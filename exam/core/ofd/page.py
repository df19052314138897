"""One page of an OFD document (GB/T 33190-2016 clauses 7.7, 9, 10 and 11), drawn by the layouts of the PDFs.

Lengths in millimetres from the top left corner, as the standard's own. Every object has a number of its own and a
boundary, and its figures are measured from the boundary's corner.
"""

import io
import math
from xml.sax.saxutils import escape

from PIL import Image
from reportlab.lib.colors import Color
from reportlab.pdfbase.pdfmetrics import getFont

from exam.core.ofd.patterns import paths_of, rgb
from exam.core.pdf.artwork import Artwork
from exam.core.pdf.layout import POINTS_PER_MM
from exam.core.pdf.qr import QUIET, dark_runs, qr_matrix
from exam.core.pdf.sheet import BOLD_STROKE, Box, Ink, Point, Sheet
from exam.core.photo import Size

FONT_ID, PAGE_ID, LAYER_ID, IMAGE_ID = 1, 2, 3, 4
_FIRST_ID = 10
_ABOVE, _BELOW, _BESIDE = 1.2, 0.35, 0.1
"""Room around letters, as shares of their size: whatever stands outside its boundary is not shown."""


class OfdSheet(Sheet):
    """Collects the objects of one page, the characters that they use, and the portrait."""

    def __init__(self, size: tuple[float, float]) -> None:
        self.width, self.height = size
        self.objects: list[str] = []
        self.characters: set[str] = set()
        self.picture: bytes | None = None

    @property
    def last_id(self) -> int:
        """Return the greatest number in use."""
        return _FIRST_ID + len(self.objects)

    def text(self, x: float, y: float, text: str, ink: Ink, *, align: float = 0) -> float:
        width, size = self.measure(text, ink), ink.size / POINTS_PER_MM
        left, top = x - width * align - size * _BESIDE, y - size * _ABOVE
        box = (left, top, width + 2 * size * _BESIDE, size * (_ABOVE + _BELOW))
        self._letters(text, ink, box, (size * _BESIDE, size * _ABOVE))
        return width

    def slanted(self, x: float, y: float, text: str, ink: Ink, *, degrees: float) -> None:
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        left, down = self.measure(text, ink) / 2, ink.size * 0.36 / POINTS_PER_MM
        at_x, at_y = x - left * cos + down * sin, y + left * sin + down * cos
        turned = f' CTM="{cos:.5f} {-sin:.5f} {sin:.5f} {cos:.5f} {at_x:.2f} {at_y:.2f}"'
        self._letters(text, ink, (0, 0, self.width, self.height), (0, 0), turned)

    def rule(self, start: Point, end: Point, *, colour: Color, weight: float = 0.5, dash: str = "") -> None:
        half = weight / POINTS_PER_MM
        left, top = min(start[0], end[0]) - half, min(start[1], end[1]) - half
        box = (left, top, abs(end[0] - start[0]) + 2 * half, abs(end[1] - start[1]) + 2 * half)
        points = [f"{x - left:.3f} {y - top:.3f}" for x, y in (start, end)]
        lengths = " ".join(f"{float(each) / POINTS_PER_MM:.3f}" for each in dash.split())
        more = f' DashPattern="{lengths}"' if dash else ""
        self._path(f"M {points[0]} L {points[1]}", box, colour, weight=weight, more=more)

    def box(self, box: Box, *, fill: Color | None = None, stroke: Color | None = None, weight: float = 0.5) -> None:
        if fill is not None:
            self._path(_rectangle(0, 0, box[2], box[3]), box, fill)
        if stroke is not None:
            half = weight / POINTS_PER_MM
            self._path(_rectangle(half, half, box[2], box[3]), _grown(box, half), stroke, weight=weight)

    def rounded(self, box: Box, *, radius: float, colour: Color, weight: float = 0.5) -> None:
        half, (_, _, width, height) = weight / POINTS_PER_MM, box
        right, foot, r = half + width, half + height, radius
        corners = [
            (half + r, half, f"L {right - r:.3f} {half:.3f}", f"{right:.3f} {half + r:.3f}"),
            (0, 0, f"L {right:.3f} {foot - r:.3f}", f"{right - r:.3f} {foot:.3f}"),
            (0, 0, f"L {half + r:.3f} {foot:.3f}", f"{half:.3f} {foot - r:.3f}"),
            (0, 0, f"L {half:.3f} {half + r:.3f}", f"{half + r:.3f} {half:.3f}"),
        ]
        sides = " ".join(f"{side} A {r:.3f} {r:.3f} 0 0 1 {end}" for _, _, side, end in corners)
        data = f"M {half + r:.3f} {half:.3f} {sides} C"
        self._path(data, _grown(box, half), colour, weight=weight)

    def artwork(self, art: Artwork, x: float = 0, y: float | None = None) -> None:
        width, height = (length / POINTS_PER_MM for length in art.size)
        box = (x, (self.height if y is None else y) - height, width, height)
        for path in paths_of(art):
            self._figure(path.data, box, path.colour, path.weight)

    def _picture(self, jpeg: bytes, box: Box, most: Size) -> None:  # noqa: ARG002  # it is clean already
        x, y, width, height = box
        wide, high = Image.open(io.BytesIO(jpeg)).size
        scale = min(width / wide, height / high)
        wide_mm, high_mm = wide * scale, high * scale
        self.picture = jpeg
        placed = _boundary((x + (width - wide_mm) / 2, y + (height - high_mm) / 2, wide_mm, high_mm))
        self._add("ImageObject", f'{placed} CTM="{wide_mm:.3f} 0 0 {high_mm:.3f} 0 0" ResourceID="{IMAGE_ID}"', "")

    def qr(self, x: float, y: float, side: float, text: str) -> None:
        matrix = qr_matrix(text)
        unit = side / (len(matrix) + 2 * QUIET)
        self.box((x, y, side, side), fill=Color(1, 1, 1))
        runs = [
            _rectangle((QUIET + start) * unit, (QUIET + row) * unit, (end - start) * unit, unit)
            for row, start, end in dark_runs(matrix)
        ]
        self._path(" ".join(runs), (x, y, side, side), Color(0, 0, 0))

    def _letters(self, text: str, ink: Ink, box: Box, start: Point, more: str = "") -> None:
        self.characters.update(text)
        size, colour = ink.size / POINTS_PER_MM, rgb(ink.colour.red, ink.colour.green, ink.colour.blue)
        advance = getFont(ink.font).face.getCharWidth
        steps = [(advance(ord(letter)) / 1000 + ink.spread) * size for letter in text[:-1]]
        delta = f' DeltaX="{" ".join(f"{step:.4f}" for step in steps)}"' if steps else ""
        fill = f'<ofd:FillColor Value="{colour}"/>'
        if ink.bold:
            more += f' Stroke="true" LineWidth="{size * BOLD_STROKE:.4f}"'
            fill += f'<ofd:StrokeColor Value="{colour}"/>'
        code = f'<ofd:TextCode X="{start[0]:.3f}" Y="{start[1]:.3f}"{delta}>{escape(text)}</ofd:TextCode>'
        self._add("TextObject", f'{_boundary(box)}{more} Font="{FONT_ID}" Size="{size:.4f}"', fill + code)

    def _path(self, data: str, box: Box, colour: Color, *, weight: float = 0, more: str = "") -> None:
        self._figure(data, box, rgb(colour.red, colour.green, colour.blue), weight / POINTS_PER_MM, more)

    def _figure(self, data: str, box: Box, colour: str, weight: float, more: str = "") -> None:
        """Add a path; `weight` in mm, 0 fills it."""
        kind, how = (
            ("StrokeColor", f' LineWidth="{weight:.4f}"') if weight else ("FillColor", ' Stroke="false" Fill="true"')
        )
        inner = f'<ofd:{kind} Value="{colour}"/><ofd:AbbreviatedData>{data}</ofd:AbbreviatedData>'
        self._add("PathObject", f"{_boundary(box)}{how}{more}", inner)

    def _add(self, name: str, attributes: str, inner: str) -> None:
        number = _FIRST_ID + len(self.objects)
        body = f">{inner}</ofd:{name}>" if inner else "/>"
        self.objects.append(f'<ofd:{name} ID="{number}" {attributes}{body}')


def _boundary(box: Box) -> str:
    return f'Boundary="{" ".join(f"{each:.3f}" for each in box)}"'


def _grown(box: Box, by: float) -> Box:
    x, y, width, height = box
    return x - by, y - by, width + 2 * by, height + 2 * by


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    right, foot = x + width, y + height
    return f"M {x:.3f} {y:.3f} L {right:.3f} {y:.3f} L {right:.3f} {foot:.3f} L {x:.3f} {foot:.3f} C"
