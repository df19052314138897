"""Numbers within a tolerance in QTI (2.x and 3.0 §5, `equal`): read from response processing, and written to it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from questionbank.formats.markup import Node
from questionbank.formats.qti_asked import count_feature
from questionbank.formats.qti_names import QtiXml
from questionbank.formats.reading import Proposal
from questionbank.interactions.text_entry import find_near, near
from questionbank.items.content import Interaction, ItemContent

DATA_VARIANTS: Final = "data-ankao-variants"
"""Keeps the variants of an answer that is both words and a number, which QTI has no one type for."""
_NUMERIC: Final = frozenset({"float", "integer"})
_BOUNDS: Final = 2
_DIGITS: Final = 30


def with_numbers(proposal: Proposal, root: Node, declaration: Node, unsupported: dict[str, int]) -> Proposal:
    """Return a text entry with the tolerances that its response processing gives to numbers."""
    if proposal.kind != Interaction.TEXT_ENTRY:
        return proposal
    own = [body.attributes["dataankaovariants"] for body in root.children("itembody") if _has_variants(body)]
    if own:
        return msgspec.structs.replace(proposal, key=msgspec.json.decode(own[0], type=tuple[str, ...]))
    if declaration.attributes.get("basetype") not in _NUMERIC:
        return proposal
    for _ in root.descendants("equalrounded"):
        count_feature(unsupported, "equalRounded")
    found = [_interval(each, declaration, unsupported) for each in _accepting(root, declaration, unsupported)]
    plain = [near(_plain(number), "0") if (number := _decimal(value)) is not None else value for value in proposal.key]
    return msgspec.structs.replace(proposal, key=tuple(each for each in found if each) or tuple(plain))


def _has_variants(body: Node) -> bool:
    return "dataankaovariants" in body.attributes


def _accepting(root: Node, declaration: Node, unsupported: dict[str, int]) -> list[Node]:
    """Return the comparisons that earn the marks: the first condition, alone or as the parts of an `or`."""
    identifier = declaration.attributes.get("identifier")
    compared = [node for node in root.descendants("equal") if _names(node, identifier)]
    firsts = [part for each in root.descendants("responseif") for part in each.parts if isinstance(part, Node)][:1]
    accepting = [part for each in firsts for part in (each.children("equal") if each.name == "or" else [each])]
    for node in compared:
        if not any(node is each for each in accepting):
            count_feature(unsupported, "equal")
    return [node for node in compared if any(node is each for each in accepting)]


def _names(node: Node, identifier: str | None) -> bool:
    return any(each.attributes.get("identifier") == identifier for each in node.children("variable"))


def _interval(node: Node, declaration: Node, unsupported: dict[str, int]) -> str:
    """Return the variant of a comparison, empty where no variant can say it."""
    values = [each.text().strip() for each in node.children("basevalue")]
    if not values:
        values = [
            each.text().strip() for one in declaration.children("correctresponse") for each in one.children("value")
        ]
    centre = _decimal(values[0]) if values else None
    bounds = _bounds(node, centre)
    is_open = "false" in {node.attributes.get("includelowerbound"), node.attributes.get("includeupperbound")}
    if centre is None or bounds is None or (is_open and any(bounds)):
        count_feature(unsupported, "equal")
        return ""
    below, above = bounds
    if below == above:
        exact = near(values[0], _plain(below))
        return exact if find_near(exact) else near(_plain(centre), _plain(below))
    return near(_plain(centre + (above - below) / 2), _plain((below + above) / 2))


def _bounds(node: Node, centre: Decimal | None) -> tuple[Decimal, Decimal] | None:
    """Return how far below and above a number may lie, None where that is no number."""
    mode = node.attributes.get("tolerancemode", "exact")
    if mode == "exact":
        return Decimal(0), Decimal(0)
    words = [_decimal(word) for word in node.attributes.get("tolerance", "").split()]
    known = [word for word in words if word is not None and word >= 0]
    if centre is None or not known or len(known) < len(words) or len(words) > _BOUNDS:
        return None
    below, above = known[0], known[-1]
    if mode == "relative":
        return abs(centre) * below / 100, abs(centre) * above / 100
    return (below, above) if mode == "absolute" else None


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < _DIGITS else None


def _plain(value: Decimal) -> str:
    return format(value.normalize() + 0, "f")


def nears_of(content: ItemContent) -> list[tuple[str, str]]:
    """Return number and tolerance of every variant, none where one of them is words."""
    found = [find_near(variant) for variant in content.key]
    return [each for each in found if each] if all(found) else []


def score_numbers(xml: QtiXml, root: etree._Element, content: ItemContent) -> None:
    """Write the response processing that gives the mark to every number within its tolerance."""
    condition = xml.element(xml.element(root, "response-processing"), "response-condition")
    then = xml.element(condition, "response-if")
    compared = nears_of(content)
    parent = then if len(compared) == 1 else xml.element(then, "or")
    for number, tolerance in compared:
        bounds: Mapping[str, Any] = {"tolerance_mode": "absolute", "tolerance": f"{tolerance} {tolerance}"}
        equal = xml.element(parent, "equal", **bounds)
        xml.element(equal, "variable", identifier="RESPONSE")
        xml.element(equal, "base-value", number, base_type="float")
    score = xml.element(then, "set-outcome-value", identifier="SCORE")
    xml.element(score, "base-value", "1", base_type="float")


def numbers_as_words(variants: Sequence[str]) -> tuple[str, ...]:
    """Return variants of which those with a tolerance are told as their plain number."""
    found = [find_near(variant) for variant in variants]
    return tuple(dict.fromkeys(pair[0] if pair else variant for pair, variant in zip(found, variants, strict=True)))
