"""Marks by answer in QTI (`mapping` and `areaMapping`, QTI 3.0 §5): read where an item can hold them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from exam.core.weights import Weights
from questionbank.formats.markup import Node
from questionbank.formats.weighing import earns_most
from questionbank.items.content import Interaction

_LARGEST = 9999


def find_weights(
    declaration: Node, interaction: Interaction, labels: Mapping[str, str], key: Sequence[str]
) -> Weights | None:
    """Return the weights of a mapping, None where an item cannot hold them; `labels` are those of the mapped answers.

    An item cannot hold marks finer than a hundredth or below zero, nor a key that earns less than another response.
    """
    mapping, *_ = declaration.children("mapping")
    entries = {
        labels.get(" ".join(each.attributes.get("mapkey", "").split())): each.attributes.get("mappedvalue", "")
        for each in mapping.children("mapentry")
    }
    known = {label: worth for label, worth in entries.items() if label is not None}
    if len(known) < len(entries):
        return None
    return weights_of(mapping, known, interaction, list(labels.values()), key)


def weights_of(
    mapping: Node,
    entries: Mapping[str, str],
    interaction: Interaction,
    labels: Sequence[str],
    key: Sequence[str],
) -> Weights | None:
    """Return the weights of entries by label, as `find_weights`."""
    said = {name: mapping.attributes.get(name) for name in ("defaultvalue", "lowerbound", "upperbound")}
    numbers = [_hundredths(text) for text in [*entries.values(), *filter(None, said.values())]]
    if None in numbers:
        return None
    bounds = {name: _hundredths(text) if text else None for name, text in said.items()}
    others, lowest = bounds["defaultvalue"] or 0, bounds["lowerbound"]
    worth = {label: _hundredths(text) or 0 for label, text in entries.items()}
    if (lowest or 0) < 0 or (lowest is None and min(others, *worth.values()) < 0):
        return None
    weights = Weights(
        entries=tuple((label, worth[label]) for label in labels if worth.get(label, others) != others),
        others=others,
        lowest=lowest or 0,
        highest=bounds["upperbound"],
    )
    return weights if earns_most(weights, interaction, labels, key) else None


def _hundredths(text: str) -> int | None:
    try:
        value = Decimal(text.strip()) * 100
    except InvalidOperation:
        return None
    return int(value) if value.is_finite() and abs(value) <= _LARGEST * 100 and value == int(value) else None
