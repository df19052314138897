"""案例: several questions about one situation, each answered by its options (QTI composite item of choice interactions)."""

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Final

from questionbank.formats.options import LETTERS
from questionbank.formats.refusals import RowError
from questionbank.interactions.grouped import MOST_GROUPS, Grouped, require_texts
from questionbank.interactions.inline_choice import BAR
from questionbank.interactions.kind import Labelled, Settled, Shown
from questionbank.items.content import Interaction, ItemContent, Option

RIGHT: Final = "*"
"""Stands before a right option in a line."""
SEVERAL: Final = "+"
"""Stands behind the displayed number of a question that has several right options."""
LEAST_QUESTIONS: Final = 2
"""One alone is a choice."""
_LEAST_OPTIONS: Final = 2


class Case(Grouped):
    """案例题: the stem is the situation; questions have the ids 1, 2, …, their options 1A, 1B, …; the key names what is right."""

    interaction = Interaction.CASE
    name = "案例题"
    words = "案例 案例题 案例分析题 case composite"
    lines = "题目写案情;每行一问,写成“问题|*正确的选项|其他选项”,正确的选项前加 *,可有几个。选项的次序由系统打乱。"

    def settle(self, stem: str, options: tuple[Option, ...], key: str | tuple[str, ...]) -> Settled:
        del stem
        parts = _parts_of_lines(options) if isinstance(key, str) else _parts_of_key(options, key)
        if not LEAST_QUESTIONS <= len(parts) <= MOST_GROUPS:
            raise RowError("case_count", count=len(parts), least=LEAST_QUESTIONS, most=MOST_GROUPS)
        stored: list[Option] = []
        keys: list[str] = []
        for number, (head, choices) in enumerate(parts, 1):
            [asked, *texts] = require_texts((head, *(text for text, _ in choices)), BAR)
            if not _LEAST_OPTIONS <= len(set(texts)) == len(texts) <= len(LETTERS):
                raise RowError("option_count", count=len(set(texts)), least=_LEAST_OPTIONS, most=len(LETTERS))
            stored.append(Option(str(number), asked))
            for letter, text, (_, right) in zip(LETTERS, texts, choices, strict=False):
                stored.append(Option(f"{number}{letter}", text))
                keys += [f"{number}{letter}"] if right else []
        _check(stored, keys, len(parts))
        return tuple(stored), tuple(keys)

    def show(self, content: ItemContent, order: Sequence[int]) -> Shown:
        """Keep the questions in their places and letter the options of each as drawn."""
        options: list[tuple[str, str]] = []
        labels: list[tuple[str, str]] = []
        for head in questions_of(content):
            several = sum(label[:1] == head.id for label in content.key) > 1
            options.append((head.id + SEVERAL if several else head.id, head.text))
            drawn = [each for each in map(content.options.__getitem__, order) if each.id[:1] == head.id != each.id]
            for letter, option in zip(ascii_uppercase, drawn, strict=False):
                options.append((f"{head.id}{letter}", option.text))
                labels.append((f"{head.id}{letter}", option.id))
        return Shown(tuple(options), tuple(labels))

    def told(self, options: Labelled, key: Sequence[str]) -> tuple[str, ...]:
        texts = dict(options)
        return tuple(f"({label[:1]}) {texts[label]}" for label in key if label in texts)

    def choices(self, content: ItemContent) -> Labelled:
        return tuple(each for each in self.written(content) if not each[0].isdigit())

    def columns(self, content: ItemContent) -> list[str]:
        lines = []
        for head in questions_of(content):
            own = [option for option in content.options if option.id[:1] == head.id != option.id]
            marked = [f"{RIGHT if option.id in content.key else ''}{option.text}" for option in own]
            lines.append(BAR.join([head.text, *marked]))
        return lines


def questions_of(content: ItemContent) -> list[Option]:
    """Return the questions of a case without their options."""
    return [option for option in content.options if option.id.isdigit()]


_Parts = list[tuple[str, list[tuple[str, bool]]]]
"""Each question with its options, and whether they are right."""


def _parts_of_lines(options: tuple[Option, ...]) -> _Parts:
    parts: _Parts = []
    for option in options:
        head, *texts = [text.strip() for text in option.text.replace("｜", BAR).split(BAR)]
        plain = [text.replace("＊", RIGHT, 1) if text.startswith("＊") else text for text in texts]
        parts.append((head, [(text.removeprefix(RIGHT).strip(), text.startswith(RIGHT)) for text in plain]))
    return parts


def _parts_of_key(options: tuple[Option, ...], key: tuple[str, ...]) -> _Parts:
    known = {option.id for option in options if not option.id.isdigit()}
    if not set(key) <= known:
        raise RowError("key_without_option", key="".join(sorted(set(key) - known))[:20])
    return [
        (head.text, [(each.text, each.id in key) for each in options if each.id[:1] == head.id != each.id])
        for head in options
        if head.id.isdigit()
    ]


def _check(stored: Sequence[Option], keys: Sequence[str], questions: int) -> None:
    if len({label[:1] for label in keys}) < questions:
        raise RowError("case_key", count=questions)
    for option in stored:
        if option.text.startswith(RIGHT):
            raise RowError("group_divider", divider=RIGHT, excerpt=option.text[:20])
