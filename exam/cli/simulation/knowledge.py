"""What a simulated candidate has studied: the project's own seed bank, by the words of stem and options."""

from collections.abc import Sequence
from random import Random

from exam.cli.simulation.schemas import Slot
from questionbank.api import read_seed_items, replace_marks


class Knowledge:
    """Right answers by stem; a candidate knows each with a probability of its own."""

    def __init__(self, qualification: str) -> None:
        self._right: dict[str, set[str]] = {}
        for draft in read_seed_items(qualification):
            content = draft.content
            words = [figure.text for figure in content.figures or ()]
            texts = {option.id: _said(option.text, words) for option in content.options}
            self._right[_said(content.stem, words)] = {texts.get(letter, letter) for letter in content.key}

    def answer(self, slot: Slot, ability: float, random: Random) -> list[str] | str:
        """Return the labels this candidate chooses: the right ones with probability `ability`, else a guess."""
        words = [figure.text for figure in slot.figures]
        right = self._right.get(_said(slot.stem, words), set())
        labels = [option.label for option in slot.options]
        chosen = [each.label for each in slot.options if _said(each.text, words) in right or each.label in right]
        if chosen and random.random() < ability:
            return chosen
        size = 1 if slot.interaction != "multiple" else random.randint(1, len(labels))
        return sorted(random.sample(labels, size))


def _said(text: str, words: Sequence[str]) -> str:
    """Return a text with what its figures show at their marks: every form counts the figures anew."""
    return replace_marks(text, lambda _, number: f"〔{words[number - 1]}〕")
