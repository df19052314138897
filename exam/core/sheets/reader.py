"""Workbooks and delimited text in: every cell as text, after the checks that hostile files deserve."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO, StringIO
from itertools import islice
from typing import Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]
from python_calamine import CalamineWorkbook

from exam.core.sheets.archive import ZIP_MAGIC, check_archive, member_reader, read_member
from exam.core.sheets.biff import find_binary_formulas
from exam.core.sheets.encoding import decode_text
from exam.core.sheets.errors import (
    BrokenDelimitedTextError,
    EmptyFileError,
    NotAWorkbookError,
    SheetTooWideError,
)
from exam.core.sheets.formulas import WORKBOOK, Places, column_number, find_formulas

OLE_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_CELLS: Final = 2_000_000
_EXACT: Final = 1e15
"""Beyond 15 digits a spreadsheet number is no longer what was typed."""
_ODS_TYPE: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_CELL = re.compile(rb"<(?:\w{1,20}:)?c\s[^<>]{0,200}?\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"'][^<>]{0,200}(?<!/)>")
_DELIMITERS: Final = (",", "\t", ";")
_SNIFF_RECORDS: Final = 50

Cell = int | float | str | bool | time | date | datetime | timedelta


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One worksheet or delimited file.

    `rows` start at the first row of the sheet, blank ones included, so that index + 1 is the number a person sees.
    `dates` holds (row, column), from 0, of cells that the spreadsheet program took for a date or a time, `formulas` of
    cells whose text was computed.
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    dates: Places = frozenset()
    formulas: Places = frozenset()


def read_workbook(data: bytes) -> list[Sheet]:
    """Read the non-empty worksheets of an xlsx, xls or ods file; formulas give their last computed value.

    Whole numbers lose their ".0", dates are ISO text.
    Raises NotAWorkbookError, SheetTooWideError or an archive error.
    """
    if not data.startswith((ZIP_MAGIC, OLE_MAGIC)):
        raise NotAWorkbookError
    names = _check_package(data) if data.startswith(ZIP_MAGIC) else ()
    parsed = _parse(data)
    computed = _formulas(data, names, [name for name, _ in parsed])
    return [_to_sheet(*sheet, places) for sheet, places in zip(parsed, computed, strict=True) if sheet[1]]


def read_delimited(data: bytes) -> Sheet:
    """Read comma-, tab- or semicolon-separated text (RFC 4180 quoting) of any supported encoding.

    Raises UnknownEncodingError, BinaryFileError, EmptyFileError or BrokenDelimitedTextError.
    """
    return read_delimited_text(decode_text(data))


def read_delimited_text(text: str) -> Sheet:
    """Read delimited text that is decoded already; `read_delimited` says the rest."""
    if not text.strip():
        raise EmptyFileError
    delimiter = _sniff_delimiter(text)
    return Sheet(name="", rows=tuple(tuple(row) for row in _split(text, delimiter)))


def _check_package(data: bytes) -> tuple[str, ...]:
    """Pass only an OOXML or OpenDocument workbook whose cells span a reasonable area, and return its members."""
    names = check_archive(data)
    if WORKBOOK in names:
        for name in names:
            if name.endswith(".xml"):
                _check_span(name, read_member(data, name))
    elif "mimetype" not in names or not read_member(data, "mimetype").startswith(_ODS_TYPE):
        raise NotAWorkbookError
    return names


def _formulas(data: bytes, members: tuple[str, ...], sheets: list[str]) -> list[Places]:
    """Return the places of formulas of each sheet; an xls has no members."""
    try:
        if not members:
            return find_binary_formulas(data, len(sheets))
        found = find_formulas(member_reader(data), members)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotAWorkbookError from error
    return [found.get(sheet, frozenset()) for sheet in sheets]


def _check_span(name: str, xml: bytes) -> None:
    """Refuse two filled cells in opposite corners: the parser allocates all between them."""
    last_row, last_column = 0, 0
    for match in _CELL.finditer(xml):
        last_row = max(last_row, int(match[2]))
        last_column = max(last_column, column_number(match[1]))
    if last_row * last_column > MAX_CELLS:
        raise SheetTooWideError(sheet=name, cells=last_row * last_column, limit=MAX_CELLS)


def _parse(data: bytes) -> list[tuple[str, list[list[Cell]]]]:
    try:
        with CalamineWorkbook.from_filelike(BytesIO(data)) as workbook:
            return [
                (name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False))
                for name in workbook.sheet_names
            ]
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic of the parser's Rust code is no Exception
        raise NotAWorkbookError from error


def _to_sheet(name: str, cells: list[list[Cell]], formulas: Places) -> Sheet:
    dates = frozenset(
        (row, column)
        for row, line in enumerate(cells)
        for column, cell in enumerate(line)
        if isinstance(cell, (date, time, timedelta))
    )
    return Sheet(name=name, rows=tuple(tuple(map(_cell_text, line)) for line in cells), dates=dates, formulas=formulas)


def _cell_text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell)


def _sniff_delimiter(text: str) -> str:
    """Choose the delimiter on whose width the largest share of the first records agrees; a comma when none divides."""
    best, best_score = _DELIMITERS[0], 0.0
    for delimiter in _DELIMITERS:
        try:
            records = list(islice(_split(text, delimiter), _SNIFF_RECORDS))
        except BrokenDelimitedTextError:
            continue
        width, agreeing = Counter(map(len, records)).most_common(1)[0]
        score = agreeing / len(records) if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _split(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(StringIO(text), delimiter=delimiter, strict=True)
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BrokenDelimitedTextError(line=reader.line_num) from error
        yield record
