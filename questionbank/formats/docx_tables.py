"""Tables of Word documents that are no list of items: options laid out in cells, and the keys of a paper beside numbers."""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise, zip_longest
from typing import Final

import msgspec

from exam.core.sheets.reader import Sheet
from questionbank.formats.numbered import KEYS_FOLLOW, is_asked

_NUMBERS: Final = frozenset({"题号", "序号", "题目"})
_KEYS: Final = frozenset({"答案", "正确答案", "参考答案", "标准答案"})

_Rows = Sequence[Sequence[str]]


class LooseLines(msgspec.Struct, frozen=True):
    """Lines of a paper that stand in a table; `whole` tells that there is nothing else in it."""

    lines: list[str]
    whole: bool


def find_keys(sheet: Sheet) -> LooseLines | None:
    """Return a list of keys, whose numbers stand in rows or in columns; None where a table is no such list."""
    upright = list(zip_longest(*sheet.rows, fillvalue=""))
    for rows in (sheet.rows, upright):
        if keys := list(_pairs(rows)):
            read = set(chain.from_iterable(keys))
            whole = all(at in read or not any(map(str.strip, row[1:])) for at, row in enumerate(rows))
            return LooseLines([KEYS_FOLLOW, *(_line(rows[one], rows[other]) for one, other in keys)], whole)
    return None


def find_paper(sheet: Sheet) -> LooseLines:
    """Return the lines of a table that holds questions or options, none where it is no part of a paper."""
    lines = [line for row in sheet.rows for cell in row for line in cell.split("\n")]
    return LooseLines(lines, whole=True) if any(map(is_asked, lines)) else LooseLines([], whole=False)


def _pairs(rows: _Rows) -> Iterator[tuple[int, int]]:
    """Yield the places of two rows that hold numbers and, below them, keys."""
    for at, (numbers, keys) in enumerate(pairwise(rows)):
        named = bool(numbers and keys) and numbers[0].strip() in _NUMBERS and keys[0].strip() in _KEYS
        if named and all(each.strip().isdecimal() for each in numbers[1:] if each.strip()):
            yield at, at + 1


def _line(numbers: Sequence[str], keys: Sequence[str]) -> str:
    pairs = zip(numbers[1:], keys[1:], strict=False)
    return " ".join(f"{number.strip()}.{key.strip()}" for number, key in pairs if number.strip() and key.strip())
