"""选词填空: each blank of the stem is filled from options of its own (QTI inline choice interaction)."""

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Final

from questionbank.formats.options import LETTERS
from questionbank.formats.refusals import RowError
from questionbank.interactions.grouped import MOST_GROUPS, Grouped, keys_by_group, require_texts
from questionbank.interactions.kind import Labelled, Settled, Shown, scrambled
from questionbank.interactions.text_entry import BLANK
from questionbank.items.content import Interaction, ItemContent, Option

GAP: Final = "____"
"""A blank as it is stored."""
BAR: Final = "|"


class InlineChoice(Grouped):
    """选词填空题: the options of the first blank have the ids 1A, 1B, …; the key names one for each blank."""

    interaction = Interaction.INLINE_CHOICE
    name = "选词填空题"
    words = "选词填空 选词填空题 inline_choice inlinechoice"
    lines = "题目中的空写成 ____;每行对应一个空,各选项用 | 隔开,正确的写在最前。次序由系统打乱。"

    def restate(self, stem: str) -> str:
        return BLANK.sub(GAP, stem)

    def settle(self, stem: str, options: tuple[Option, ...], key: str | tuple[str, ...]) -> Settled:
        groups = _groups_of_lines(options) if isinstance(key, str) else _groups_of_key(options, key)
        blanks = stem.count(GAP)
        if len(groups) != blanks or not 0 < blanks <= MOST_GROUPS:
            raise RowError("gap_count", blanks=blanks, lines=len(groups), most=MOST_GROUPS)
        stored: list[Option] = []
        keys: list[str] = []
        for number, group in enumerate(groups, 1):
            texts = require_texts(group, BAR)
            if not 1 < len(set(texts)) == len(texts) <= len(LETTERS):
                raise RowError("option_count", count=len(set(texts)), least=2, most=len(LETTERS))
            letters = dict(zip(scrambled(texts), LETTERS, strict=False))
            stored += [Option(f"{number}{letter}", text) for text, letter in letters.items()]
            keys.append(f"{number}{letters[texts[0]]}")
        return tuple(stored), tuple(keys)

    def show(self, content: ItemContent, order: Sequence[int]) -> Shown:
        """Letter the options of each blank as drawn."""
        options: list[tuple[str, str]] = []
        labels: list[tuple[str, str]] = []
        for number in sorted({option.id[:1] for option in content.options}):
            drawn = [content.options[index] for index in order if content.options[index].id[:1] == number]
            for letter, option in zip(ascii_uppercase, drawn, strict=False):
                options.append((f"{number}{letter}", option.text))
                labels.append((f"{number}{letter}", option.id))
        return Shown(tuple(options), tuple(labels))

    def told(self, options: Labelled, key: Sequence[str]) -> tuple[str, ...]:
        texts = dict(options)
        return tuple(f"({label[:1]}) {texts[label]}" for label in key if label in texts)

    def columns(self, content: ItemContent) -> list[str]:
        lines = []
        for right in content.key:
            group = [option for option in content.options if option.id[:1] == right[:1]]
            lines.append(BAR.join(option.text for option in sorted(group, key=lambda option: option.id != right)))
        return lines


def _groups_of_lines(options: tuple[Option, ...]) -> list[list[str]]:
    return [[text.strip() for text in option.text.replace("｜", BAR).split(BAR)] for option in options]


def _groups_of_key(options: tuple[Option, ...], key: tuple[str, ...]) -> list[list[str]]:
    """Return the options of each blank, the right one first."""
    count = len({option.id[:1] for option in options})
    rights = [f"{number}{letter}" for number, letter in enumerate(keys_by_group(key, count), 1)]
    groups = []
    for right in rights:
        own = [option for option in options if option.id[:1] == right[:1]]
        if right not in {option.id for option in own}:
            raise RowError("key_without_option", key=right)
        groups.append([option.text for option in sorted(own, key=lambda option: option.id != right)])
    return groups
