"""QR symbols (ISO/IEC 18004) drawn as vector rectangles, sharp at any size."""

import re
from collections.abc import Iterator
from typing import Any

import segno
from reportlab.pdfgen.pathobject import PDFPathObject

QUIET = 4
"""Light modules around the symbol that the standard asks for."""
ERROR_LEVEL = "M"
MASK = 3
"""One mask for all symbols: trying all eight costs four times the rest, and readers undo any of them."""

_DENSE_TAIL = re.compile(r"[0-9A-Z $%*+\-./:]{16,}\Z")
_DARK_RUN = re.compile(rb"\x01+")


def qr_matrix(text: str) -> list[bytes]:
    """Return the modules by row, 1 dark and 0 light, without the quiet zone; at least level M, fixed mask.

    A tail that the dense alphanumeric mode can hold gets its own segment, so that a lower-case address in front of a
    base32 payload does not cost the payload a third more modules.
    """
    symbol = segno.make_qr(_segments(text), error=ERROR_LEVEL, mask=MASK)
    return [bytes(row) for row in symbol.matrix]


def draw_qr(canvas: Any, text: str, x: float, y: float, side: float) -> None:
    """Draw the symbol with its quiet zone on white in a square; points, origin at the bottom left."""
    matrix = qr_matrix(text)
    modules = len(matrix) + 2 * QUIET
    canvas.saveState()
    canvas.setFillGray(1)
    canvas.rect(x, y, side, side, stroke=0, fill=1)
    canvas.translate(x, y)
    canvas.scale(side / modules, side / modules)
    canvas.setFillGray(0)
    canvas.drawPath(PDFPathObject(code=_rectangles(matrix)), stroke=0, fill=1)
    canvas.restoreState()


def _segments(text: str) -> Any:  # segno takes a list of segments, though its annotations say text only
    tail = _DENSE_TAIL.search(text)
    if tail is None or tail.start() == 0:
        return text
    return [text[: tail.start()], tail.group()]


def _rectangles(matrix: list[bytes]) -> list[str]:
    """Return one rectangle per run of dark modules, all of one path: rows that overlap to hide seams read worse."""
    top = len(matrix) + QUIET
    return [f"{QUIET + start} {top - row - 1} {end - start} 1 re" for row, start, end in dark_runs(matrix)]


def dark_runs(matrix: list[bytes]) -> Iterator[tuple[int, int, int]]:
    """Yield row, first column and end of every run of dark modules, without the quiet zone."""
    for number, row in enumerate(matrix):
        for run in _DARK_RUN.finditer(row):
            yield number, run.start(), run.end()
