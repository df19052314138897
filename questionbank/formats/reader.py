"""One entrance for question files of every dialect: bytes in, drafts and refusals out, nothing else touched."""

from pathlib import PurePath
from typing import Final

from exam.core.sheets.archive import ZIP_MAGIC, check_archive
from exam.core.sheets.encoding import decode_text
from exam.core.sheets.errors import EmptyFileError, FileTooLargeError
from exam.core.sheets.reader import OLE_MAGIC, read_delimited_text, read_workbook
from questionbank.formats.aiken import read_aiken
from questionbank.formats.detect import Dialect, detect_archive, detect_text, require_match
from questionbank.formats.errors import NoQuestionsError, UnsupportedFormatError
from questionbank.formats.gift import read_gift
from questionbank.formats.hash_lines import read_hash_lines
from questionbank.formats.json_banks import read_json_bank
from questionbank.formats.markup import parse_xml
from questionbank.formats.moodle_xml import read_moodle_xml
from questionbank.formats.qti import ITEM_ROOT, read_qti_item, read_qti_package
from questionbank.formats.reading import Reading
from questionbank.formats.tables import read_tables

MAX_BYTES: Final = 64 * 1024 * 1024


def read_questions(data: bytes, filename: str) -> Reading:
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
        return _read_archive(data, suffix)
    if data.startswith(OLE_MAGIC):
        require_match(suffix, Dialect.XLS)
        return read_tables(read_workbook(data), Dialect.XLS.value)
    return _read_text(data, suffix)


def _read_archive(data: bytes, suffix: str) -> Reading:
    dialect = detect_archive(check_archive(data))
    require_match(suffix, dialect)
    if dialect is Dialect.QTI_PACKAGE:
        return read_qti_package(data)
    return read_tables(read_workbook(data), dialect.value)


def _read_text(data: bytes, suffix: str) -> Reading:
    text = decode_text(data)
    if not text.strip():
        raise EmptyFileError
    dialect = detect_text(text, suffix)
    require_match(suffix, dialect)
    match dialect:
        case Dialect.XML:
            return _read_xml(data)
        case Dialect.JSON:
            return read_json_bank(text)
        case Dialect.HASH_LINES:
            return read_hash_lines(text)
        case Dialect.AIKEN:
            return read_aiken(text)
        case Dialect.GIFT:
            return read_gift(text)
        case _:
            return read_tables([read_delimited_text(text)], Dialect.DELIMITED.value)


def _read_xml(data: bytes) -> Reading:
    root = parse_xml(data)
    if root.name == ITEM_ROOT:
        return read_qti_item(root)
    if root.name == "quiz":
        return read_moodle_xml(root)
    if root.name == "questestinterop":
        raise UnsupportedFormatError(found="QTI 1.2")
    raise NoQuestionsError
