"""QTI 2.1, 2.2 and 3.0 items and packages (1EdTech QTI 3.0 §5); their interactions stand in `qti_interactions`."""

from typing import Final

import msgspec

from exam.core.sheets.archive import check_archive, read_member
from exam.core.sheets.errors import UnreadableFileError
from questionbank.formats.drafting import read_proposals
from questionbank.formats.markup import Node, parse_xml, tidy_lines
from questionbank.formats.qti_interactions import FEEDBACK, count_feature, find_asked
from questionbank.formats.reading import Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.formats.write_qti import BASIS, EXPLANATION

ITEM_ROOT: Final = "assessmentitem"


def read_qti_item(root: Node) -> Reading:
    """Read one item document."""
    unsupported: dict[str, int] = {}
    return read_proposals("qti", [_read_item(1, root, unsupported)], unsupported)


def read_qti_package(data: bytes) -> Reading:
    """Read every item of a content package; rows count the item documents by name, others are passed over."""
    unsupported: dict[str, int] = {}
    found: list[Proposal | Refusal] = []
    for name in sorted(check_archive(data)):
        if not name.lower().endswith(".xml"):
            continue
        row = len(found) + 1
        try:
            root = parse_xml(read_member(data, name))
        except UnreadableFileError as error:
            found.append(refuse(row, RowError("record_shape", detail=f"{name[:60]} {error.code}")))
            continue
        if root.name == ITEM_ROOT:
            found.append(_read_item(row, root, unsupported))
        elif root.name != "manifest":
            count_feature(unsupported, root.name)
    return read_proposals("qti-package", found, unsupported)


def _read_item(row: int, root: Node, unsupported: dict[str, int]) -> Proposal | Refusal:
    try:
        return _propose(row, root, unsupported)
    except RowError as error:
        if error.code == "unsupported_interaction":
            count_feature(unsupported, str(error.fields["kind"]))
        return refuse(row, error)


def _propose(row: int, root: Node, unsupported: dict[str, int]) -> Proposal:
    bodies = root.children("itembody")
    if not bodies:
        raise RowError("stem_empty")
    if root.children("templatedeclaration") or root.attributes.get("adaptive") == "true":
        raise RowError("unsupported_interaction", kind="template_or_adaptive")
    asked = find_asked(root, bodies[0], unsupported)
    if any(not _is_own(node) for node in root.descendants(*FEEDBACK)):
        count_feature(unsupported, "feedback")
    return _with_own_words(asked.read(row), root, bodies[0])


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
