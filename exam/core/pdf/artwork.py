"""Security patterns of fine vector lines: bands, rosettes and waves, composed once and shared by every document.

A piece of artwork is a finished, compressed drawing (a Form XObject, ISO 32000-1 §8.10), so that a rich background
costs a certificate nothing but its bytes. Lengths in millimetres from the bottom left corner, angles in radians.
"""

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from reportlab.pdfbase import pdfdoc

from exam.core.pdf.layout import POINTS_PER_MM

Point = tuple[float, float]
Rgb = tuple[float, float, float]

_STEPS = 8
"""Curve pieces for one period of a sine; with smooth joints the eye sees no corner from six upwards."""


class Artwork(msgspec.Struct, frozen=True):
    """A finished drawing: a name unique within a document, its box in points and the compressed operators."""

    name: str
    size: Point
    program: bytes


class Etching:
    """Collects lines; `finish` turns them into artwork.

    Patterns repeat one tile with the same words under a moved or turned origin, which compresses to almost nothing.
    """

    def __init__(self, width: float, height: float) -> None:
        self._size = (width * POINTS_PER_MM, height * POINTS_PER_MM)
        self._code = [f"{POINTS_PER_MM:.5f} 0 0 {POINTS_PER_MM:.5f} 0 0 cm 1 j 1 J"]

    def ink(self, colour: Rgb, weight: float) -> None:
        """Choose the colour and the line width for what follows; weight in points."""
        red, green, blue = colour
        self._code.append(f"{red:g} {green:g} {blue:g} RG {weight / POINTS_PER_MM:.4f} w")

    def fill(self, colour: Rgb, x: float, y: float, width: float, height: float) -> None:
        red, green, blue = colour
        self._code.append(f"{red:g} {green:g} {blue:g} rg {x:g} {y:g} {width:g} {height:g} re f")

    def frame(self, x: float, y: float, width: float, height: float) -> None:
        self._code.append(f"{x:g} {y:g} {width:g} {height:g} re S")

    def tile(self, strands: Iterable[Sequence[Point]], places: Iterable[tuple[Point, float]]) -> None:
        """Stroke smooth lines once for every place, an origin and a turn."""
        drawing = "\n".join(smooth(strand) for strand in strands)
        for (x, y), turn in places:
            cos, sin = math.cos(turn), math.sin(turn)
            self._code.append(f"q {cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} {x:.2f} {y:.2f} cm\n{drawing} Q")

    def finish(self, name: str) -> Artwork:
        return Artwork(name, self._size, zlib.compress("\n".join(self._code).encode(), 9))


def smooth(points: Sequence[Point]) -> str:
    """Return operators that stroke a line through the points, all but the first and the last, which give direction."""
    pieces = [_piece(*points[i : i + 4]) for i in range(len(points) - 3)]
    return f"{points[1][0]:.2f} {points[1][1]:.2f} m\n" + "\n".join(pieces) + " S"


def band(art: Etching, start: Point, end: Point, *, amplitude: float, wave: float, strands: int) -> None:
    """Draw strands of one sine between two points, each shifted by a fraction of the wave, so that they plait.

    The wave is stretched a little so that whole periods fill the way.
    """
    length = math.dist(start, end)
    periods = max(1, round(length / wave))
    tile = [_sine(length / periods, amplitude, 2 * math.pi * strand / strands) for strand in range(strands)]
    across, up = (end[0] - start[0]) / periods, (end[1] - start[1]) / periods
    turn = math.atan2(up, across)
    art.tile(tile, [((start[0] + across * i, start[1] + up * i), turn) for i in range(periods)])


def rosette(art: Etching, centre: Point, *, inner: float, outer: float, petals: int, strands: int) -> None:
    """Draw closed strands that swing between two radii, turned against each other."""
    tile = [_petal((inner, outer), petals, 2 * math.pi * strand / strands) for strand in range(strands)]
    art.tile(tile, [(centre, 2 * math.pi * i / petals) for i in range(petals)])


def waves(
    art: Etching, area: tuple[float, float, float, float], *, gap: float, swell: Callable[[float], float]
) -> None:
    """Fill x, y, width, height with level lines `gap` apart, all lifted by `swell` at x."""
    left, bottom, width, height = area
    columns = max(4, round(width / 3))
    xs = [width * column / columns for column in range(-1, columns + 2)]
    line = [(x, swell(x)) for x in xs]
    art.tile([line], [((left, bottom + row * gap), 0) for row in range(1, int(height / gap))])


def draw_artwork(canvas: Any, art: Artwork, x: float, y: float) -> None:
    """Put the artwork's bottom left corner at a point of the page, in points."""
    document = canvas._doc  # noqa: SLF001 - reportlab can only record forms, not take finished ones
    key = document.getXObjectName(art.name)
    if key not in document.idToObject:
        document.Reference(_form(art), key)
    canvas.saveState()
    canvas.translate(x, y)
    canvas.doForm(art.name)
    canvas.restoreState()


def _form(art: Artwork) -> Any:
    stream = pdfdoc.PDFStream(content=art.program, filters=[])
    stream.dictionary["Type"] = pdfdoc.PDFName("XObject")
    stream.dictionary["Subtype"] = pdfdoc.PDFName("Form")
    stream.dictionary["BBox"] = pdfdoc.PDFArray([0, 0, *art.size])
    stream.dictionary["Filter"] = pdfdoc.PDFName("FlateDecode")
    return stream


def _sine(wave: float, amplitude: float, phase: float) -> list[Point]:
    steps = range(-1, _STEPS + 2)
    return [(wave * i / _STEPS, amplitude * math.sin(2 * math.pi * i / _STEPS + phase)) for i in steps]


def _petal(radii: Point, petals: int, phase: float) -> list[Point]:
    middle, swing = (radii[0] + radii[1]) / 2, (radii[1] - radii[0]) / 2
    line = []
    for step in range(-1, _STEPS + 2):
        angle = 2 * math.pi * step / _STEPS / petals
        radius = middle + swing * math.sin(petals * angle + phase)
        line.append((radius * math.cos(angle), radius * math.sin(angle)))
    return line


def _piece(before: Point, start: Point, end: Point, after: Point) -> str:
    one = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
    two = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
    return f"{one[0]:.2f} {one[1]:.2f} {two[0]:.2f} {two[1]:.2f} {end[0]:.2f} {end[1]:.2f} c"
