"""Workbooks and delimited text: rows under headings, and the two forms that have none.

Without headings two forms are known: `number, stem, option …, key` with two to ten options, and
`number, stem, truth`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from string import ascii_uppercase
from typing import Final

import msgspec

from exam.core.sheets.reader import Sheet
from questionbank.formats.drafting import read_proposals
from questionbank.formats.enclosing import Enclosures
from questionbank.formats.errors import NoHeadingsError
from questionbank.formats.headings import Headings, find_headings, guess_titles
from questionbank.formats.layouts import NO_LAYOUTS, Layouts
from questionbank.formats.options import LETTERS, label_options, split_options
from questionbank.formats.reading import Column, Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.formats.tex import AS_TYPED
from questionbank.interactions.registry import find_kind
from questionbank.items.content import Interaction, Option

_JUDGEMENT_WIDTH: Final = 3
_CHOICE_WIDTHS: Final = range(5, 3 + len(LETTERS) + 1)


def read_tables(
    sheets: Sequence[Sheet], dialect: str, layouts: Layouts = NO_LAYOUTS, *, enclosures: Enclosures | None = None
) -> Reading:
    """Read all sheets that hold items.

    Rows are numbered as the sheet shows them; a second sheet with items goes on after the last row of the first.
    Raises NoQuestionsError when no sheet has headings or a known form without them, and NoHeadingsError where a row looks
    like headings that say nothing known.
    """
    unsupported: dict[str, int] = {}
    found: list[Proposal | Refusal] = []
    columns: tuple[Column, ...] = ()
    start = 0
    for sheet in sheets:
        headings = find_headings(sheet.rows, layouts)
        rows = list(_read_sheet(sheet, headings, start, unsupported))
        start += len(sheet.rows) if rows else 0
        found += rows
        columns = columns or (headings.columns(sheet.rows[headings.row]) if headings else ())
    titles = next(filter(None, (guess_titles(sheet.rows) for sheet in sheets)), [])
    if not found and titles and not columns:
        raise NoHeadingsError(titles="\t".join(titles))
    return msgspec.structs.replace(read_proposals(dialect, found, unsupported, enclosures, tex=True), columns=columns)


def _read_sheet(
    sheet: Sheet, headings: Headings | None, start: int, unsupported: dict[str, int]
) -> Iterator[Proposal | Refusal]:
    if headings:
        yield from _read_headed(sheet, headings, start, unsupported)
        return
    width = _find_plain_width(sheet)
    if width is None:
        _count(unsupported, f"sheet {sheet.name}", sum(any(map(str.strip, row)) for row in sheet.rows))
        return
    for index, row in enumerate(sheet.rows):
        computed = [column for column in range(1, width) if (index, column) in sheet.formulas]
        if computed:
            yield refuse(start + index + 1, RowError("formula_cell", column=ascii_uppercase[computed[0]]))
        elif any(map(str.strip, row)):
            yield _read_plain(row, width, start + index + 1)


def _count(unsupported: dict[str, int], feature: str, number: int) -> None:
    if number:
        unsupported[feature] = unsupported.get(feature, 0) + number


def _read_headed(
    sheet: Sheet, headings: Headings, start: int, unsupported: dict[str, int]
) -> Iterator[Proposal | Refusal]:
    body = range(headings.row + 1, len(sheet.rows))
    for title, column in headings.unknown.items():
        _count(unsupported, f"column {title}", sum(bool(_cell(sheet.rows[index], column)) for index in body))
    for index in body:
        if not any(map(str.strip, sheet.rows[index])):
            continue
        try:
            _refuse_computed(sheet, headings, index)
            yield _propose(sheet.rows[index], headings, start + index + 1)
        except RowError as error:
            yield refuse(start + index + 1, error)


def _refuse_computed(sheet: Sheet, headings: Headings, index: int) -> None:
    """Refuse an option 3-5 that became 5 March, for what was typed is gone, and a formula, for what it shows may change."""
    if not sheet.dates and not sheet.formulas:
        return
    for column in (*headings.fields.values(), *headings.letters.values()):
        title = sheet.rows[headings.row][column].strip()[:20]
        if (index, column) in sheet.dates:
            raise RowError("date_cell", column=title, value=sheet.rows[index][column])
        if (index, column) in sheet.formulas:
            raise RowError("formula_cell", column=title)


def _cell(row: Sequence[str], column: int | None) -> str:
    return row[column].strip() if column is not None and column < len(row) else ""


def _propose(row: Sequence[str], headings: Headings, number: int) -> Proposal:
    cells = {name: _cell(row, column) for name, column in headings.fields.items()}
    kind = cells.get("kind", "")
    options: tuple[Option, ...] = ()
    if find_kind(kind) is not Interaction.TEXT_ENTRY:
        options = split_options(cells.get("options", "")) or _gather_options(row, headings)
    return Proposal(
        row=number,
        kind=kind,
        stem=cells["stem"],
        options=options,
        key=cells["key"],
        node=cells.get("node", ""),
        depth=cells.get("depth", ""),
        difficulty=cells.get("difficulty", "") or _from_correctness(cells.get("correctness", "")),
        explanation=cells.get("explanation", ""),
        basis=cells.get("basis", ""),
        weights=cells.get("weights", ""),
        plain=cells.get("plain") == AS_TYPED,
    )


def _gather_options(row: Sequence[str], headings: Headings) -> tuple[Option, ...]:
    """Return the options of separate columns up to the last one filled; a gap between them stays, to be refused."""
    options = [Option(letter, _cell(row, headings.letters[letter])) for letter in sorted(headings.letters)]
    while options and not options[-1].text:
        options.pop()
    return tuple(options)


def _from_correctness(text: str) -> str:
    """Turn 难度系数, the share of right answers 0–1, into the percentage of wrong ones."""
    try:
        share = float(text)
    except ValueError:
        return text
    return str(round(100 - 100 * share)) if 0 <= share <= 1 else text


def _find_plain_width(sheet: Sheet) -> int | None:
    """Return the width of a table without headings if most rows share a known one and start with a number."""
    filled = [row for row in sheet.rows if any(map(str.strip, row))]
    if not filled:
        return None
    width, agreeing = Counter(map(len, filled)).most_common(1)[0]
    numbered = sum(row[0].strip().isdecimal() for row in filled)
    known = width == _JUDGEMENT_WIDTH or width in _CHOICE_WIDTHS
    return width if known and min(agreeing, numbered) * 2 > len(filled) else None


def _read_plain(row: Sequence[str], width: int, number: int) -> Proposal | Refusal:
    if len(row) != width:
        return refuse(number, RowError("record_shape", detail=f"{len(row)} ≠ {width}"))
    stem, key = row[1], row[-1]
    if width == _JUDGEMENT_WIDTH:
        return Proposal(row=number, kind=Interaction.JUDGEMENT, stem=stem, key=key)
    texts = list(row[2:-1])
    while texts and not texts[-1].strip():
        texts.pop()
    return Proposal(row=number, stem=stem, options=label_options(texts), key=key)
