"""QTI 2.1, 2.2 and 3.0 items and packages (1EdTech QTI 3.0 §5); their interactions stand in `qti_interactions`."""

import posixpath
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Final
from urllib.parse import unquote

import msgspec

from exam.core.sheets.archive import check_archive, member_reader
from exam.core.sheets.errors import UnreadableFileError
from questionbank.formats.drafting import read_proposals
from questionbank.formats.embedded import hold_figures
from questionbank.formats.enclosing import Enclosures
from questionbank.formats.markup import Node, parse_xml, tidy_lines
from questionbank.formats.media import Fetch, load
from questionbank.formats.qti_asked import FEEDBACK, count_feature
from questionbank.formats.qti_interactions import find_asked, is_for_scorers, read_asked
from questionbank.formats.qti_numbers import with_numbers
from questionbank.formats.qti_tests import TEST_ROOT, read_test
from questionbank.formats.reading import Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.formats.write_qti import BASIS, EXPLANATION

ITEM_ROOT: Final = "assessmentitem"
STIMULUS_ROOT: Final = "assessmentstimulus"


def read_qti_item(root: Node) -> Reading:
    """Read one item document."""
    gathered = _Gathered()
    gathered.add_item("", root, lambda _: b"")
    return gathered.reading("qti", ())


def read_qti_package(data: bytes) -> Reading:
    """Read every item and every test of a content package; rows count the item documents by name."""
    gathered, tests, names = _Gathered(), [], frozenset(check_archive(data))
    read = member_reader(data)
    for name in sorted(names):
        if not name.lower().endswith(".xml"):
            continue
        try:
            root = parse_xml(read(name))
        except UnreadableFileError as error:
            gathered.refuse(RowError("record_shape", detail=f"{name[:60]} {error.code}"))
            continue
        if root.name == ITEM_ROOT:
            gathered.add_item(name, root, partial(_fetch, read, names, name))
        elif root.name == TEST_ROOT:
            tests.append((name, root))
        elif root.name not in {"manifest", STIMULUS_ROOT}:
            count_feature(gathered.unsupported, root.name)
    return gathered.reading("qti-package", tests)


class _Gathered:
    """The items of a file so far, with what each says that an item cannot hold."""

    def __init__(self) -> None:
        self.found: list[Proposal | Refusal] = []
        self.unsupported: dict[str, int] = {}
        self.left_out: dict[int, tuple[str, ...]] = {}
        self.rows: dict[str, int] = {}
        self.enclosures = Enclosures()

    def add_item(self, name: str, root: Node, fetch: Fetch) -> None:
        row, own = len(self.found) + 1, dict[str, int]()
        hold_figures(root, self.enclosures, fetch, name)
        self.found.append(_read_item(row, root, own, fetch, self.enclosures))
        self.rows[name] = row
        for feature, count in own.items():
            self.unsupported[feature] = self.unsupported.get(feature, 0) + count
        if own:
            self.left_out[row] = tuple(own)

    def refuse(self, error: RowError) -> None:
        self.found.append(refuse(len(self.found) + 1, error))

    def reading(self, dialect: str, tests: Sequence[tuple[str, Node]]) -> Reading:
        read = read_proposals(dialect, self.found, self.unsupported, self.enclosures)
        assessments = tuple(read_test(name, root, self.rows) for name, root in tests)
        return msgspec.structs.replace(read, left_out=self.left_out, tests=assessments)


def _fetch(read: Callable[[str], bytes], names: Collection[str], item: str, reference: str) -> bytes:
    """Return a file of the package by its reference in an item of it; nothing from outside."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(item), unquote(reference)))
    return read(path) if path in names else b""


def _read_item(
    row: int, root: Node, unsupported: dict[str, int], fetch: Fetch, enclosures: Enclosures
) -> Proposal | Refusal:
    try:
        for body in root.children("itembody"):
            body.parts[:0] = _stimuli(row, root, fetch, enclosures)
        return _propose(row, root, unsupported, fetch)
    except RowError as error:
        if error.code == "unsupported_interaction":
            count_feature(unsupported, str(error.fields["kind"]))
        return refuse(row, error)


def _stimuli(row: int, root: Node, fetch: Fetch, enclosures: Enclosures) -> list[Node]:
    """Return what an item shares with others and is read before it (QTI 3.0 §4); raises RowError where it is not there."""
    found: list[Node] = []
    for each in root.children("assessmentstimulusref"):
        address = each.attributes.get("href", "")
        try:
            stimulus = parse_xml(load(address, fetch))
        except UnreadableFileError as error:
            raise RowError("record_shape", detail=f"{address[-60:]} {error.code}") from error
        beside = partial(_fetch_beside, fetch, address)
        hold_figures(stimulus, enclosures, beside, (row, address))
        found += stimulus.children("stimulusbody")
    return found


def _fetch_beside(fetch: Fetch, address: str, reference: str) -> bytes:
    return fetch(posixpath.join(posixpath.dirname(address), reference))


def _propose(row: int, root: Node, unsupported: dict[str, int], fetch: Fetch) -> Proposal:
    bodies = root.children("itembody")
    if not bodies:
        raise RowError("stem_empty")
    if root.children("templatedeclaration") or root.attributes.get("adaptive") == "true":
        raise RowError("unsupported_interaction", kind="template_or_adaptive")
    asked = find_asked(root, bodies[0], unsupported, fetch)
    essay = asked.interaction.name == "extendedtextinteraction"
    if any(not (_is_own(node) or (essay and is_for_scorers(node))) for node in root.descendants(*FEEDBACK)):
        count_feature(unsupported, "feedback")
    read = with_numbers(read_asked(row, asked), root, asked.declaration, unsupported)
    return _with_own_words(read, root, bodies[0])


def _is_own(node: Node) -> bool:
    """Tell the feedback in which our own packages keep explanation and basis."""
    return node.name == "modalfeedback" and node.attributes.get("identifier") in {EXPLANATION, BASIS}


def _with_own_words(proposal: Proposal, root: Node, body: Node) -> Proposal:
    texts = {
        node.attributes["identifier"]: tidy_lines(node.text())
        for node in root.children("modalfeedback")
        if _is_own(node)
    }
    return msgspec.structs.replace(
        proposal,
        node=body.attributes.get("dataankaonode", ""),
        depth=body.attributes.get("dataankaodepth", ""),
        difficulty=body.attributes.get("dataankaodifficulty", ""),
        explanation=texts.get(EXPLANATION, ""),
        basis=texts.get(BASIS, ""),
    )
