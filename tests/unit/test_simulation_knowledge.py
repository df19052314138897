"""A simulated candidate who has studied everything answers every kind of item of the seed bank rightly."""

from itertools import permutations
from random import Random

import msgspec
import pytest

from exam.cli.simulation.knowledge import Knowledge
from exam.cli.simulation.schemas import Slot
from exam.delivery.schemas import wire_form
from questionbank.forms.assembly import Assembly, AssemblySlot
from questionbank.forms.views import render_views
from questionbank.interactions.figures import mark, replace_marks
from questionbank.items.content import Interaction, ItemContent, Option
from questionbank.seed_banks import read_seed_items

QUALIFICATION = "officer.general"
CHOSEN = {Interaction.JUDGEMENT, Interaction.CHOICE, Interaction.MULTIPLE}
CONTENTS = [each.content for each in read_seed_items(QUALIFICATION) if each.content.interaction in CHOSEN]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(QUALIFICATION)


def _shown(content: ItemContent, order: tuple[int, ...]) -> tuple[Slot, set[str]]:
    """Return an item as a terminal reads it with its options in this order, and the labels that score."""
    slot = AssemblySlot(
        slot=1,
        item_id="i",
        version="v",
        interaction=content.interaction,
        difficulty=50,
        marks=100,
        cell=0,
        part=0,
        option_order=order,
    )
    assembly = Assembly(key="k", algorithm="a", slots=(slot,))
    candidate, scoring = render_views(assembly, {"v": content}, title="", duration_s=60)
    [wire] = msgspec.to_builtins(wire_form(candidate))["slots"]
    return msgspec.convert(wire, Slot), set(scoring.slots[0].key)


def test_what_was_studied_is_known(knowledge: Knowledge) -> None:
    for content in CONTENTS:
        slot, key = _shown(content, tuple(reversed(range(len(content.options)))))
        assert set(knowledge.answer(slot, 1.0, Random(1))) == key, content.stem


def test_several_figures_are_told_apart_however_the_bank_counts_them(knowledge: Knowledge) -> None:
    """The bank counts figures by their digests, and another encoder writes other bytes."""
    [content] = [each for each in CONTENTS if len(each.figures or ()) > 1]
    for order in permutations(range(len(content.options))):
        slot, key = _shown(_counted(content, order), order)
        assert set(knowledge.answer(slot, 1.0, Random(1))) == key


def _counted(content: ItemContent, order: tuple[int, ...]) -> ItemContent:
    """Return the same item with its figures in another order."""
    figures = content.figures or ()

    def again(text: str) -> str:
        return replace_marks(text, lambda kind, number: mark(kind, order.index(number - 1) + 1))

    return msgspec.structs.replace(
        content,
        stem=again(content.stem),
        options=tuple(Option(option.id, again(option.text)) for option in content.options),
        figures=tuple(figures[place] for place in order),
    )
