"""Moodle XML: multichoice, truefalse, shortanswer, numerical, ordering, matching, cloze and marker questions.

Source: Moodle documentation, "Moodle XML format".
"""

import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Final
from urllib.parse import unquote

import msgspec

from exam.core.areas import Area, find_area
from questionbank.formats.drafting import read_proposals
from questionbank.formats.enclosing import Enclosures
from questionbank.formats.html_text import html_to_text
from questionbank.formats.markup import Node
from questionbank.formats.options import LETTERS, label_options
from questionbank.formats.reading import Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.formats.tags import with_tags
from questionbank.formats.write_moodle import (
    PLUGIN_FILES,
    TAG_AREA,
    TAG_KIND,
)
from questionbank.interactions.hotspot import area_line
from questionbank.interactions.text_entry import find_near, near
from questionbank.items.content import Interaction, Option

_FULL: Final = 100.0
_SLACK: Final = 1.0
_EMBEDDED = re.compile(r"\{\d*:([A-Z_]+):((?:\\.|[^\\}])*)\}", re.IGNORECASE)
_EMBEDDED_ANSWER = re.compile(r"(=|%-?[\d.]+%|)(.*)", re.DOTALL)
_GAP: Final = "____"
_SHAPES: Final = {"rectangle": "rect", "polygon": "poly"}
_TEXTS: Final = ("questiontext", "generalfeedback", "answer", "subquestion", "drag", "graderinfo")
_WILDCARD = re.compile(r"(?<!\\)\*")


def read_moodle_xml(root: Node) -> Reading:
    """Read a `quiz` document; rows count its questions, categories left out."""
    questions = [each for each in root.children("question") if each.attributes.get("type") != "category"]
    categories = len(root.children("question")) - len(questions)
    unsupported = Counter({"category": categories} if categories else {})
    found: list[Proposal | Refusal] = []
    enclosures, left_out = Enclosures(), dict[int, tuple[str, ...]]()
    for row, question in enumerate(questions, 1):
        kind, own = question.attributes.get("type", ""), dict[str, int]()
        try:
            found.append(with_tags(_read_question(row, kind, question, own, enclosures), _tags(question)))
        except RowError as error:
            unsupported[kind] += error.code == "unsupported_interaction"
            found.append(refuse(row, error))
        unsupported.update(own)
        left_out |= {row: tuple(own)} if own else {}
    read = read_proposals("moodle-xml", found, dict(+unsupported), enclosures)
    told = {row: (*read.left_out.get(row, ()), *left_out.get(row, ())) for row in {*read.left_out, *left_out}}
    return msgspec.structs.replace(read, left_out=told)


def _tags(question: Node) -> list[str]:
    return [text.own_text() for group in question.children("tags") for text in group.descendants("text")]


class _Question(msgspec.Struct, frozen=True):
    """A question's element and its answers as (fraction, text)."""

    node: Node
    answers: list[tuple[float, str]]
    unsupported: dict[str, int]

    @property
    def options(self) -> tuple[Option, ...]:
        return label_options([text for _, text in self.answers])

    @property
    def fractions(self) -> dict[str, float]:
        return {option.id: fraction for option, (fraction, _) in zip(self.options, self.answers, strict=True)}


def _read_question(row: int, kind: str, node: Node, unsupported: dict[str, int], enclosures: Enclosures) -> Proposal:
    reader = _READERS.get(kind)
    if reader is None:
        raise RowError("unsupported_interaction", kind=kind[:40])
    _make_plain(node, enclosures)
    _note_feedback(node, unsupported)
    answers = [(_fraction(answer), _text(answer)) for answer in node.children("answer")]
    found, stem = reader(_Question(node, answers, unsupported)), _child_text(node, "questiontext")
    stem = found.stem or stem
    return Proposal(
        row=row,
        kind=found.kind,
        stem=_EMBEDDED.sub(_GAP, stem) if kind == "cloze" else stem,
        options=found.options,
        key=found.key,
        photo=found.photo,
        explanation=_child_text(node, "generalfeedback"),
    )


def _make_plain(question: Node, enclosures: Enclosures) -> None:
    """Turn the HTML of a question's texts into text, with their figures; the question is changed by it."""
    for node in question.descendants(*_TEXTS):
        if node.attributes.get("format", "html") in {"plain_text", "markdown"}:
            continue
        inner = next(iter(node.children("text")), node)
        files = {_path(file): file.own_text() for file in node.children("file")}
        where = sha256(repr(sorted(files.items())).encode()).digest()
        text = html_to_text(inner.own_text(), enclosures, partial(_fetch, files), where)
        inner.parts = [text, *(part for part in inner.parts if isinstance(part, Node))]


def _path(file: Node) -> str:
    return f"{file.attributes.get('path', '')}/{file.attributes.get('name', '')}".strip("/").replace("//", "/")


def _fetch(files: Mapping[str, str], reference: str) -> bytes:
    """Return a file that lies beside a text; nothing from elsewhere."""
    folder, _, path = reference.partition("/")
    encoded = files.get(unquote(path.partition("?")[0]), "") if folder == PLUGIN_FILES else ""
    return _decoded(encoded, "figure_unreadable")


def _note_feedback(question: Node, unsupported: dict[str, int]) -> None:
    """Note words on single answers."""
    said = [each for answer in question.children("answer") for each in answer.children("feedback")]
    unsupported |= {"feedback": 1} if any(map(_text, said)) else {}


class _Answered(msgspec.Struct, frozen=True):
    kind: Interaction
    key: str | tuple[str, ...]
    options: tuple[Option, ...] = ()
    photo: bytes = b""
    stem: str = ""


def _read_truth(question: _Question) -> _Answered:
    return _Answered(Interaction.JUDGEMENT, "".join(text for fraction, text in question.answers if fraction == _FULL))


def _read_short(question: _Question) -> _Answered:
    return _Answered(Interaction.TEXT_ENTRY, _read_variants(question.answers, question.unsupported))


def _read_numbers(question: _Question) -> _Answered:
    """Read numbers with their tolerances."""
    _count_partial([fraction for fraction, _ in question.answers], question.unsupported)
    key = tuple(
        near(_text(answer), _child_text(answer, "tolerance") or "0")
        for answer in question.node.children("answer")
        if _fraction(answer) == _FULL
    )
    if not key:
        raise RowError("key_missing")
    if not all(map(find_near, key)):
        raise RowError("key_unclear", key=key[0][:20])
    return _Answered(Interaction.TEXT_ENTRY, key)


def _read_choice(question: _Question) -> _Answered:
    if _child_text(question.node, "single").lower() == "false":
        return _Answered(Interaction.MULTIPLE, _read_multiple(question.fractions), question.options)
    return _Answered(Interaction.CHOICE, _read_single(question.fractions, question.unsupported), question.options)


def _read_matching(question: _Question) -> _Answered:
    """Read subquestions as sources; one without a text is an answer that belongs to none."""
    pairs = [(_text(each), _text(each.children("answer")[0])) for each in question.node.children("subquestion")]
    sources = [Option(str(number), text) for number, text in enumerate((text for text, _ in pairs if text), 1)]
    targets = label_options(list(dict.fromkeys(target for _, target in pairs)))
    letters = {option.text: option.id for option in targets}
    right = [target for text, target in pairs if text]
    key = tuple(f"{number}{letters[target]}" for number, target in enumerate(right, 1))
    return _Answered(Interaction.MATCH, key, (*sources, *targets))


def _read_cloze(question: _Question) -> _Answered:
    """Read embedded choices; any other embedded answer is not supported."""
    if f"{TAG_KIND}{Interaction.CASE}" in _tags(question.node):
        return _read_case(_child_text(question.node, "questiontext"))
    options: list[Option] = []
    key: list[str] = []
    embedded = _EMBEDDED.findall(_child_text(question.node, "questiontext"))
    for number, (kind, answers) in enumerate(embedded, 1):
        if kind.upper().rstrip("SVH_") not in {"MULTICHOICE", "MC"}:
            raise RowError("unsupported_interaction", kind=f"cloze {kind}"[:40])
        found = [_EMBEDDED_ANSWER.fullmatch(each) for each in _unescaped_split(answers, "~")]
        if not all(found):
            raise RowError("record_shape", detail="cloze")
        own = label_options([_unescape(each[2]) for each in found if each])
        options += [Option(f"{number}{option.id}", option.text) for option in own]
        key += [
            f"{number}{option.id}"
            for option, each in zip(own, found, strict=True)
            if each and each[1] in {"=", "%100%"}
        ]
    return _Answered(Interaction.INLINE_CHOICE, tuple(key), tuple(options))


def _read_case(text: str) -> _Answered:
    """Read our own case: its situation, then a line for each question with its embedded options."""
    options: list[Option] = []
    key: list[str] = []
    found = list(_EMBEDDED.finditer(text))
    starts = [text.rfind("\n", 0, match.start()) + 1 for match in found]
    for number, (match, start) in enumerate(zip(found, starts, strict=True), 1):
        options.append(Option(str(number), text[start : match.start()].strip()))
        answers = [_EMBEDDED_ANSWER.fullmatch(each) for each in _unescaped_split(match[2], "~")]
        for own, each in zip(label_options([_unescape(one[2]) for one in answers if one]), answers, strict=True):
            options.append(Option(f"{number}{own.id}", own.text))
            key += [f"{number}{own.id}"] if each and each[1] not in {"", "%0%"} else []
    return _Answered(Interaction.CASE, tuple(key), tuple(options), stem=text[: starts[0]].strip() if starts else "")


def _read_markers(question: _Question) -> _Answered:
    """Read each drop zone as an area with the name of its marker; a marker without a zone is left out."""
    names = {_child_text(drag, "no"): _text(drag) for drag in question.node.children("drag")}
    kept = dict(tag.removeprefix(TAG_AREA).split(" ", 1) for tag in _tags(question.node) if tag.startswith(TAG_AREA))
    lines, used = [], set()
    for letter, drop in zip(LETTERS, question.node.children("drop"), strict=False):
        used.add(_child_text(drop, "choice"))
        own = find_area(kept.get(letter, "")) or _area_of(_child_text(drop, "shape"), _child_text(drop, "coords"))
        lines.append(area_line(names.get(_child_text(drop, "choice"), ""), own))
    for _ in set(names) - used:
        question.unsupported["marker without a zone"] = question.unsupported.get("marker without a zone", 0) + 1
    photo = next((file.own_text() for file in question.node.children("file")), "")
    return _Answered(Interaction.HOTSPOT, "", label_options(lines), _decoded(photo, "photo_unreadable"))


def _area_of(shape: str, coords: str) -> Area:
    """Return the area of a Moodle zone: x,y;width,height of a rectangle, x,y;radius of a circle, corners of a polygon."""
    numbers = [each.strip() for each in coords.replace(";", ",").split(",")]
    if shape == "rectangle" and all(map(str.isdecimal, numbers)):
        left, top, wide, high = [*map(int, numbers), 0, 0, 0, 0][:4]
        numbers = [str(each) for each in (left, top, left + wide, top + high)]
    area = find_area(f"{_SHAPES.get(shape, shape)} {','.join(numbers)}")
    if area is None:
        raise RowError("area_unclear", excerpt=f"{shape} {coords}"[:40])
    return area


def _decoded(file: str, code: str) -> bytes:
    try:
        return b64decode(file)
    except ValueError as error:
        raise RowError(code) from error


def _unescaped_split(text: str, divider: str) -> list[str]:
    return re.split(rf"(?<!\\){divider}", text)


def _unescape(text: str) -> str:
    """Return an embedded answer without its feedback."""
    return re.sub(r"\\(.)", r"\1", _unescaped_split(text, "#")[0]).strip()


def _read_order(question: _Question) -> _Answered:
    """Read Moodle's ordering question, in which the fraction of an answer is its place."""
    places = question.fractions
    return _Answered(Interaction.ORDER, tuple(sorted(places, key=lambda each: places[each])), question.options)


def _read_essay(question: _Question) -> _Answered:
    """Read an essay, whose information for graders holds what they look for."""
    return _Answered(Interaction.EXTENDED_TEXT, _child_text(question.node, "graderinfo"))


_READERS: Final[Mapping[str, Callable[[_Question], _Answered]]] = {
    "truefalse": _read_truth,
    "shortanswer": _read_short,
    "numerical": _read_numbers,
    "multichoice": _read_choice,
    "ordering": _read_order,
    "matching": _read_matching,
    "cloze": _read_cloze,
    "ddmarker": _read_markers,
    "essay": _read_essay,
}


def _child_text(node: Node, name: str) -> str:
    below = node.children(name)
    return _text(below[0]) if below else ""


def _text(node: Node) -> str:
    """Return the text of an element that keeps it in `text`, or directly."""
    inner = node.children("text")
    return (inner[0].own_text() if inner else node.own_text()).strip()


def _fraction(answer: Node) -> float:
    try:
        return float(answer.attributes.get("fraction", "0"))
    except ValueError as error:
        raise RowError("record_shape", detail="fraction") from error


def _count_partial(fractions: list[float], unsupported: dict[str, int]) -> None:
    if any(0 < fraction < _FULL for fraction in fractions):
        unsupported["partial_credit"] = unsupported.get("partial_credit", 0) + 1


def _read_single(fractions: dict[str, float], unsupported: dict[str, int]) -> tuple[str, ...]:
    _count_partial(list(fractions.values()), unsupported)
    return tuple(letter for letter, fraction in fractions.items() if fraction == _FULL)


def _read_multiple(fractions: dict[str, float]) -> tuple[str, ...]:
    right = {letter: fraction for letter, fraction in fractions.items() if fraction > 0}
    if right and abs(sum(right.values()) - _FULL) > _SLACK:
        raise RowError("partial_credit")
    return tuple(right)


def _read_variants(answers: list[tuple[float, str]], unsupported: dict[str, int]) -> tuple[str, ...]:
    """Return the full-mark variants; a wildcard would accept answers nobody listed."""
    variants = tuple(text for fraction, text in answers if fraction == _FULL)
    _count_partial([fraction for fraction, _ in answers], unsupported)
    if any(_WILDCARD.search(variant) for variant in variants):
        raise RowError("record_shape", detail="*")
    if not variants:
        raise RowError("key_missing")
    return tuple(variant.replace(r"\*", "*") for variant in variants)
