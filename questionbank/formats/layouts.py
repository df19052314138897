"""Which column of a table means what, where somebody has said so: for this file, or for an earlier one of the same heads."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from questionbank.formats.options import LETTERS

IGNORED: Final = ""
FIELD_NAMES: Final = {
    "stem": "题目",
    "key": "答案",
    "kind": "题型",
    "options": "选项(全部选项在一格)",
    **{letter: f"选项 {letter}" for letter in LETTERS},
    "node": "知识点",
    "depth": "掌握程度",
    "difficulty": "难度",
    "correctness": "难度系数(答对的比例)",
    "explanation": "解析",
    "basis": "依据",
    "weights": "按答案给分",
    "plain": "公式写法",
}
"""What a column may hold, with its Chinese name; an option in a column of its own goes by its letter."""

_NOTE = re.compile(r"[(\[【〔{<《].*?[)\]】〕}>》]")
_TITLE_LIMIT: Final = 80


class Layouts(msgspec.Struct, frozen=True, kw_only=True):
    """What people have said about columns, by folded title.

    `given` is for this file, and a heading row that has all these titles; `known` holds whole layouts by the set of
    titles that they are for (`heads_of`).
    """

    given: Mapping[str, str] = {}
    known: Mapping[str, Mapping[str, str]] = {}

    def choose(self, words: Sequence[str]) -> Mapping[str, str]:
        """Return the field of each title that somebody has spoken for, in a row of folded titles."""
        if self.given and self.given.keys() <= set(words):
            return self.given
        return self.known.get(heads_of(words), {})


NO_LAYOUTS: Final = Layouts()


def fold_title(title: str) -> str:
    """Return a title without width, case, spaces, marks and notes in brackets."""
    folded = unicodedata.normalize("NFKC", title[:_TITLE_LIMIT])
    return re.sub(r"[\s*:：_]+", "", _NOTE.sub("", folded)).casefold()


def heads_of(words: Sequence[str]) -> str:
    """Return what two heading rows with the same folded titles share, in whatever order they stand."""
    return "\t".join(sorted({word for word in words if word}))
