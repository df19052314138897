"""填空: answered by typing one of the accepted variants."""

import re
from collections.abc import Sequence
from typing import Final

from questionbank.formats.keys import split_variants
from questionbank.formats.refusals import RowError
from questionbank.formats.wording import OPTION_LIMIT, require_text
from questionbank.interactions.kind import Kind, Labelled, Settled
from questionbank.items.content import Interaction, ItemContent, Option

BLANK: Final = re.compile(r"_{2,}|＿{2,}|[（(]\s*[)）]")
"""A place that is left open in a stem."""


_NEAR: Final = re.compile(r"([+-]?\d{1,30}(?:\.\d{1,30})?)\s*(?:±|\+-|\+/-)\s*(\d{1,30}(?:\.\d{1,30})?)", re.ASCII)


def find_near(variant: str) -> tuple[str, str] | None:
    """Return number and tolerance of a variant such as 36±0.5, which accepts every number from 35.5 to 36.5."""
    match = _NEAR.fullmatch(variant)
    return (match[1], match[2]) if match else None


def near(number: str, tolerance: str) -> str:
    """Return the variant that accepts every number within `tolerance` of `number`."""
    return f"{number}±{tolerance}"


def _settle(variant: str) -> str:
    found = find_near(variant)
    return near(*found) if found else variant


class TextEntry(Kind):
    """填空题: one blank; the key holds the accepted variants."""

    interaction = Interaction.TEXT_ENTRY
    name = "填空题"
    words = "填空 填空题 text_entry textentry fill blank fill_blank shortanswer"
    rule = "text"

    def settle(self, stem: str, options: tuple[Option, ...], key: str | tuple[str, ...]) -> Settled:
        del options
        blanks = len(BLANK.findall(stem))
        if blanks > 1:
            raise RowError("blank_count", count=blanks)
        variants = split_variants(key) if isinstance(key, str) else key
        checked = tuple(_settle(require_text(" ".join(each.split()), "答案", OPTION_LIMIT)) for each in variants)
        if not checked or not all(checked):
            raise RowError("key_missing")
        return (), checked

    def key_of(self, content: ItemContent, labels: Labelled) -> tuple[str, ...]:
        del content, labels
        return ()

    def accepted(self, content: ItemContent) -> tuple[str, ...]:
        return content.key

    def cell(self, content: ItemContent) -> str:
        return "|".join(content.key)

    def told(self, options: Labelled, key: Sequence[str]) -> tuple[str, ...]:
        del options
        return tuple(key)
