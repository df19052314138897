"""Workbooks and delimited text out: text stays text, whatever it begins with (OWASP ASVS 1.2.10)."""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from exam.core.sheets.errors import CellTooLongError

CELL_LIMIT: Final = 32_767
"""UTF-16 units in one cell of a workbook (ECMA-376 limit of the applications)."""

OutCell = str | int | float | None

_LIVE: Final = tuple("=+-@\t\r\n＝＋－＠")
_EXACT: Final = 10**15
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""A constant creation time: the same rows give the same bytes."""
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_RICH = re.compile(r"\A<r>.*</r>\Z", re.DOTALL)
_CHAINED_ESCAPE = re.compile(r"_x[0-9A-Fa-f]{4}(?=_x[0-9A-Fa-f]{4}_)")
_AFTER_MARKUP = re.compile(r"(?<=[<_])")
_MIN_WIDTH, _MAX_WIDTH = 8, 60


def write_workbook(columns: Sequence[str], rows: Iterable[Sequence[OutCell]], *, sheet: str = "Sheet1") -> bytes:
    """Write one worksheet with a heading row; every str becomes a string cell, never a formula, link or number.

    Integers beyond 15 digits are written as text, characters that XML cannot hold as U+FFFD.
    Raises CellTooLongError.
    """
    buffer = BytesIO()
    workbook = xlsxwriter.Workbook(buffer, {"in_memory": True})
    workbook.set_properties({"created": _EPOCH})
    text, heading = workbook.add_format({"num_format": "@"}), workbook.add_format({"num_format": "@", "bold": True})
    page = workbook.add_worksheet(sheet)
    page.freeze_panes(1, 0)
    for column, title in enumerate(columns):
        page.set_column(column, column, min(_MAX_WIDTH, max(_MIN_WIDTH, 2 * len(title) + 4)), text)
        _write_text(page, 0, column, title, heading)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            _write_cell(page, number, column, cell, text)
    workbook.close()
    return buffer.getvalue()


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[OutCell]]) -> bytes:
    """Write RFC 4180 text in UTF-8 with a byte order mark; a cell that a spreadsheet would run gets a leading `'`."""
    buffer = StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([_guard(title) for title in columns])
    writer.writerows([_guard(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig", errors="replace")


def _guard(cell: OutCell) -> OutCell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_LIVE) else cell


def _write_cell(page: Worksheet, row: int, column: int, cell: OutCell, text: object) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, str):
        _write_text(page, row, column, cell, text)
    elif abs(cell) < _EXACT:
        page.write_number(row, column, cell)
    else:
        _write_text(page, row, column, str(cell), text)


def _write_text(page: Worksheet, row: int, column: int, value: str, text: object) -> None:
    """Write a string cell.

    Two kinds of text would pass through the library as markup: what looks like its own rich runs, and chained
    _xHHHH_ escapes (ECMA-376 §22.9.2.19). Cut into runs of plain text they arrive unchanged.
    """
    value = _UNWRITABLE.sub("\ufffd", value)
    length = len(value.encode("utf-16-le")) // 2
    if length > CELL_LIMIT:
        raise CellTooLongError(row=row + 1, column=column + 1, length=length, limit=CELL_LIMIT)
    if _RICH.match(value) or _CHAINED_ESCAPE.search(value):
        page.write_rich_string(row, column, *filter(None, _AFTER_MARKUP.split(value)), text)
    else:
        page.write_string(row, column, value, text)
