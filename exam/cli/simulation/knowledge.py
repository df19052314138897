"""What a simulated candidate has studied: the project's own seed bank, by the words of stem and options."""

from importlib.resources import files
from random import Random

import msgspec

from exam.cli.simulation.schemas import Slot


class Known(msgspec.Struct):
    """One item of a seed bank."""

    id: str
    interaction: str
    stem: str
    options: list[str]
    key: list[str]
    node: str
    depth: str
    difficulty: int
    explanation: str
    basis: str


class Knowledge:
    """Right answers by stem; a candidate knows each with a probability of its own."""

    def __init__(self, qualification: str) -> None:
        text = (files("questionbank") / "seed" / qualification / "items.jsonl").read_text(encoding="utf-8")
        decode = msgspec.json.Decoder(Known).decode
        self._right: dict[str, set[str]] = {}
        for line in text.splitlines():
            item = decode(line)
            letters = {chr(65 + position): option for position, option in enumerate(item.options)}
            self._right[item.stem] = {letters.get(letter, letter) for letter in item.key}

    def answer(self, slot: Slot, ability: float, random: Random) -> list[str] | str:
        """Return the labels this candidate chooses: the right ones with probability `ability`, else a guess."""
        right = self._right.get(slot.stem, set())
        labels = [option.label for option in slot.options]
        chosen = [option.label for option in slot.options if option.text in right or option.label in right]
        if chosen and random.random() < ability:
            return chosen
        size = 1 if slot.interaction != "multiple" else random.randint(1, len(labels))
        return sorted(random.sample(labels, size))
