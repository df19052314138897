"""Numbered papers as authors type them: sections, `1、stem`, options on one line or several, the key where it happens to be.

The key stands on a line of its own (`答案:B`), in brackets in the stem (`应当(A)进行`), or in a list at the end of the
paper or of each of its parts (`参考答案 1-5 ABCDA` or `1.√ 2.×`), section by section.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto
from itertools import chain
from typing import Final

import msgspec

from questionbank.formats.drafting import read_proposals
from questionbank.formats.enclosing import HELD, Enclosures
from questionbank.formats.options import split_inline, split_options
from questionbank.formats.reading import Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.formats.words import find_truth, is_unsupported_kind
from questionbank.interactions.registry import find_kind
from questionbank.items.content import Option

OPEN_KINDS: Final = frozenset({"选择", "选择题"})
"""Section words that leave it to the key whether one answer is right or several."""

_SECTION = re.compile(
    r"^\s*(?:第?[一二三四五六七八九十]{1,3}\s*(?:部分|章|节)?\s*[、.．:：)）]?\s*)?([^\W\d]{1,8}题)\s*(?:[(（:：,，].*)?$",
)
_QUESTION = re.compile(r"^\s*[(（]?(\d{1,4})\s*[.、．)）:：](?!\d)\s*(\S.*)$")
_OPTION = re.compile(r"^\s*[(（]?[A-JＡ-Ｊ]\s*[.、．:：)）]")
_FIELDS: Final = {
    "key": re.compile(r"^\s*[【\[]?(?:正确|参考|标准)?答案[】\]]?\s*[:：]?\s*(\S.*)$"),
    "explanation": re.compile(r"^\s*[【\[]?(?:答案|试题)?(?:解析|说明)[】\]]?\s*[:：]\s*(.*)$"),
    "basis": re.compile(r"^\s*[【\[]?(?:依据|出处|来源)[】\]]?\s*[:：]\s*(.*)$"),
    "difficulty": re.compile(r"^\s*[【\[]?(?:难度|难易度?|难易程度)[】\]]?\s*[:：]\s*(.*)$"),
    "node": re.compile(r"^\s*[【\[]?(?:知识点|考点|章节)[】\]]?\s*[:：]\s*(.*)$"),
}
_KEY_LIST = re.compile(r"^\s*[【\[]?(?:参考|标准|正确|试题)?答案[】\]]?\s*[:：]?\s*$")
_TRUTH: Final = r"√|×|✓|✔|✗|✘|对|错|正确|错误"
_IN_BRACKETS = re.compile(rf"[(（]\s*([A-J]{{1,10}}|{_TRUTH}|[TFX])\s*[)）]")
_RANGE = re.compile(rf"(\d{{1,4}})\s*[-–—~～至]\s*(\d{{1,4}})\s*[.、．:：]?\s*((?:(?:[A-JTFX]|{_TRUTH})[\s,，、]*)+)")
_SINGLE = re.compile(rf"(\d{{1,4}})\s*[.、．:：)）]?\s*([A-J]{{1,10}}|{_TRUTH}|[TFX])(?![A-Za-z])")
_WORD = re.compile(r"\w")
_ONE_KEY = re.compile(rf"{_TRUTH}|[A-JTFX]")
_LEAST: Final = 2
KEYS_FOLLOW: Final = "参考答案"
"""The heading of a list of keys."""


class Line(msgspec.Struct, frozen=True):
    """One line or paragraph and the number under which a person finds it."""

    row: int
    text: str


class _Mode(Enum):
    """What the lines at hand are."""

    QUESTIONS = auto()
    KEYS = auto()


class _Block(msgspec.Struct):
    """A question as far as it is read; `number` is its own, `section` the word of the section it stands in."""

    row: int
    number: int
    section: str
    stem: list[str]
    options: list[str] = []
    fields: dict[str, list[str]] = {}


class _Part(msgspec.Struct):
    """Questions, and the keys of the list below them by section word and number."""

    blocks: list[_Block] = []
    keys: dict[tuple[str, int], str] = {}

    def is_over(self, line: str, section: str) -> bool:
        """Tell a line that asks in the midst of the keys: its number was never asked or has a key, and it is none itself."""
        found = _QUESTION.match(line)
        if found is None or not _WORD.search(_SINGLE.sub("", _RANGE.sub("", line))):
            return False
        number = int(found[1])
        asked = any(block.number == number and section in {"", block.section} for block in self.blocks)
        return not asked or not {(section, number), ("", number)}.isdisjoint(self.keys)


def is_asked(line: str) -> bool:
    """Tell a line on which a question or an option begins."""
    return bool(_QUESTION.match(line) or _OPTION.match(line))


def looks_like_numbered(text: str) -> bool:
    """Tell a numbered paper from Aiken, whose questions have each option and the key on a line of its own."""
    lines = text.split("\n")
    if sum(bool(_QUESTION.match(line)) for line in lines) < _LEAST:
        return False
    if any(_section_of(line) or _KEY_LIST.match(line) for line in lines):
        return True
    in_brackets = sum(bool(_QUESTION.match(line) and _IN_BRACKETS.search(line)) for line in lines)
    return in_brackets >= _LEAST or sum(len(split_inline(line)) > 1 for line in lines) >= _LEAST


def read_numbered(lines: Sequence[Line], dialect: str, enclosures: Enclosures | None = None) -> Reading:
    """Read a numbered paper; a question without a key is refused as a row, a picture that is in none is counted."""
    parts = list(_read_parts(lines))
    blocks = [block for part in parts for block in part.blocks]
    found = chain.from_iterable(map(_propose_all, parts))
    return read_proposals(dialect, found, _count_pictures(lines, blocks), enclosures, tex=True)


def lines_of(text: str) -> list[Line]:
    """Return the lines of a text file under their numbers."""
    return [Line(number, line) for number, line in enumerate(text.split("\n"), 1)]


def _read_parts(lines: Iterable[Line]) -> Iterator[_Part]:
    """Yield the questions of a paper with the list of keys below them, as often as questions follow a list."""
    part, section, mode, field = _Part(), "", _Mode.QUESTIONS, ""
    for line in lines:
        if not line.text.strip():
            continue
        word = _section_of(line.text)
        if mode is _Mode.KEYS and part.is_over(line.text, section):
            yield part
            part, mode = _Part(), _Mode.QUESTIONS
        if word:
            section, field = word, ""
        elif _KEY_LIST.match(line.text):
            section, mode = section if mode is _Mode.KEYS else "", _Mode.KEYS
        elif mode is _Mode.KEYS:
            part.keys |= {(section, number): key for number, key in _read_keys(line.text)}
        elif found := _QUESTION.match(line.text):
            part.blocks.append(_Block(line.row, int(found[1]), section, [found[2]]))
            field = ""
        elif part.blocks:
            field = _add(part.blocks[-1], line.text, field)
    yield part


def _section_of(text: str) -> str:
    """Return the word of a section's heading, such as 判断题, or nothing."""
    found = _SECTION.match(text)
    if found is None:
        return ""
    word = found[1]
    return word if find_kind(word) or is_unsupported_kind(word) else ""


def _add(block: _Block, text: str, field: str) -> str:
    """Put a line where it belongs and return the field that a following line would continue."""
    for name, pattern in _FIELDS.items():
        if found := pattern.match(text):
            block.fields[name] = [found[1]]
            return name
    if _OPTION.match(text) and not field:
        block.options += split_inline(text)
    elif field:
        block.fields[field].append(text.strip())
    elif block.options:
        block.options[-1] += text.strip()
    else:
        block.stem.append(text.strip())
    return field


def _read_keys(text: str) -> Iterator[tuple[int, str]]:
    """Read one line of a key list: ranges first, then single numbers in what is left."""
    for found in _RANGE.finditer(text):
        given = _ONE_KEY.findall(found[3])
        numbers = range(int(found[1]), int(found[2]) + 1)
        if len(given) == len(numbers):
            yield from zip(numbers, given, strict=True)
    for found in _SINGLE.finditer(_RANGE.sub(" ", text)):
        yield int(found[1]), found[2]


def _propose_all(part: _Part) -> Iterator[Proposal | Refusal]:
    often = Counter(block.number for block in part.blocks)
    for block in part.blocks:
        listed = part.keys.get((block.section, block.number), "")
        if not listed and often[block.number] == 1:
            listed = part.keys.get(("", block.number), "")
        try:
            yield _propose(block, listed)
        except RowError as error:
            yield refuse(block.row, error)


def _propose(block: _Block, listed: str) -> Proposal:
    fields = {name: "\n".join(parts) for name, parts in block.fields.items()}
    stem = "\n".join(block.stem)
    options = split_options("\n".join(block.options))
    key = fields.get("key", "") or listed
    if not key:
        stem, key = _take_key(stem, options)
    if not key:
        raise RowError("key_missing")
    return Proposal(
        row=block.row,
        kind="" if block.section in OPEN_KINDS else block.section,
        stem=stem,
        key=key,
        options=options,
        node=fields.get("node", ""),
        difficulty=fields.get("difficulty", ""),
        explanation=fields.get("explanation", ""),
        basis=fields.get("basis", ""),
    )


def _take_key(stem: str, options: tuple[Option, ...]) -> tuple[str, str]:
    """Take the last key in brackets out of a stem; letters must be options, a truth needs that there are none."""
    ids = {option.id for option in options}
    for found in reversed(list(_IN_BRACKETS.finditer(stem))):
        key = found[1]
        if options and set(key) <= ids:
            return f"{stem[: found.start()]}( ){stem[found.end() :]}", key
        if not options and find_truth(key):
            return (stem[: found.start()] + stem[found.end() :]).strip(), key
    return stem, ""


def _count_pictures(lines: Sequence[Line], blocks: Sequence[_Block]) -> dict[str, int]:
    """Count the pictures outside questions, such as a seal in the title."""
    said = [text for block in blocks for text in (*block.stem, *block.options, *chain(*block.fields.values()))]
    count = sum(len(HELD.findall(line.text)) for line in lines) - sum(len(HELD.findall(text)) for text in said)
    return {"picture": count} if count else {}
