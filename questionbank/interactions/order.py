"""排序: answered by putting all options in the right order (QTI order interaction, match_correct)."""

import re
from collections.abc import Sequence
from typing import Final

from questionbank.formats.options import LETTERS, ascii_letter
from questionbank.formats.refusals import RowError
from questionbank.interactions.kind import Kind, Labelled, Settled, scrambled
from questionbank.items.content import Interaction, ItemContent, Option

_BETWEEN: Final = re.compile(r"[\s,，、;；/|.。→>＞-]+")


class Order(Kind):
    """排序题: the key names all options in their right order; the stored order of the options tells nothing."""

    interaction = Interaction.ORDER
    name = "排序题"
    words = "排序 排序题 步骤排序题 order ordering sequence"
    rule = "sequence"
    reordered = True
    in_sequence = True
    lines = "按正确的先后次序填写,每行一步;考生看到的次序由系统打乱。"

    def settle(self, stem: str, options: tuple[Option, ...], key: str | tuple[str, ...]) -> Settled:
        del stem
        if not 1 < len(options) <= len(LETTERS):
            raise RowError("option_count", count=len(options), least=2, most=len(LETTERS))
        ids = _letters(key) if isinstance(key, str) else key
        texts = {option.id: option.text for option in options}
        ids = ids or tuple(texts)  # without a key they stand in the right order already
        if sorted(ids) != sorted(texts):
            raise RowError("order_incomplete", key="".join(ids)[: len(LETTERS)], count=len(texts))
        stored = tuple(Option(letter, text) for letter, text in zip(LETTERS, scrambled(texts.values()), strict=False))
        letters = {option.text: option.id for option in stored}
        return stored, tuple(letters[texts[each]] for each in ids)

    def told(self, options: Labelled, key: Sequence[str]) -> tuple[str, ...]:
        texts = dict(options)
        return tuple(f"{place}. {texts[label]}" for place, label in enumerate(key, 1) if label in texts)

    def typed(self, content: ItemContent) -> list[str]:
        texts = {option.id: option.text for option in content.options}
        return [texts[each] for each in content.key]

    def choices(self, content: ItemContent) -> Labelled:
        """Return nothing: every option is chosen, and where it was put is not counted."""
        del content
        return ()


def _letters(key: str) -> tuple[str, ...]:
    return tuple(ascii_letter(letter) for letter in _BETWEEN.sub("", key.upper()))
