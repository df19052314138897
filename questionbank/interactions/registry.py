"""The interactions that items may have, in the order of their groups on a form: to add one, add it here."""

from collections.abc import Mapping, Sequence
from typing import Final

from questionbank.formats.words import fold
from questionbank.interactions.case import Case
from questionbank.interactions.extended_text import ExtendedText
from questionbank.interactions.hotspot import Hotspot
from questionbank.interactions.inline_choice import InlineChoice
from questionbank.interactions.kind import Kind, Labelled
from questionbank.interactions.labelled import Choice, Judgement, Multiple
from questionbank.interactions.match import Match
from questionbank.interactions.order import Order
from questionbank.interactions.text_entry import TextEntry
from questionbank.items.content import Interaction, ItemContent

KINDS: Final[Mapping[Interaction, Kind]] = {
    kind.interaction: kind
    for kind in (
        Judgement(),
        Choice(),
        Multiple(),
        TextEntry(),
        Order(),
        Match(),
        InlineChoice(),
        Hotspot(),
        Case(),
        ExtendedText(),
    )
}
KIND_NAMES: Final[Mapping[Interaction, str]] = {kind.interaction: kind.name for kind in KINDS.values()}
_BY_WORD: Final = {word: kind.interaction for kind in KINDS.values() for word in kind.words.split()}


def find_kind(word: str) -> Interaction | None:
    """Return the interaction that a file's word means."""
    return _BY_WORD.get(fold(word).casefold().replace("-", "_"))


def kind_of(content: ItemContent) -> Kind:
    """Return the interaction of an item."""
    return KINDS[content.interaction]


def is_sequence(interaction: Interaction) -> bool:
    """Tell whether the labels of a response stand in an order that counts."""
    return KINDS[interaction].in_sequence


def words_of(interaction: Interaction, options: Labelled, response: Sequence[str]) -> tuple[str, ...]:
    """Return a response in words, by displayed labels; what names no option is left out."""
    return KINDS[interaction].told(options, response)
