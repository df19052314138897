"""Aiken: stem, options `A.` or `A)`, `ANSWER: B` (Moodle documentation, "Aiken format")."""

import re
from collections.abc import Iterator

import msgspec

from questionbank.formats.drafting import read_proposals
from questionbank.formats.options import LETTERS, ascii_letter
from questionbank.formats.reading import Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.items.content import Option

_ANSWER = re.compile(r"^\s*(?:ANSWER|答案|正确答案)\s*[:：]\s*(.*?)\s*$", re.IGNORECASE)
_OPTION = re.compile(r"^\s*([A-JＡ-Ｊ])\s*[.)．）、]\s*(.*)$")


class _Block(msgspec.Struct):
    """A question as far as it is read; `row` is the line on which it starts."""

    row: int = 0
    stem: list[str] = []
    options: list[Option] = []

    def is_open(self) -> bool:
        return bool(self.stem or self.options)


def looks_like_aiken(text: str) -> bool:
    """Tell Aiken by an answer line and an option line; GIFT and tables have no such pair."""
    lines = text.split("\n")
    return any(map(_ANSWER.match, lines)) and any(map(_OPTION.match, lines))


def read_aiken(text: str) -> Reading:
    """Read Aiken text; rows are the lines on which questions start. A stem may run over several lines.

    A question that ends without an answer line is refused as a row.
    """
    return read_proposals("aiken", list(_read_blocks(text)), {}, tex=True)


def _read_blocks(text: str) -> Iterator[Proposal | Refusal]:
    block = _Block()
    for number, line in enumerate(text.split("\n"), 1):
        answer, option = _ANSWER.match(line), _OPTION.match(line)
        if answer and block.is_open():
            yield _propose(block, answer[1])
            block = _Block()
        elif answer:
            yield refuse(number, RowError("stem_empty"))
        elif option and block.stem:
            block.options.append(Option(ascii_letter(option[1]), option[2]))
        elif line.strip():
            if block.options:
                yield refuse(block.row, RowError("key_missing"))
                block = _Block()
            block.row = block.row or number
            block.stem.append(line)
    if block.is_open():
        yield refuse(block.row, RowError("key_missing"))


def _propose(block: _Block, answer: str) -> Proposal | Refusal:
    letters = [option.id for option in block.options]
    if "".join(letters) != LETTERS[: len(letters)]:
        return refuse(block.row, RowError("option_order", excerpt="".join(letters)[:20]))
    return Proposal(row=block.row, stem="\n".join(block.stem), options=tuple(block.options), key=answer)
