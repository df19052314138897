"""QTI 2.1, 2.2 and 3.0 items with one choice or text-entry interaction (1EdTech QTI 3.0 §5)."""

from typing import Final

import msgspec

from exam.core.sheets.archive import check_archive, read_member
from exam.core.sheets.errors import UnreadableFileError
from questionbank.formats.drafting import read_proposals
from questionbank.formats.markup import Node, parse_xml, tidy_lines
from questionbank.formats.options import label_options
from questionbank.formats.reading import Proposal, Reading, Refusal
from questionbank.formats.refusals import RowError, refuse
from questionbank.formats.write_qti import BASIS, EXPLANATION
from questionbank.items.content import Interaction

ITEM_ROOT: Final = "assessmentitem"

_FEEDBACK: Final = ("feedbackinline", "feedbackblock", "modalfeedback", "rubricblock")
_BLANK: Final = "_____"


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
            _count(unsupported, root.name)
    return read_proposals("qti-package", found, unsupported)


def _count(unsupported: dict[str, int], feature: str) -> None:
    unsupported[feature[:40]] = unsupported.get(feature[:40], 0) + 1


def _read_item(row: int, root: Node, unsupported: dict[str, int]) -> Proposal | Refusal:
    try:
        return _propose(row, root, unsupported)
    except RowError as error:
        if error.code == "unsupported_interaction":
            _count(unsupported, str(error.fields["kind"]))
        return refuse(row, error)


def _propose(row: int, root: Node, unsupported: dict[str, int]) -> Proposal:
    bodies = root.children("itembody")
    if not bodies:
        raise RowError("stem_empty")
    if root.children("templatedeclaration") or root.attributes.get("adaptive") == "true":
        raise RowError("unsupported_interaction", kind="template_or_adaptive")
    interaction = _require_interaction(bodies[0])
    declaration = _find_declaration(root, interaction)
    if any(not _is_own(node) for node in root.descendants(*_FEEDBACK)):
        _count(unsupported, "feedback")
    if interaction.name == "textentryinteraction":
        proposal = _propose_text_entry(row, bodies[0], declaration)
    else:
        proposal = _propose_choice(row, bodies[0], interaction, declaration, unsupported)
    return _with_own_words(proposal, root, bodies[0])


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


def _require_interaction(body: Node) -> Node:
    """Return the one interaction of an item body."""
    names = {node.name for node in _walk(body) if node.name.endswith("interaction")}
    found = body.descendants(*names)
    if len(found) != 1 or found[0].name not in ("choiceinteraction", "textentryinteraction"):
        raise RowError("unsupported_interaction", kind="+".join(sorted(names))[:40] or "no interaction")
    return found[0]


def _walk(node: Node) -> list[Node]:
    nodes = [part for part in node.parts if isinstance(part, Node)]
    return nodes + [below for part in nodes for below in _walk(part)]


def _find_declaration(root: Node, interaction: Node) -> Node:
    identifier = interaction.attributes.get("responseidentifier")
    for declaration in root.children("responsedeclaration"):
        if declaration.attributes.get("identifier") == identifier:
            return declaration
    raise RowError("key_missing")


def _correct_values(declaration: Node) -> list[str]:
    return [
        value.text().strip()
        for correct in declaration.children("correctresponse")
        for value in correct.children("value")
    ]


def _propose_choice(
    row: int, body: Node, interaction: Node, declaration: Node, unsupported: dict[str, int]
) -> Proposal:
    prompt = "\n".join(node.text(*_FEEDBACK) for node in interaction.children("prompt"))
    stem = tidy_lines(f"{body.text('choiceinteraction', *_FEEDBACK)}\n{prompt}")
    choices = interaction.children("simplechoice")
    options = label_options([tidy_lines(choice.text(*_FEEDBACK)) for choice in choices])
    letters = {
        choice.attributes.get("identifier", ""): option.id for choice, option in zip(choices, options, strict=True)
    }
    if declaration.children("mapping"):
        _count(unsupported, "mapping")
    multiple = declaration.attributes.get("cardinality") == "multiple"
    key = tuple(letters.get(value, value) for value in _correct_values(declaration))
    return Proposal(row=row, kind=Interaction.MULTIPLE if multiple else "", stem=stem, options=options, key=key)


def _propose_text_entry(row: int, body: Node, declaration: Node) -> Proposal:
    blank = body.attributes.get("dataankaoblank", _BLANK)
    for node in [body, *_walk(body)]:
        node.parts = [
            blank if isinstance(part, Node) and part.name == "textentryinteraction" else part for part in node.parts
        ]
    variants = dict.fromkeys(_correct_values(declaration) + _full_mark_keys(declaration))
    if not variants:
        raise RowError("key_missing")
    stem = tidy_lines(body.text(*_FEEDBACK))
    return Proposal(row=row, kind=Interaction.TEXT_ENTRY, stem=stem, key=tuple(variants))


def _full_mark_keys(declaration: Node) -> list[str]:
    """Return the mapped answers that earn the most, which is what the correct response earns."""
    entries = declaration.descendants("mapentry")
    values = {
        entry.attributes.get("mapkey", "").strip(): _number(entry.attributes.get("mappedvalue", "0"))
        for entry in entries
    }
    best = max(values.values(), default=0.0)
    return [key for key, value in values.items() if key and value == best and best > 0]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise RowError("record_shape", detail="mappedValue") from error
