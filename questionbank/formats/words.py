"""The words that banks in the field use for truth, difficulty and depth, and for interactions that items cannot have."""

import re
import unicodedata
from typing import Final

from questionbank.items.content import FALSE, TRUE, Depth

DEPTH_NAMES: Final = {Depth.KNOW: "了解", Depth.GRASP: "掌握", Depth.MASTER: "熟练掌握"}

_UNSUPPORTED: Final = frozenset({"计算题", "操作题"})

_TRUTHS: Final = {
    TRUE: "正确 对 √ ✓ ✔ T TRUE Y YES 是 1",
    FALSE: "错误 错 不正确 不对 × ✗ ✘ ╳ X F FALSE N NO 否 非 0",
}
_TRUTH_BY_WORD: Final = {word: truth for truth, words in _TRUTHS.items() for word in words.split()}

_DIFFICULTY_WORDS: Final = {
    "容易": 15,
    "简单": 15,
    "易": 15,
    "较易": 25,
    "中": 40,
    "中等": 40,
    "一般": 40,
    "适中": 40,
    "较难": 55,
    "难": 70,
    "困难": 70,
}
_DEPTH_WORDS: Final = {word: depth for depth, name in DEPTH_NAMES.items() for word in (name, depth.value)}
_PERCENT = re.compile(r"(\d{1,3})%?")
_EDGES: Final = " \t\n。.,;:、;!()[]<>“”\"'"


def fold(word: str) -> str:
    """Return a word without width variants, blanks and edge punctuation, for look-up."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", word)).strip(_EDGES)


def is_unsupported_kind(word: str) -> bool:
    """Tell a known interaction that items cannot hold from a word nobody knows."""
    return fold(word) in _UNSUPPORTED


def find_truth(word: str) -> str | None:
    """Return "T" or "F" for any of the notations of judgement."""
    return _TRUTH_BY_WORD.get(fold(word).upper())


def find_difficulty(word: str) -> int | None:
    """Return the expected percentage of wrong answers, from a whole number 0–100 or 易 … 难."""
    folded = fold(word)
    if folded in _DIFFICULTY_WORDS:
        return _DIFFICULTY_WORDS[folded]
    match = _PERCENT.fullmatch(folded)
    return int(match[1]) if match and int(match[1]) <= 100 else None  # noqa: PLR2004


def find_depth(word: str) -> Depth | None:
    """Return the depth that the syllabus words mean."""
    return _DEPTH_WORDS.get(fold(word).casefold())
