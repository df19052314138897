"""Rows of a sheet by the names of its columns, wherever the heading row stands and however a column is called."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from exam.core.sheets.reader import Sheet

HEADING_ROWS = 10
"""How far down a heading row may stand, below a title."""


class NamedRow(msgspec.Struct, frozen=True):
    """One row that is not blank; `number` counts from 1 as the spreadsheet shows it."""

    number: int
    cells: dict[str, str]


def find_rows(
    sheets: Sequence[Sheet], titles: Mapping[str, Collection[str]], needed: Collection[str]
) -> list[NamedRow] | None:
    """Return the rows of the first sheet that has the needed columns, None where none has.

    `titles` gives, in lower case, what each column may be called.
    """
    for sheet in sheets:
        for index, row in enumerate(sheet.rows[:HEADING_ROWS]):
            places = _places(row, titles)
            if places.keys() >= set(needed):
                return _rows(sheet.rows, index + 1, places)
    return None


def _places(row: tuple[str, ...], titles: Mapping[str, Collection[str]]) -> dict[str, int]:
    found = [cell.strip().lower() for cell in row]
    return {
        column: next(place for place, title in enumerate(found) if title in names)
        for column, names in titles.items()
        if any(title in names for title in found)
    }


def _rows(rows: tuple[tuple[str, ...], ...], start: int, places: Mapping[str, int]) -> list[NamedRow]:
    named = []
    for number, row in enumerate(rows[start:], start=start + 1):
        cells = {column: row[place].strip() if place < len(row) else "" for column, place in places.items()}
        if any(cells.values()):
            named.append(NamedRow(number, cells))
    return named
