"""Text of unknown encoding: UTF-8, UTF-16 with a byte order mark or GB18030, always strict."""

import codecs
from typing import Final

from exam.core.sheets.errors import BinaryFileError, UnknownEncodingError

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UTF8_EVIDENCE: Final = 8
"""So many valid multi-byte characters before the first bad byte mean damaged UTF-8, not another encoding."""
_SAMPLE: Final = 4_000
_FIRST_LEVEL: Final = range(0xB0, 0xD8)
"""Lead bytes of the 3,755 everyday characters (GB/T 2312-1980, level 1)."""


def decode_text(data: bytes) -> str:
    """Decode a text file and normalise its line ends to LF.

    GB18030 accepts almost any bytes, so its reading counts only if most hanzi are everyday ones.
    Raises UnknownEncodingError with the offset of the first bad byte, or BinaryFileError at a NUL.
    """
    text = _decode(data)
    nul = text.find("\0")
    if nul >= 0:
        raise BinaryFileError(offset=nul)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decode(data: bytes) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decode_as(data, name).removeprefix("\ufeff")
    if 0 in data:
        raise BinaryFileError(offset=data.index(0))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        valid = data[: error.start].decode("utf-8")
        if sum(character > "\x7f" for character in valid) >= _UTF8_EVIDENCE:
            raise UnknownEncodingError(offset=error.start) from error
        text = _decode_as(data, "gb18030")
        if not _looks_chinese(text):
            raise UnknownEncodingError(offset=error.start) from error
        return text


def _decode_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnknownEncodingError(offset=error.start) from error


def _looks_chinese(text: str) -> bool:
    """Tell Chinese from other bytes that merely decode: misread text falls outside the everyday characters."""
    foreign = [character for character in text if character > "\x7f"][:_SAMPLE]
    everyday = sum(_is_everyday(character) for character in foreign)
    return everyday * 2 > len(foreign)


def _is_everyday(character: str) -> bool:
    raw = character.encode("gb18030")
    punctuation = raw[0] in (0xA1, 0xA3)
    return len(raw) == 2 and (raw[0] in _FIRST_LEVEL or punctuation) and raw[1] >= 0xA1  # noqa: PLR2004
