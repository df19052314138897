"""Figures on paper: the region's own with their comparison, then the breakdown, then what each figure means."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from reportlab.lib.colors import Color

from exam.core.pdf.sheet import A4_LANDSCAPE, About, Ink, render_sheets
from exam.core.pdf.sheet import Sheet as Paper
from exam.core.sheets.writer import OutCell
from exam.reports.sheet import Sheet
from exam.reports.wording import NONE, change_written, written

_LEFT, _RIGHT, _TOP, _FOOT = 15.0, 282.0, 18.0, 198.0
_LINE = 6.2
_TITLE, _PLAIN, _SMALL = Ink(size=16, bold=True), Ink(size=9), Ink(size=8, colour=Color(0.3, 0.34, 0.4))
_HEAD = Ink(size=8, bold=True)
_RULE = Color(0.75, 0.78, 0.82)
_FIRST = 46.0
"""Width of the first column in mm."""
_COLUMNS = 11
"""Columns of measures on one page; the rest of a wide table follows on the next."""
_ROWS = 25

_T = TypeVar("_T")
Draw = Callable[[Paper], None]


def print_figures(sheet: Sheet) -> bytes:
    """Return the PDF of a sheet, A4 landscape."""
    about = About(title=sheet.title, author="Ankao", subject=sheet.facts[0][1], dated_on=sheet.made_on)
    draws = [*_compared(sheet), *_breakdown(sheet), *_meanings(sheet)]
    return render_sheets(A4_LANDSCAPE, about, [_numbered(draw, at, len(draws)) for at, draw in enumerate(draws, 1)])


def _numbered(draw: Draw, page: int, pages: int) -> Draw:
    def numbered(paper: Paper) -> None:
        draw(paper)
        paper.text(_RIGHT, _FOOT + 5, f"{page} / {pages}", _SMALL, align=1)

    return numbered


def _head(paper: Paper, sheet: Sheet) -> float:
    """Write title and facts and return where the page goes on."""
    paper.text(_LEFT, _TOP, sheet.title, _TITLE)
    facts = " · ".join(f"{name} {value}" for name, value in sheet.facts)
    return paper.paragraph(_LEFT, _TOP + 7, facts, _SMALL, width=_RIGHT - _LEFT) + 3


def _compared(sheet: Sheet) -> Iterator[Draw]:
    for part in _cut(sheet.compared, _ROWS):
        lines = [
            [
                sheet.labels[each.measure.code],
                written(each.measure, each.now),
                written(each.measure, each.before),
                change_written(each.measure, each.change(each.before)),
                written(each.measure, each.year_before),
                change_written(each.measure, each.change(each.year_before)),
            ]
            for each in part
        ]
        yield _table(sheet, ["", *sheet.comparison], lines)


def _breakdown(sheet: Sheet) -> Iterator[Draw]:
    for first in range(1, len(sheet.head), _COLUMNS):
        columns = slice(first, first + _COLUMNS)
        head = [sheet.head[0], *sheet.head[columns]]
        for part in _cut(sheet.rows, _ROWS):
            yield _table(sheet, head, [[_said(row[0]), *map(_said, row[columns])] for row in part])


def _meanings(sheet: Sheet) -> Iterator[Draw]:
    for part in _cut(sheet.meanings, _ROWS):
        yield _definitions(sheet, part)


def _definitions(sheet: Sheet, part: Sequence[tuple[str, str]]) -> Draw:
    def draw(paper: Paper) -> None:
        y = _head(paper, sheet)
        for label, meaning in part:
            paper.fitted(_LEFT, y, label, _HEAD, width=_FIRST - 2)
            y = paper.paragraph(_LEFT + _FIRST, y, meaning, _PLAIN, width=_RIGHT - _LEFT - _FIRST) + 1.2

    return draw


def _table(sheet: Sheet, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Draw:
    width = (_RIGHT - _LEFT - _FIRST) / max(len(head) - 1, 1)

    def line(paper: Paper, y: float, cells: Sequence[str], ink: Ink) -> None:
        paper.fitted(_LEFT, y, cells[0], ink, width=_FIRST - 2)
        for at, each in enumerate(cells[1:], 1):
            paper.fitted(_LEFT + _FIRST + at * width, y, each, ink, width=width - 2, align=1)
        paper.rule((_LEFT, y + 2), (_RIGHT, y + 2), colour=_RULE)

    def draw(paper: Paper) -> None:
        y = _head(paper, sheet)
        line(paper, y, head, _HEAD)
        for number, cells in enumerate(rows, 1):
            line(paper, y + number * _LINE, cells, _PLAIN)

    return draw


def _said(value: OutCell) -> str:
    if value is None:
        return NONE
    return f"{value:,}" if isinstance(value, int | float) else value


def _cut(rows: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]
