"""What a QTI item asks: an interaction with the declaration of its response, and whether a mapping says more than the key."""

from collections.abc import Callable, Mapping, Sequence
from math import isclose
from typing import Final

import msgspec

from questionbank.formats.embedded import find_picture
from questionbank.formats.markup import Node, tidy_lines
from questionbank.formats.media import Fetch
from questionbank.formats.qti_weights import find_weights
from questionbank.formats.refusals import RowError
from questionbank.formats.weighing import weights_lines
from questionbank.items.content import Interaction

FEEDBACK: Final = ("feedbackinline", "feedbackblock", "modalfeedback", "rubricblock")


def count_feature(unsupported: dict[str, int], feature: str) -> None:
    """Note once more that an item has a feature which is left out."""
    unsupported[feature[:40]] = unsupported.get(feature[:40], 0) + 1


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One interaction of an item with the declaration of its response, or several of a kind that belong together."""

    body: Node
    pairs: tuple[tuple[Node, Node], ...]
    unsupported: dict[str, int]
    fetch: Fetch
    template: str = ""
    """The name of the standard response processing, empty where the item has its own."""

    @property
    def photo(self) -> bytes:
        """The picture of the interaction, empty where it has none; raises RowError where it cannot be had."""
        return find_picture(self.interaction, self.fetch)

    @property
    def interaction(self) -> Node:
        return self.pairs[0][0]

    @property
    def declaration(self) -> Node:
        return self.pairs[0][1]

    @property
    def correct(self) -> tuple[str, ...]:
        """The values of the correct response, in the order of the document."""
        return correct_of(self.declaration)

    @property
    def stem(self) -> str:
        """The text of the body and the prompt without that of the interaction."""
        prompt = "\n".join(node.text(*FEEDBACK) for node in self.interaction.children("prompt"))
        return tidy_lines(f"{self.body.text(self.interaction.name, *FEEDBACK)}\n{prompt}")

    def with_blanks(self, blank: str) -> str:
        """Return the text of the body with each interaction as a blank; the body is changed by it."""
        places = {id(interaction) for interaction, _ in self.pairs}
        for node in [self.body, *walk(self.body)]:
            node.parts = [blank if id(part) in places else part for part in node.parts]
        return tidy_lines(self.body.text(*FEEDBACK))

    def note_mapping(self) -> None:
        """Note marks by answer that an item cannot hold: all but the same for each correct value."""
        if any(self.maps_unevenly(declaration) for _, declaration in self.pairs):
            count_feature(self.unsupported, "mapping")

    def weights(self, interaction: Interaction, words: Mapping[str, tuple[str, str]], key: Sequence[str]) -> str:
        """Return the marks by answer as text; `words` are label and word of each mapped answer.

        What an item cannot hold is noted, and what says no more than the key is nothing.
        """
        if not self.maps_unevenly(self.declaration):
            return ""
        labels = {mapped: label for mapped, (label, _) in words.items()}
        by_mapping = self.template == "map_response"
        found = find_weights(self.declaration, interaction, labels, key) if by_mapping else None
        if found is None:
            count_feature(self.unsupported, "mapping")
            return ""
        return "\n".join(weights_lines(found, list(words.values())))

    def maps_unevenly(self, declaration: Node) -> bool:
        """Tell whether a mapping gives marks by answer that are more than the same for each correct value."""
        maps_evenly = _EVENLY.get(self.interaction.name)
        return bool(declaration.children("mapping")) and not (maps_evenly and maps_evenly(declaration))


def correct_of(declaration: Node) -> tuple[str, ...]:
    """Return the values of a correct response, in the order of the document."""
    found = [
        value.text().strip()
        for correct in declaration.children("correctresponse")
        for value in correct.children("value")
    ]
    return tuple(found)


def _shares_evenly(declaration: Node) -> bool:
    """Tell whether a mapping gives every pair of the correct response the same marks and nothing to any other."""
    earning = earning_of(declaration)
    right = correct_of(declaration) or tuple(full_mark_keys(declaration))
    most = sum(earning.values())
    return set(earning) == set(right) and len(set(earning.values())) == 1 and adds_up(declaration, "mapping", most)


def _picks_evenly(declaration: Node) -> bool:
    """Tell whether a mapping of one choice gives marks to the right one alone."""
    return declaration.attributes.get("cardinality") != "multiple" and _shares_evenly(declaration)


def _accepts_evenly(declaration: Node) -> bool:
    """Tell whether a mapping gives every variant of an answer the same marks and nothing to any other text."""
    earning = earning_of(declaration)
    most = max(earning.values(), default=0.0)
    return len(set(earning.values())) == 1 and adds_up(declaration, "mapping", most)


def earning_of(declaration: Node) -> dict[str, float]:
    """Return the mapped answers that change the marks."""
    values = {
        entry.attributes.get("mapkey", ""): number_of(entry.attributes.get("mappedvalue", "0"))
        for entry in declaration.descendants("mapentry")
    }
    return {key: value for key, value in values.items() if value}


def adds_up(declaration: Node, name: str, most: float) -> bool:
    """Tell whether a mapping is the sum of its entries, from 0 to `most`: nothing for any other answer, no bound that cuts."""
    for said in (mapping.attributes for mapping in declaration.children(name)):
        others, lowest = number_of(said.get("defaultvalue", "0")), number_of(said.get("lowerbound", "0"))
        highest = number_of(said.get("upperbound", str(most)))
        if others or not lowest <= 0 or not (highest > most or isclose(highest, most)):
            return False
    return True


def walk(node: Node) -> list[Node]:
    """Return all elements below."""
    nodes = [part for part in node.parts if isinstance(part, Node)]
    return nodes + [below for part in nodes for below in walk(part)]


def full_mark_keys(declaration: Node) -> list[str]:
    """Return the mapped answers that earn the most, which is what the correct response earns."""
    entries = declaration.descendants("mapentry")
    values = {
        entry.attributes.get("mapkey", "").strip(): number_of(entry.attributes.get("mappedvalue", "0"))
        for entry in entries
    }
    best = max(values.values(), default=0.0)
    return [key for key, value in values.items() if key and value == best and best > 0]


def number_of(text: str) -> float:
    """Return what an answer is mapped to; raises RowError `record_shape`."""
    try:
        return float(text)
    except ValueError as error:
        raise RowError("record_shape", detail="mappedValue") from error


_EVENLY: Final[Mapping[str, Callable[[Node], bool]]] = {
    "choiceinteraction": _picks_evenly,
    "hotspotinteraction": _shares_evenly,
    "inlinechoiceinteraction": _shares_evenly,
    "matchinteraction": _shares_evenly,
    "textentryinteraction": _accepts_evenly,
}
"""Interactions of which each right part, or each variant, earns the same, with the mappings that say no more than that."""
