"""Tests of QTI 2.1, 2.2 and 3.0 packages (1EdTech QTI 3.0 §4): sections, the items they ask, weights and time."""

import posixpath
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import ceil
from typing import Final
from urllib.parse import unquote

from questionbank.formats.markup import Node, tidy_lines
from questionbank.formats.reading import Assessment, AssessmentSection, LeftOut

TEST_ROOT: Final = "assessmenttest"
_HUNDRED: Final = 100
_MOST_MARKS: Final = 10_000
_MOST_ROWS: Final = 2_000
_KNOWN: Final = frozenset(
    {"assessmentsection", "assessmentitemref", "testpart", "outcomedeclaration", "timelimits", "selection", "ordering"}
    | {"weight", "outcomeprocessing", "itemsessioncontrol"}
)
"""Elements that are read, or that only say how a test is run, which is the rule set's to say."""
_SIMPLE_OUTCOME: Final = frozenset(
    {"setoutcomevalue", "sum", "testvariables", "variable", "basevalue", "numberpresented"}
)

Note = Callable[[Node, str], None]


def read_test(name: str, root: Node, rows: Mapping[str, int]) -> Assessment:
    """Return the test of one document; `rows` are those of the package's items by path.

    What a blueprint cannot hold stands in `left_out`, with the identifier of the part, section or item that asks for it.
    """
    left_out: dict[LeftOut, None] = {}

    def note(node: Node, feature: str) -> None:
        left_out.setdefault(LeftOut(node.attributes.get("identifier", "") or node.name, feature))

    _note_unknown(root, note)
    folder = posixpath.dirname(name)
    sections = [
        section
        for part in root.children("testpart")
        for each in part.children("assessmentsection")
        for section in _sections(each, folder, rows, note)
    ]
    return Assessment(
        title=" ".join(root.attributes.get("title", "").split())[:200] or "QTI",
        sections=tuple(sections),
        duration_min=_minutes(root),
        pass_marks=_pass_marks(root),
        left_out=tuple(left_out),
    )


def _note_unknown(root: Node, note: Note) -> None:
    for child in root.children("outcomeprocessing"):
        if {each.name for each in child.descendants(*_names(child))} - _SIMPLE_OUTCOME:
            note(root, "outcomeProcessing")
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for part in (part for part in node.parts if isinstance(part, Node)):
            if part.name not in _KNOWN:
                note(node, part.name)
            elif part.name == "timelimits" and node is not root and not _is_only_part(root, node):
                note(node, "timeLimits")
            elif part.name in {"testpart", "assessmentsection", "assessmentitemref"}:
                waiting.append(part)


def _names(node: Node) -> set[str]:
    parts = [part for part in node.parts if isinstance(part, Node)]
    return {part.name for part in parts}.union(*(_names(part) for part in parts))


def _is_only_part(root: Node, node: Node) -> bool:
    return root.children("testpart") == [node]


def _sections(section: Node, folder: str, rows: Mapping[str, int], note: Note) -> list[AssessmentSection]:
    """Return a section, and those inside it after it, as one list."""
    inner = section.children("assessmentsection")
    select = _select(section, note)
    if select is not None and inner:
        note(section, "selection of sections")
        select = None
    found: list[int] = []
    marks: list[int] = []
    for reference in section.children("assessmentitemref"):
        path = posixpath.normpath(posixpath.join(folder, unquote(reference.attributes.get("href", ""))))
        if path not in rows:
            note(reference, "item missing")
        elif len(found) < _MOST_ROWS:
            found.append(rows[path])
            marks.append(_weight(reference, note))
    own = [_section(section, found, marks, select)] if found else []
    return own + [each for below in inner for each in _sections(below, folder, rows, note)]


def _section(section: Node, rows: Sequence[int], marks: Sequence[int], select: int | None) -> AssessmentSection:
    attributes = {key: value for each in section.children("selection") for key, value in each.attributes.items()}
    low, high = _percent(attributes.get("low", "0")), _percent(attributes.get("high", "100"))
    return AssessmentSection(
        title=tidy_lines(section.attributes.get("title", ""))[:200],
        rows=tuple(rows),
        marks=tuple(marks),
        select=None if select is None else min(select, len(rows)),
        node=attributes.get("node", "")[:64],
        difficulty=(low, high) if low <= high else (0, _HUNDRED),
    )


def _percent(text: str) -> int:
    return min(int(text), _HUNDRED) if text.isdecimal() and len(text) <= len("100") else 0


def _select(section: Node, note: Note) -> int | None:
    for selection in section.children("selection"):
        if selection.attributes.get("withreplacement") == "true":
            note(section, "selection with replacement")
        wanted = selection.attributes.get("select", "")
        if wanted.isdecimal() and 0 < len(wanted) < 6:  # noqa: PLR2004  # far beyond any test
            return int(wanted)
        note(section, "selection")
    return None


def _weight(reference: Node, note: Note) -> int:
    """Return the marks of an item whose own score is 1, in hundredths."""
    weights = reference.children("weight")
    if not weights:
        return _HUNDRED
    value = _number(weights[0].attributes.get("value", ""))
    hundredths = value * _HUNDRED if value is not None else Decimal(0)
    if len(weights) > 1 or hundredths != hundredths.to_integral_value() or not 0 < hundredths <= _MOST_MARKS:
        note(reference, "weight")
        return _HUNDRED
    return int(hundredths)


def _minutes(root: Node) -> int | None:
    """Return the minutes of the whole test, or of its only part."""
    parts = root.children("testpart")
    for node in (root, *(parts if len(parts) == 1 else ())):
        for limits in node.children("timelimits"):
            seconds = _number(limits.attributes.get("maxtime", ""))
            if seconds is not None and seconds > 0:
                return ceil(seconds / 60)
    return None


def _pass_marks(root: Node) -> int | None:
    for outcome in root.children("outcomedeclaration"):
        value = _number(outcome.attributes.get("masteryvalue", ""))
        if value is not None and value > 0:
            return int(value * _HUNDRED)
    return None


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < 1_000_000 else None  # noqa: PLR2004  # far beyond any test
