"""Line banks `number#stem$0|1` and `number#stem#option$option…`, as teaching programmes keep them.

The files say nothing about their key, so it was checked against what the questions ask: in the judgement form the
number behind $ is the index into (正确, 错误), so 0 is right and 1 is wrong; in the choice form the first option is the
right one, always (the programme shuffles when it shows them). Numbers start again on every page of 30 and say nothing.
"""

import re
from typing import Final

from questionbank.formats.drafting import read_proposals
from questionbank.formats.options import label_options
from questionbank.formats.reading import Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.items.content import FALSE, TRUE, Interaction

_RECORD = re.compile(r"^\s*\d+#[^#]")
_JUDGEMENT_PARTS: Final = 2
_CHOICE_PARTS: Final = 3
_TRUTHS: Final = {"0": TRUE, "1": FALSE}


def looks_like_hash_lines(text: str) -> bool:
    """Tell whether most lines are records of this kind."""
    lines = [line for line in text.split("\n") if line.strip()]
    return sum(bool(_RECORD.match(line)) for line in lines) * 2 > len(lines)


def read_hash_lines(text: str) -> Reading:
    """Read a line bank; rows are line numbers."""
    found = [_read_line(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    return read_proposals("hash-lines", found, {}, tex=True)


def _read_line(number: int, line: str) -> Proposal | Refusal:
    try:
        return _read_record(number, line.split("#"))
    except RowError as error:
        return refuse(number, error)


def _read_record(number: int, parts: list[str]) -> Proposal:
    if len(parts) == _JUDGEMENT_PARTS and parts[1].count("$") == 1:
        return _read_judgement(number, parts[1])
    if len(parts) == _CHOICE_PARTS:
        return _read_choice(number, parts[1], parts[2])
    raise RowError("record_shape", detail="#".join(parts).strip()[:20])


def _read_judgement(number: int, record: str) -> Proposal:
    stem, _, truth = record.partition("$")
    key = _TRUTHS.get(truth.strip())
    if key is None:
        raise RowError("key_unclear", key=truth.strip()[:40])
    return Proposal(row=number, kind=Interaction.JUDGEMENT, stem=stem, key=key)


def _read_choice(number: int, stem: str, record: str) -> Proposal:
    options = label_options(record.split("$"))
    return Proposal(row=number, kind=Interaction.CHOICE, stem=stem, options=options, key=(options[0].id,))
