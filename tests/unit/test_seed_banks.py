"""Every seed bank is well formed, keyed without doubt, free of near-duplicates and large enough for its blueprint."""

from collections import Counter
from functools import cache
from math import ceil
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
import pytest
from rapidfuzz import fuzz, process

import questionbank
from questionbank.interactions.registry import KINDS
from questionbank.items.content import Depth, Interaction, Option

ROOT = Path(questionbank.__file__).parent / "seed"
REQUIRED = {"officer.general", "principal.chemical-trade", "special.1.2"}
BANKS = sorted(folder.name for folder in ROOT.iterdir() if folder.is_dir())
LETTERS = "ABCDEFGH"
TWINS_ABOVE = 80.0  # rapidfuzz percent

Text = Annotated[str, msgspec.Meta(pattern=r"^\S(.*\S)?$")]
Difficulty = Annotated[int, msgspec.Meta(ge=0, le=100)]
Positive = Annotated[int, msgspec.Meta(gt=0)]


class Node(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A chapter (no parent) or a leaf of the syllabus."""

    code: Text
    parent: str | None
    title: Text
    depth: Depth
    hours: Positive
    weight: Positive


class Syllabus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """syllabus.json."""

    qualification: Text
    version: Text
    title: Text
    nodes: tuple[Node, ...]


class SeedItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of items.jsonl."""

    id: Text
    interaction: Interaction
    stem: Text
    options: tuple[Text, ...]
    key: tuple[Text, ...]
    node: Text
    depth: Depth
    difficulty: Annotated[int, msgspec.Meta(ge=5, le=90)]
    explanation: Text
    basis: Text
    photo: Literal["", "warehouse"] = ""
    figures: tuple[Text, ...] = ()


class Cell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the blueprint; node "*" is the whole syllabus."""

    node: Text
    interaction: Interaction
    difficulty: tuple[Difficulty, Difficulty]
    count: Positive
    marks: Positive


class Blueprint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """blueprint.json."""

    qualification: Text
    title: Text
    duration_min: Positive
    pass_marks: Positive
    cells: tuple[Cell, ...]
    basis: Text


@cache
def get_syllabus(bank: str) -> Syllabus:
    return msgspec.json.decode((ROOT / bank / "syllabus.json").read_bytes(), type=Syllabus)


@cache
def get_blueprint(bank: str) -> Blueprint:
    return msgspec.json.decode((ROOT / bank / "blueprint.json").read_bytes(), type=Blueprint)


@cache
def get_items(bank: str) -> tuple[SeedItem, ...]:
    lines = (ROOT / bank / "items.jsonl").read_bytes().splitlines()
    return tuple(msgspec.json.decode(line, type=SeedItem) for line in lines)


@cache
def list_leaves(bank: str) -> dict[str, Node]:
    nodes = get_syllabus(bank).nodes
    parents = {node.parent for node in nodes}
    return {node.code: node for node in nodes if node.code not in parents}


def list_of(bank: str, interaction: Interaction) -> list[SeedItem]:
    return [item for item in get_items(bank) if item.interaction is interaction]


def is_key_valid(item: SeedItem) -> bool:
    letters = set(LETTERS[: len(item.options)])
    key = set(item.key)
    if len(key) != len(item.key):
        return False
    match item.interaction:
        case Interaction.JUDGEMENT:
            return not item.options and item.key in {("T",), ("F",)}
        case Interaction.CHOICE:
            return len(item.options) in {3, 4} and len(key) == 1 and key <= letters
        case Interaction.MULTIPLE:
            return len(item.options) in {4, 5} and len(key) >= 2 and key <= letters
        case Interaction.TEXT_ENTRY:
            return False
        case _:
            lines = tuple(Option(letter, text) for letter, text in zip(LETTERS, item.options, strict=False))
            return item.key == () and bool(KINDS[item.interaction].settle(item.stem, lines, ""))


def is_in_cell(item: SeedItem, cell: Cell) -> bool:
    low, high = cell.difficulty
    in_node = cell.node in {"*", item.node} or item.node.startswith(f"{cell.node}.")
    return in_node and item.interaction is cell.interaction and low <= item.difficulty <= high


each_bank = pytest.mark.parametrize("bank", BANKS)


def test_the_required_banks_are_present() -> None:
    assert set(BANKS) >= REQUIRED


@each_bank
def test_the_documents_name_the_folder_as_their_qualification(bank: str) -> None:
    assert {get_syllabus(bank).qualification, get_blueprint(bank).qualification} == {bank}


@each_bank
def test_syllabus_has_two_levels_and_unique_codes(bank: str) -> None:
    nodes = get_syllabus(bank).nodes
    chapters = {node.code for node in nodes if node.parent is None}
    assert len({node.code for node in nodes}) == len(nodes)
    assert {node.parent for node in nodes if node.parent is not None} == chapters


@each_bank
def test_chapter_weights_make_one_hundred_percent_of_their_leaves(bank: str) -> None:
    nodes = get_syllabus(bank).nodes
    chapters = {node.code: node.weight for node in nodes if node.parent is None}
    leaves: Counter[str] = Counter()
    for node in nodes:
        if node.parent is not None:
            leaves[node.parent] += node.weight
    assert sum(chapters.values()) == 100
    assert dict(leaves) == chapters


@each_bank
def test_bank_is_large_enough_by_interaction(bank: str) -> None:
    asked = {cell.interaction for cell in get_blueprint(bank).cells}
    least = {Interaction.JUDGEMENT: 120, Interaction.CHOICE: 70, Interaction.MULTIPLE: 30}
    short = {kind: len(list_of(bank, kind)) for kind in asked if len(list_of(bank, kind)) < least[kind]}
    assert not short
    assert len(get_items(bank)) >= 220


@each_bank
def test_every_key_fits_the_options(bank: str) -> None:
    assert [item.id for item in get_items(bank) if not is_key_valid(item)] == []


@each_bank
def test_options_of_an_item_are_distinct(bank: str) -> None:
    assert [item.id for item in get_items(bank) if len(set(item.options)) != len(item.options)] == []


@each_bank
def test_item_ids_are_unique(bank: str) -> None:
    counts = Counter(item.id for item in get_items(bank))
    assert [item_id for item_id, count in counts.items() if count > 1] == []


@each_bank
def test_every_item_is_tagged_to_a_leaf(bank: str) -> None:
    assert [item.id for item in get_items(bank) if item.node not in list_leaves(bank)] == []


@each_bank
def test_every_leaf_has_at_least_three_items(bank: str) -> None:
    counts = Counter(item.node for item in get_items(bank))
    assert [code for code in list_leaves(bank) if counts[code] < 3] == []


@each_bank
def test_no_two_stems_are_near_twins(bank: str) -> None:
    items = get_items(bank)
    stems = [item.stem for item in items]
    likeness = np.triu(process.cdist(stems, stems, scorer=fuzz.ratio, workers=1), k=1)
    twins = [(items[a].id, items[b].id) for a, b in np.argwhere(likeness > TWINS_ABOVE)]
    assert twins == []


@each_bank
def test_blueprint_marks_total_one_hundred_and_the_pass_mark_is_below(bank: str) -> None:
    blueprint = get_blueprint(bank)
    assert sum(cell.count * cell.marks for cell in blueprint.cells) == 10_000
    assert 0 < blueprint.pass_marks < 10_000


@each_bank
def test_every_cell_can_be_drawn_with_a_fifth_to_spare(bank: str) -> None:
    short = [
        cell
        for cell in get_blueprint(bank).cells
        if sum(is_in_cell(item, cell) for item in get_items(bank)) < ceil(cell.count * 1.2)
    ]
    assert short == []


@each_bank
def test_judgement_keys_are_balanced(bank: str) -> None:
    judgements = list_of(bank, Interaction.JUDGEMENT)
    share = sum(item.key == ("T",) for item in judgements) / len(judgements)
    assert 0.4 <= share <= 0.65


@each_bank
def test_no_letter_dominates_the_choice_keys(bank: str) -> None:
    choices = list_of(bank, Interaction.CHOICE)
    counts = Counter(item.key[0] for item in choices)
    assert max(counts.values()) / len(choices) <= 0.4
