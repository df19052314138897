"""匹配: each source is given one of the targets (QTI match interaction)."""

from collections.abc import Sequence
from itertools import product
from string import ascii_uppercase
from typing import Final

from questionbank.formats.options import LETTERS
from questionbank.formats.refusals import RowError
from questionbank.interactions.grouped import MOST_GROUPS, Grouped, keys_by_group, require_texts
from questionbank.interactions.kind import Labelled, Settled, Shown, scrambled
from questionbank.items.content import Interaction, ItemContent, Option

ARROW: Final = "->"


class Match(Grouped):
    """匹配题: sources have the ids 1, 2, …, targets A, B, …; the key pairs them, as "1B"."""

    interaction = Interaction.MATCH
    name = "匹配题"
    words = "匹配 匹配题 连线 连线题 配对题 配伍题 match matching"
    lines = "每行一对,写成“左边 -> 右边”;多余的干扰项写成“-> 右边”。右边的次序由系统打乱。"

    def settle(self, stem: str, options: tuple[Option, ...], key: str | tuple[str, ...]) -> Settled:
        del stem
        pairs = _pairs_of_lines(options) if isinstance(key, str) else _pairs_of_key(options, key)
        texts = [(source, target) for source, target in pairs if source]
        sources = require_texts((source for source, _ in texts), ARROW)
        targets = scrambled(dict.fromkeys(require_texts((target for _, target in pairs), ARROW)))
        lines = len(pairs)
        if not (1 < len(sources) <= MOST_GROUPS and len(targets) > 1 and lines <= len(LETTERS)):
            raise RowError("match_count", sources=len(sources), targets=len(targets))
        if len(set(sources)) < len(sources):
            raise RowError("group_keys", count=len(sources))
        letters = dict(zip(targets, LETTERS, strict=False))
        right = require_texts((target for _, target in texts), ARROW)
        stored = [Option(str(number), source) for number, source in enumerate(sources, 1)]
        stored += [Option(letter, target) for target, letter in letters.items()]
        return tuple(stored), tuple(f"{number}{letters[target]}" for number, target in enumerate(right, 1))

    def show(self, content: ItemContent, order: Sequence[int]) -> Shown:
        """Keep the sources in their places and letter the targets as drawn."""
        sources = [option for option in content.options if option.id.isdigit()]
        targets = [content.options[index] for index in order if not content.options[index].id.isdigit()]
        letters = list(zip(ascii_uppercase, targets, strict=False))
        shown = [(source.id, source.text) for source in sources] + [(label, target.text) for label, target in letters]
        pairs = [
            (f"{source.id}{label}", f"{source.id}{target.id}") for source, (label, target) in product(sources, letters)
        ]
        return Shown(tuple(shown), (*pairs, *((label, target.id) for label, target in letters)))

    def told(self, options: Labelled, key: Sequence[str]) -> tuple[str, ...]:
        texts = dict(options)
        known = [label for label in key if label[:1] in texts and label[1:] in texts]
        return tuple(f"{label[:1]}. {texts[label[:1]]} — {texts[label[1:]]}" for label in known)

    def choices(self, content: ItemContent) -> Labelled:
        texts = {option.id: option.text for option in content.options}
        pairs = product(filter(str.isdigit, texts), filter(str.isalpha, texts))
        return tuple((f"{source}{target}", f"{texts[source]} — {texts[target]}") for source, target in pairs)

    def weighed(self, content: ItemContent) -> Labelled:
        texts = {option.id: option.text for option in content.options}
        pairs = product(filter(str.isdigit, texts), filter(str.isalpha, texts))
        return tuple((f"{source}{target}", _line(texts[source], texts[target])) for source, target in pairs)

    def columns(self, content: ItemContent) -> list[str]:
        texts = {option.id: option.text for option in content.options}
        used = {label[1:] for label in content.key}
        pairs = [f"{texts[label[:1]]} {ARROW} {texts[label[1:]]}" for label in content.key]
        return pairs + [f"{ARROW} {text}" for each, text in texts.items() if each.isalpha() and each not in used]


def pair_line(source: Option, target: Option) -> str:
    """Return a pair as an author writes it."""
    return _line(source.text, target.text)


def _line(source: str, target: str) -> str:
    return f"{source} {ARROW} {target}"


def _pairs_of_lines(options: tuple[Option, ...]) -> list[tuple[str, str]]:
    pairs = []
    for number, option in enumerate(options, 1):
        source, arrow, target = option.text.partition(ARROW)
        if not arrow:
            raise RowError("match_line", line=number, excerpt=option.text[:20])
        pairs.append((source.strip(), target.strip()))
    return pairs


def _pairs_of_key(options: tuple[Option, ...], key: tuple[str, ...]) -> list[tuple[str, str]]:
    """Pair each source with its target, then nothing with each target that is left over."""
    texts = {option.id: option.text for option in options}
    sources = [option for option in options if option.id.isdigit()]
    right = keys_by_group(key, len(sources))
    if not set(right) <= set(texts):
        raise RowError("key_without_option", key="".join(sorted(set(right) - set(texts)))[:20])
    pairs = [(source.text, texts[each]) for source, each in zip(sources, right, strict=True)]
    return pairs + [("", text) for each, text in texts.items() if each.isalpha() and each not in right]
