"""Workbooks and delimited text out: text stays text, whatever it begins with (OWASP ASVS 1.2.10)."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from types import MappingProxyType
from typing import Final

from exam.core.sheets.errors import CellTooLongError
from exam.core.sheets.package import CHOICES_LIMIT, HEADING, TEXT, Strings, letters_of, pack, validation_of

WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""Media type of a workbook."""
CELL_LIMIT: Final = 32_767
"""UTF-16 units in one cell of a workbook (ECMA-376 limit of the applications)."""

OutCell = str | int | float | None

_LIVE: Final = tuple("=+-@\t\r\n＝＋－＠")
_EXACT: Final = 10**15
_MIN_WIDTH, _MAX_WIDTH = 8, 60


def write_workbook(
    columns: Sequence[str],
    rows: Iterable[Sequence[OutCell]],
    *,
    sheet: str = "Sheet1",
    choices: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> bytes:
    """Write one worksheet with a heading row; every str becomes a string cell, never a formula, link or number.

    Integers beyond 15 digits are written as text, characters that XML cannot hold as U+FFFD. `choices` are offered
    below the heading of their name, where all of them fit into what a spreadsheet keeps. Raises CellTooLongError.
    """
    strings = Strings()
    letters = [letters_of(column) for column in range(len(columns))]
    elements = [_row(1, columns, letters, strings, HEADING)]
    elements += [_row(number, row, letters, strings, TEXT) for number, row in enumerate(rows, 2)]
    widths = [min(_MAX_WIDTH, max(_MIN_WIDTH, 2 * len(title) + 4)) for title in columns]
    offered = {title: listed for title, listed in choices.items() if listed and len(",".join(listed)) <= CHOICES_LIMIT}
    validations = [validation_of(columns.index(title), listed) for title, listed in offered.items()]
    return pack(sheet, widths, elements, strings, validations)


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[OutCell]]) -> bytes:
    """Write RFC 4180 text in UTF-8 with a byte order mark; a cell that a spreadsheet would run gets a leading `'`."""
    buffer = StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([_guard(title) for title in columns])
    writer.writerows([_guard(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig", errors="replace")


def _guard(cell: OutCell) -> OutCell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_LIVE) else cell


def _row(number: int, cells: Sequence[OutCell], letters: Sequence[str], strings: Strings, style: int) -> str:
    """Return the element of a row; what is empty has none of its own."""
    found = []
    for column, cell in enumerate(cells):
        if cell is None or cell == "":
            continue
        at = f"{letters[column] if column < len(letters) else letters_of(column)}{number}"
        if isinstance(cell, str):
            found.append(f'<c r="{at}" s="{style}" t="s"><v>{_place(cell, strings, number, column)}</v></c>')
        elif abs(cell) < _EXACT:
            found.append(f'<c r="{at}"><v>{+cell!r}</v></c>')
        else:
            found.append(f'<c r="{at}" s="{style}" t="s"><v>{strings.place(str(cell))}</v></c>')
    return f'<row r="{number}">{"".join(found)}</row>'


def _place(value: str, strings: Strings, row: int, column: int) -> int:
    # no text of half the limit takes more than two units for each character
    if len(value) > CELL_LIMIT // 2 and (length := len(value.encode("utf-16-le", "surrogatepass")) // 2) > CELL_LIMIT:
        raise CellTooLongError(row=row, column=column + 1, length=length, limit=CELL_LIMIT)
    return strings.place(value)
