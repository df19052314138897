"""JSON banks: a list of {category, title, choices, answers}, or sections {"single_choice": [{question, …}], …}."""

import re
from typing import Any, Final, TypeVar

import msgspec

from questionbank.formats.drafting import read_proposals
from questionbank.formats.errors import MalformedJsonError, NoQuestionsError
from questionbank.formats.options import LETTERS, label_options, split_options
from questionbank.formats.reading import Enclosed, Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.interactions.registry import find_kind
from questionbank.items.content import FALSE, TRUE, Option

Choices = str | list[str] | dict[str, str]
Answer = bool | str | list[str]

_BYTE = re.compile(r"\(byte (\d+)\)")
_TRUNCATED: Final = "truncated"
_TRAILING: Final = "trailing"
_DESCRIPTION: Final = "meta"


class TitledRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the first dialect; options stand in one text as "**A、…**B、…"."""

    title: str
    answers: Answer
    category: str = ""
    choices: Choices = ""
    difficulty: str | int = ""
    explanation: str = ""


class QuestionRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the second dialect; options are a map from letter to text, the answer of a judgement is a boolean.

    Our own export is of this kind and adds `node`, `depth`, `basis`, `weights` (questionbank.formats.weighing) and, in base64, `photo` and
    the files of `figures`, which stand at their marks. `plain` says that no formula of TeX is meant.
    """

    question: str
    answer: Answer
    id: int | str | None = None
    type: str = ""
    options: Choices = ""
    difficulty: str | int = ""
    explanation: str = ""
    node: str = ""
    depth: str = ""
    basis: str = ""
    photo: bytes = b""
    weights: str = ""
    figures: tuple[Enclosed, ...] = ()
    plain: bool = False


Row = TypeVar("Row", TitledRow, QuestionRow)


def read_json_bank(text: str) -> Reading:
    """Read a JSON bank; rows are numbered through all sections.

    A document that is not whole is refused whole, because nobody knows what it lacks.
    Raises MalformedJsonError or NoQuestionsError.
    """
    document = decode_json(text)
    unsupported: dict[str, int] = {}
    sections = _list_sections(document, unsupported)
    rows = [(name, row) for name, section in sections for row in section]
    dialect = "json-list" if isinstance(document, list) else "json-sections"
    found = [_read_row(number, name, row) for number, (name, row) in enumerate(rows, 1)]
    return read_proposals(dialect, found, unsupported, tex=True)


def decode_json(text: str) -> Any:
    """Decode one JSON document; raises MalformedJsonError with line and column."""
    data = text.encode("utf-8", errors="replace")
    try:
        return msgspec.json.decode(data)
    except RecursionError as error:
        raise MalformedJsonError(line=1, column=1) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        line, column = _locate(data, str(error))
        raise MalformedJsonError(line=line, column=column) from error


def _locate(data: bytes, message: str) -> tuple[int, int]:
    """Turn the decoder's byte offset into line and column in characters, from 1."""
    match = _BYTE.search(message)
    offset = int(match[1]) if match else len(data) if _TRUNCATED in message else 0
    offset -= _TRAILING in message  # here alone the decoder names the byte after the bad one
    before = data[:offset].decode("utf-8", errors="ignore")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _list_sections(document: Any, unsupported: dict[str, int]) -> list[tuple[str, list[Any]]]:
    if isinstance(document, list):
        return [("", document)]
    if not isinstance(document, dict):
        raise NoQuestionsError
    for name, value in document.items():
        if not isinstance(value, list) and name != _DESCRIPTION:
            unsupported[f"section {name[:40]}"] = 1
    return [(name, value) for name, value in document.items() if isinstance(value, list)]


def _read_row(number: int, section: str, row: Any) -> Proposal | Refusal:
    try:
        if isinstance(row, dict) and "question" in row:
            return _from_question(number, section, _convert(row, QuestionRow))
        return _from_title(number, section, _convert(row, TitledRow))
    except RowError as error:
        return refuse(number, error)


def _convert(row: Any, kind: type[Row]) -> Row:
    try:
        return msgspec.convert(row, kind)
    except msgspec.ValidationError as error:
        raise RowError("record_shape", detail=str(error)[:120]) from error


def _from_title(number: int, section: str, row: TitledRow) -> Proposal:
    return Proposal(
        row=number,
        kind=row.category or _kind_of(section),
        stem=row.title,
        options=_read_choices(row.choices),
        key=_read_answer(row.answers),
        difficulty=str(row.difficulty),
        explanation=row.explanation,
    )


def _from_question(number: int, section: str, row: QuestionRow) -> Proposal:
    return Proposal(
        row=number,
        kind=row.type or _kind_of(section),
        stem=row.question,
        options=_read_choices(row.options),
        key=_read_answer(row.answer),
        difficulty=str(row.difficulty),
        explanation=row.explanation,
        node=row.node,
        depth=row.depth,
        basis=row.basis,
        photo=row.photo,
        weights=row.weights,
        enclosed=row.figures,
        plain=row.plain,
    )


def _kind_of(section: str) -> str:
    """Return a section's name if it names an interaction."""
    return section if find_kind(section) else ""


def _read_choices(choices: Choices) -> tuple[Option, ...]:
    if isinstance(choices, str):
        return split_options(choices)
    if isinstance(choices, list):
        return label_options(choices)
    letters = "".join(letter.strip().upper() for letter in choices)
    if letters != LETTERS[: len(choices)]:
        raise RowError("option_order", excerpt=letters[:20])
    return label_options(list(choices.values()))


def _read_answer(answer: Answer) -> str:
    if isinstance(answer, bool):
        return TRUE if answer else FALSE
    return answer if isinstance(answer, str) else ",".join(answer)
