"""One entrance for question files of every dialect: bytes in, drafts and refusals out, nothing else touched."""

from collections.abc import Callable
from pathlib import PurePath
from typing import Final

import msgspec

from exam.core.sheets.archive import ZIP_MAGIC, check_archive
from exam.core.sheets.encoding import decode_text
from exam.core.sheets.errors import EmptyFileError, FileTooLargeError
from exam.core.sheets.reader import OLE_MAGIC, read_delimited_text, read_workbook
from questionbank.formats.aiken import read_aiken
from questionbank.formats.detect import Dialect, detect_archive, detect_text, require_match
from questionbank.formats.docx import read_docx
from questionbank.formats.errors import NoQuestionsError, UnsupportedFormatError
from questionbank.formats.gift import read_gift
from questionbank.formats.hash_lines import read_hash_lines
from questionbank.formats.json_banks import read_json_bank
from questionbank.formats.layouts import NO_LAYOUTS, Layouts
from questionbank.formats.markup import parse_xml
from questionbank.formats.moodle_xml import read_moodle_xml
from questionbank.formats.numbered import lines_of, read_numbered
from questionbank.formats.qti import ITEM_ROOT, read_qti_item, read_qti_package
from questionbank.formats.reading import Reading
from questionbank.formats.tables import read_tables

_PICTURES: Final = ("xl/media/", "Pictures/")
"""Where workbooks keep pictures, which float over the cells and are in none."""
MAX_BYTES: Final = 64 * 1024 * 1024


def read_questions(data: bytes, filename: str, layouts: Layouts = NO_LAYOUTS) -> Reading:
    """Read a question file; its dialect is told by content, and a suffix that says otherwise is an error.

    Raises a subclass of UnreadableFileError when the file as a whole gives nothing. Input from strangers goes through
    `questionbank.formats.limited`, which bounds memory and time.
    """
    if len(data) > MAX_BYTES:
        raise FileTooLargeError(size=len(data), limit=MAX_BYTES)
    if not data:
        raise EmptyFileError
    suffix = PurePath(filename).suffix.lower()
    if data.startswith(ZIP_MAGIC):
        return _read_archive(data, suffix, layouts)
    if data.startswith(OLE_MAGIC):
        require_match(suffix, Dialect.XLS)
        return read_tables(read_workbook(data), Dialect.XLS.value, layouts)
    return _read_text(data, suffix, layouts)


def _read_archive(data: bytes, suffix: str, layouts: Layouts) -> Reading:
    names = check_archive(data)
    dialect = detect_archive(names)
    require_match(suffix, dialect)
    if dialect is Dialect.QTI_PACKAGE:
        return read_qti_package(data)
    if dialect is Dialect.DOCX:
        return read_docx(data, names)
    read = read_tables(read_workbook(data), dialect.value, layouts)
    pictures = sum(name.startswith(_PICTURES) for name in names)
    unsupported = read.unsupported | ({"picture": pictures} if pictures else {})
    return msgspec.structs.replace(read, unsupported=unsupported)


def _read_text(data: bytes, suffix: str, layouts: Layouts) -> Reading:
    text = decode_text(data)
    if not text.strip():
        raise EmptyFileError
    dialect = detect_text(text, suffix)
    require_match(suffix, dialect)
    if dialect is Dialect.XML:
        return _read_xml(data)
    if dialect is Dialect.DELIMITED:
        return read_tables([read_delimited_text(text)], dialect.value, layouts)
    return _TEXT_READERS[dialect](text)


def _read_numbered_text(text: str) -> Reading:
    return read_numbered(lines_of(text), Dialect.NUMBERED.value)


_TEXT_READERS: Final[dict[Dialect, Callable[[str], Reading]]] = {
    Dialect.JSON: read_json_bank,
    Dialect.HASH_LINES: read_hash_lines,
    Dialect.NUMBERED: _read_numbered_text,
    Dialect.AIKEN: read_aiken,
    Dialect.GIFT: read_gift,
}


def _read_xml(data: bytes) -> Reading:
    root = parse_xml(data)
    if root.name == ITEM_ROOT:
        return read_qti_item(root)
    if root.name == "quiz":
        return read_moodle_xml(root)
    if root.name == "questestinterop":
        raise UnsupportedFormatError(found="QTI 1.2")
    raise NoQuestionsError
