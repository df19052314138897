"""What an interaction must say of itself, so that no other module asks which one it is."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from hashlib import sha256
from string import ascii_uppercase
from typing import ClassVar

import msgspec

from exam.core.weights import Weights
from questionbank.items.content import Interaction, ItemContent, Option

Labelled = tuple[tuple[str, str], ...]
Settled = tuple[tuple[Option, ...], tuple[str, ...]]
"""Options and key of an item, in the one form in which they are stored."""


class Shown(msgspec.Struct, frozen=True):
    """What one drawn order puts on the page: `options` as (displayed label, text).

    `labels` are (displayed, original) of everything that a response may name, `points` how many places of the photo.
    """

    options: Labelled
    labels: Labelled
    points: int = 0


class Kind(ABC):
    """One interaction.

    `rule` names its score rule (grading.scoring). `reordered` tells that a form draws an order of its options. `lines` is
    the hint of an editor in which the options are typed one a line, empty where it has fields of its own.
    """

    interaction: ClassVar[Interaction]
    name: ClassVar[str]
    words: ClassVar[str]
    rule: ClassVar[str] = "exact"
    reordered: ClassVar[bool] = False
    in_sequence: ClassVar[bool] = False
    """The labels of a key or a response stand in an order that counts."""
    lines: ClassVar[str] = ""
    in_lines: ClassVar[bool] = False
    """A table or a JSON file holds several texts in each of its options."""
    pictured: ClassVar[bool] = False
    """An item has a photo."""

    def restate(self, stem: str) -> str:
        """Return the stem as it is stored."""
        return stem

    @abstractmethod
    def settle(self, stem: str, options: tuple[Option, ...], key: str | tuple[str, ...]) -> Settled:
        """Return the stored options and key of a row, or raise RowError; a key that is a str is in a file's notation."""

    def check(self, content: ItemContent) -> None:  # noqa: B027  # most have nothing to add
        """Raise RowError where the parts of an item do not fit each other."""

    def scaled(self, options: tuple[Option, ...], factor: float) -> tuple[Option, ...]:
        """Return the options of an item whose photo was made smaller by a factor."""
        del factor
        return options

    def show(self, content: ItemContent, order: Sequence[int]) -> Shown:
        """Return what a candidate sees; `order` holds the index of each displayed option."""
        labels = tuple(zip(ascii_uppercase, (content.options[index].id for index in order), strict=False))
        texts = {option.id: option.text for option in content.options}
        return Shown(tuple((label, texts[original]) for label, original in labels), labels)

    def key_of(self, content: ItemContent, labels: Labelled) -> tuple[str, ...]:
        """Return the key in displayed labels; raises KeyError where an option of it is not displayed."""
        displayed = {original: label for label, original in labels}
        key = tuple(displayed[each] for each in content.key)
        return key if self.in_sequence else tuple(sorted(key))

    def weighed(self, content: ItemContent) -> Labelled:
        """Return what may have marks of its own: label and what stands for it in a file; nothing where nothing may."""
        del content
        return ()

    def weights_of(self, content: ItemContent, labels: Labelled) -> Weights | msgspec.UnsetType:
        """Return an item's weights by the labels of `key_of`; raises KeyError where one of them is not displayed."""
        if content.weights is msgspec.UNSET:
            return msgspec.UNSET
        return content.weights.named({original: label for label, original in labels})

    def accepted(self, content: ItemContent) -> tuple[str, ...]:
        """Return the accepted texts of an interaction that is answered by typing."""
        del content
        return ()

    def told(self, options: Labelled, key: Sequence[str]) -> tuple[str, ...]:
        """Return a key or a response in words, by displayed labels; what names nothing displayed is left out."""
        texts = dict(options)
        return tuple(f"{label}. {texts[label]}" for label in key if label in texts)

    def written(self, content: ItemContent) -> Labelled:
        """Return all options by the author's labels."""
        return tuple((option.id, option.text) for option in content.options)

    def choices(self, content: ItemContent) -> Labelled:
        """Return what can be counted of responses: the author's labels with texts."""
        return self.written(content)

    def cell(self, content: ItemContent) -> str:
        """Return the key as a table or a JSON file holds it, which `settle` reads."""
        return "".join(content.key)

    def columns(self, content: ItemContent) -> list[str]:
        """Return the options as a table or a JSON file holds them, which `settle` reads."""
        return [option.text for option in content.options]

    def typed(self, content: ItemContent) -> list[str]:
        """Return the options as an author types them, one a line, which `settle` reads without a key."""
        return self.columns(content)


def scrambled(texts: Iterable[str]) -> list[str]:
    """Return texts in an order that follows from nothing but themselves, so that no author's order tells an answer."""
    return sorted(texts, key=lambda text: sha256(text.encode()).digest())
