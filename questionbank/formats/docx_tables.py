"""Tables of Word documents that are no list of items: options laid out in cells, and the keys of a paper under numbers."""

from collections.abc import Iterator
from typing import Final

from exam.core.sheets.reader import Sheet
from questionbank.formats.numbered import KEYS_FOLLOW, is_asked

_NUMBERS: Final = frozenset({"题号", "序号", "题目"})
_KEYS: Final = frozenset({"答案", "正确答案", "参考答案", "标准答案"})


def loose_lines(sheet: Sheet, *, with_heading: bool) -> list[str]:
    """Return the lines of a paper that stand in a table, empty where it is none of it; keys begin `with_heading`."""
    keys = list(_keys(sheet))
    if keys:
        return [*([KEYS_FOLLOW] if with_heading else []), *keys]
    lines = [line for row in sheet.rows for cell in row for line in cell.split("\n")]
    return lines if any(map(is_asked, lines)) else []


def _keys(sheet: Sheet) -> Iterator[str]:
    """Yield a line of keys for each pair of rows that holds numbers and, below them, keys."""
    for numbers, keys in zip(sheet.rows[::2], sheet.rows[1::2], strict=False):
        if numbers and keys and numbers[0].strip() in _NUMBERS and keys[0].strip() in _KEYS:
            yield " ".join(
                f"{number.strip()}.{key.strip()}" for number, key in zip(numbers[1:], keys[1:], strict=False)
            )
