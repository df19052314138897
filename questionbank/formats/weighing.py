"""按答案给分 as text: one answer a line, "A = 0.5" or "左边 -> 右边 = 1", and 其他, 最低 and 最高 where they are not plain."""

import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from exam.core.weights import Weights
from questionbank.formats.refusals import RowError
from questionbank.formats.wording import clean_text
from questionbank.interactions.kind import Kind
from questionbank.items.content import Interaction, ItemContent

OTHERS, LOWEST, HIGHEST = "其他", "最低", "最高"
_ENGLISH: Final = {"others": OTHERS, "least": LOWEST, "most": HIGHEST}
_WORTH: Final = re.compile(r"[+-]?[0-9]{1,4}(?:\.[0-9]{1,2})?")
_UNIT: Final = 100


def weights_lines(weights: Weights, words: Sequence[tuple[str, str]]) -> list[str]:
    """Return weights as text; `words` are label and what stands for it."""
    worth = dict(weights.entries)
    said = [(word, worth[label]) for label, word in words if label in worth]
    said += [(OTHERS, weights.others)] if weights.others else []
    said += [(LOWEST, weights.lowest)] if weights.lowest else []
    said += [] if weights.highest is None else [(HIGHEST, weights.highest)]
    return [f"{word} = {format((Decimal(each) / _UNIT).normalize(), 'f')}" for word, each in said]


def weights_text(kind: Kind, content: ItemContent) -> str:
    """Return the weights of an item as a file or an editor holds them, empty where it has none."""
    if content.weights is msgspec.UNSET:
        return ""
    return "\n".join(weights_lines(content.weights, kind.weighed(content)))


def read_weights(text: str, kind: Kind, content: ItemContent) -> Weights | msgspec.UnsetType:
    """Return the weights that a text gives to an item; raises RowError."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return msgspec.UNSET
    labels = {_fold(word): label for label, word in kind.weighed(content)}
    if not labels:
        raise RowError("weights_kind", kind=kind.name)
    said = _said(lines, {*labels, OTHERS, LOWEST, HIGHEST})
    others, lowest = said.get(OTHERS, 0), said.get(LOWEST, 0)
    entries = tuple((label, said[word]) for word, label in labels.items() if said.get(word, others) != others)
    weights = Weights(entries=entries, others=others, lowest=lowest, highest=said.get(HIGHEST))
    if not earns_most(weights, kind.interaction, list(labels.values()), content.key):
        raise RowError("weights_key")
    return weights


def _said(lines: Sequence[str], known: Collection[str]) -> dict[str, int]:
    """Return hundredths by what they are said of, each once."""
    said: dict[str, int] = {}
    for line in lines:
        name, _, worth = line.replace("＝", "=").rpartition("=")
        word, number = _ENGLISH.get(_fold(name), _fold(name)), worth.strip()
        if word not in known or word in said or not _WORTH.fullmatch(number):
            raise RowError("weights_unclear", excerpt=line.strip()[:40])
        said[word] = int(Decimal(number) * _UNIT)
    return said


def _fold(word: str) -> str:
    return " ".join(clean_text(word).split())


def earns_most(weights: Weights, interaction: Interaction, labels: Sequence[str], key: Sequence[str]) -> bool:
    """Tell whether no response can earn more than the key, which earns more than the least."""
    worth = dict(weights.entries)
    best: dict[str, int] = {}
    for label in labels:
        group = {Interaction.CHOICE: "", Interaction.MATCH: label[:1]}.get(interaction, label)
        best[group] = max(best.get(group, 0), worth.get(label, weights.others))
    most = sum(best.values()) if weights.highest is None else min(sum(best.values()), weights.highest)
    stray = interaction is Interaction.HOTSPOT and weights.others > 0
    return not stray and 0 <= weights.lowest < weights.total(key) >= most
