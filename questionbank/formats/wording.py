"""The text of items: trimmed, composed, checked for what nobody can see, freed of running numbers."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec

from questionbank.formats.reading import Proposal
from questionbank.formats.refusals import RowError

STEM_LIMIT: Final = 4_000
OPTION_LIMIT: Final = 1_000
NODE_LIMIT: Final = 200
"""Characters."""

_BLANKS: Final = re.compile(r"[ \t\u00a0]+")
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Co", "Cs"})
"""Control, zero-width and bidirectional, private-use, surrogate (Unicode general categories)."""
_NEVER_TEXT: Final = frozenset("\ufffd\ufffe\uffff" + "".join(map(chr, range(0xFDD0, 0xFDF0))))
"""The replacement character of a bad decoding, and noncharacters."""

_COUNTING: Final = 3
"""So many steps of one in a row of numbers are no chance."""
_NUMBER = re.compile(r"\s*(\d{1,5})\s*[.、．，,。)）]\s*")
_CLEAR_NUMBER = re.compile(r"\s*\d{1,5}\s*(?:[.、．)）]\s+(?=\S)|[.、．)）](?=[^\d\s]|\s*$))")
"""A number that cannot be the start of a decimal or of a list such as 36、24、12V."""
_BARE_NUMBER = re.compile(r"\s*(\d{1,5})\s*(?=[^\W\d_])")


def clean_text(text: str) -> str:
    """Return text composed (NFC) and trimmed; line breaks stay, tabs, firm blanks and several blanks become one blank.

    So every page shows it, and so it comes back from formats that keep no more.
    """
    composed = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(_BLANKS.sub(" ", line).strip(" ") for line in composed.split("\n")).strip()


def require_text(text: str, place: str, limit: int) -> str:
    """Return clean text of at most `limit` characters; `place` is the Chinese word for where it stands."""
    cleaned = clean_text(text)
    if len(cleaned) > limit:
        raise RowError("text_too_long", place=place, length=len(cleaned), limit=limit)
    for position, character in enumerate(cleaned, 1):
        if _is_hidden(character):
            raise RowError("hidden_character", place=place, position=position, code_point=f"U+{ord(character):04X}")
    return cleaned


def _is_hidden(character: str) -> bool:
    if character == "\n":
        return False
    return character in _NEVER_TEXT or unicodedata.category(character) in _HIDDEN_CATEGORIES


def strip_numbers(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Take the running number off every stem.

    "1.5 mm²" and "36、24、12V" begin like a number and are none. So a number followed by a digit, or by no separator
    at all, goes only in a file whose stems are numbered.
    """
    numbered = _is_numbered([proposal.stem for proposal in proposals])
    stripped, before = [], 0
    for proposal in proposals:
        stem, before = _strip_number(proposal.stem, before, numbered=numbered)
        stripped.append(msgspec.structs.replace(proposal, stem=stem))
    return stripped


def _is_numbered(stems: list[str]) -> bool:
    """Tell a numbered file: most stems carry a clear number, or count upwards one by one."""
    clear = sum(1 for stem in stems if _CLEAR_NUMBER.match(stem))
    numbers = [int(match[1]) if (match := _NUMBER.match(stem)) else 0 for stem in stems]
    counting = sum(second == first + 1 for first, second in pairwise(numbers) if first)
    return clear * 2 > len(stems) or (counting >= _COUNTING and counting * 2 > len(stems))


def _strip_number(stem: str, before: int, *, numbered: bool) -> tuple[str, int]:
    """Return the stem and its number; `before` is the number of the stem above."""
    match = _NUMBER.match(stem)
    if match and (numbered or _CLEAR_NUMBER.match(stem)):
        rest = stem[match.end() :]
        again = _NUMBER.match(rest)
        if again and again[1] == match[1]:
            rest = rest[again.end() :]
        return rest, int(match[1])
    bare = _BARE_NUMBER.match(stem)
    if bare and numbered and int(bare[1]) == before + 1:
        return stem[bare.end() :], int(bare[1])
    return stem, before
