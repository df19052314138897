"""Which dialect a file is, from its content; the suffix only confirms."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from questionbank.formats.aiken import looks_like_aiken
from questionbank.formats.errors import MislabelledFileError, NoQuestionsError, UnsupportedFormatError
from questionbank.formats.gift import looks_like_gift
from questionbank.formats.hash_lines import looks_like_hash_lines
from questionbank.formats.numbered import looks_like_numbered


class Dialect(StrEnum):
    """What kind of content a file has; the reading names the finer dialect."""

    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"
    DOCX = "docx"
    QTI_PACKAGE = "qti-package"
    XML = "xml"
    JSON = "json"
    HASH_LINES = "hash-lines"
    NUMBERED = "numbered"
    AIKEN = "aiken"
    GIFT = "gift"
    DELIMITED = "delimited"


_JSON_START = re.compile(r"\s*[\[{]\s*[\"{}\[\]]")
_PLAIN: Final = frozenset(
    {Dialect.HASH_LINES, Dialect.NUMBERED, Dialect.AIKEN, Dialect.GIFT, Dialect.DELIMITED, Dialect.JSON}
)
_ALLOWED: Final = {
    ".xlsx": frozenset({Dialect.XLSX}),
    ".xls": frozenset({Dialect.XLS}),
    ".docx": frozenset({Dialect.DOCX}),
    ".ods": frozenset({Dialect.ODS}),
    ".zip": frozenset({Dialect.QTI_PACKAGE}),
    ".imscc": frozenset({Dialect.QTI_PACKAGE}),
    ".xml": frozenset({Dialect.XML}),
    ".json": frozenset({Dialect.JSON}),
    ".csv": frozenset({Dialect.DELIMITED}),
    ".tsv": frozenset({Dialect.DELIMITED}),
    ".gift": frozenset({Dialect.GIFT}),
    ".aiken": frozenset({Dialect.AIKEN}),
    ".txt": _PLAIN,
}
_CERTAIN: Final = {".json": Dialect.JSON, ".gift": Dialect.GIFT, ".csv": Dialect.DELIMITED, ".tsv": Dialect.DELIMITED}
"""Suffixes whose dialect has no sure signs of its own: their readers then say what is wrong with the content."""


_SIGNS: Final = (
    (looks_like_hash_lines, Dialect.HASH_LINES),
    (looks_like_numbered, Dialect.NUMBERED),
    (looks_like_aiken, Dialect.AIKEN),
)
"""What plain text looks like, the surer sign first."""


def detect_archive(names: Sequence[str]) -> Dialect:
    """Tell what a checked zip is, from its members."""
    if "xl/workbook.xml" in names:
        return Dialect.XLSX
    if "imsmanifest.xml" in names:
        return Dialect.QTI_PACKAGE
    if "mimetype" in names and "content.xml" in names:
        return Dialect.ODS
    if "word/document.xml" in names:
        return Dialect.DOCX
    if "xl/workbook.bin" in names:
        raise UnsupportedFormatError(found="xlsb")
    raise NoQuestionsError


def detect_text(text: str, suffix: str) -> Dialect:
    """Tell the dialect of decoded text that is not blank."""
    start = text.lstrip()[:5]
    if start.startswith("<"):
        return Dialect.XML
    if start == "%PDF-":
        raise UnsupportedFormatError(found="PDF")
    if suffix in _CERTAIN:
        return _CERTAIN[suffix]
    for looks_like, dialect in _SIGNS:
        if looks_like(text):
            return dialect
    if _JSON_START.match(text):
        return Dialect.JSON
    return Dialect.GIFT if looks_like_gift(text) else Dialect.DELIMITED


def require_match(suffix: str, dialect: Dialect) -> None:
    """Refuse a file whose suffix claims another kind of content; an unknown suffix claims nothing."""
    allowed = _ALLOWED.get(suffix)
    if allowed is not None and dialect not in allowed:
        raise MislabelledFileError(claimed=suffix, found=dialect.value)
