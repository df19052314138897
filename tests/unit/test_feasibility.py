from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionbank.blueprints.cells import (
    Blueprint,
    Cell,
    PoolItem,
    Shortage,
    cell_accepts,
    check_feasible,
    in_subtree,
    item_classes,
    share_pool,
)
from questionbank.items.content import Interaction

NODES = ("1", "1.1", "1.2", "2", "10")


def cell(node: str = "*", count: int = 1, difficulty: tuple[int, int] = (0, 100)) -> Cell:
    return Cell(node=node, interaction=Interaction.JUDGEMENT, difficulty=difficulty, count=count, marks=100)


def blueprint(*cells: Cell) -> Blueprint:
    return Blueprint(qualification="special.1.2", title="理论", duration_min=120, pass_marks=1, cells=cells)


def item(number: int, node: str = "1", difficulty: int = 30) -> PoolItem:
    return PoolItem(
        item_id=f"i{number:03}",
        version=f"v{number:03}",
        node=node,
        interaction=Interaction.JUDGEMENT,
        difficulty=difficulty,
        options=0,
    )


CELLS = st.lists(st.builds(cell, st.sampled_from(("*", *NODES)), st.integers(1, 4)), min_size=1, max_size=4)
POOLS = st.lists(st.sampled_from(NODES), max_size=12).map(
    lambda nodes: [item(number, node) for number, node in enumerate(nodes)]
)


def most_filled(cells: list[Cell], pool: list[PoolItem]) -> int:
    """Count the places that can be filled at once, by matching single places to single items (Kuhn)."""
    places = [each for each in cells for _ in range(each.count)]
    holder: dict[int, int] = {}

    def place(number: int, tried: set[int]) -> bool:
        for index, candidate in enumerate(pool):
            if index not in tried and cell_accepts(places[number], candidate):
                tried.add(index)
                if index not in holder or place(holder[index], tried):
                    holder[index] = number
                    return True
        return False

    return sum(place(number, set()) for number in range(len(places)))


@settings(max_examples=150)
@given(CELLS, POOLS)
def test_shortages_sum_to_what_no_allotment_can_fill(cells: list[Cell], pool: list[PoolItem]) -> None:
    missing = sum(shortage.need - shortage.have for shortage in check_feasible(blueprint(*cells), pool))
    assert missing == sum(each.count for each in cells) - most_filled(cells, pool)


@settings(max_examples=80)
@given(CELLS, POOLS, st.randoms())
def test_feasibility_does_not_depend_on_the_order_of_the_pool(
    cells: list[Cell], pool: list[PoolItem], chance: Random
) -> None:
    shuffled = chance.sample(pool, len(pool))
    assert check_feasible(blueprint(*cells), pool) == check_feasible(blueprint(*cells), shuffled)


@settings(max_examples=80)
@given(CELLS, POOLS)
def test_the_whole_pool_is_shared_and_every_item_serves_one_fitting_cell(
    cells: list[Cell], pool: list[PoolItem]
) -> None:
    classes = item_classes(blueprint(*cells), pool)
    allotment = share_pool(blueprint(*cells), classes)
    for number, group in enumerate(classes):
        shares = [allotment.taken[index][number] for index in range(len(cells))]
        assert sum(shares) + allotment.spare[number] == len(group.members)
        assert all(share == 0 for index, share in enumerate(shares) if index not in group.cells)
        assert min(shares) >= 0
    assert not any(allotment.spare)


def test_a_shortage_names_the_cell_its_need_and_what_there_is() -> None:
    shortages = check_feasible(blueprint(cell("1", 2), cell("2", 3)), [item(1), item(2), item(3, "2")])
    assert shortages == [Shortage(cell=1, need=3, have=1)]


def test_a_wide_cell_leaves_the_narrow_one_its_items() -> None:
    pool = [item(1, "1"), item(2, "2")]
    assert check_feasible(blueprint(cell("*", 1), cell("1", 1)), pool) == []
    assert check_feasible(blueprint(cell("*", 1), cell("2", 1)), pool) == []


def test_items_wanted_by_two_cells_count_once() -> None:
    assert check_feasible(blueprint(cell("1", 2), cell("*", 2)), [item(1), item(2), item(3)]) == [Shortage(1, 2, 1)]


def test_a_narrow_cell_gets_its_share_of_variety() -> None:
    cells = (cell("*", 70), cell("1", 10))
    pool = [item(number, "1" if number < 30 else "2") for number in range(130)]
    allotment = share_pool(blueprint(*cells), item_classes(blueprint(*cells), pool))
    assert allotment.held(1) >= 13


@pytest.mark.parametrize(
    ("node", "root", "within"),
    [("1.2", "1", True), ("1", "1", True), ("10", "1", False), ("1", "1.2", False), ("7", "*", True), ("", "1", False)],
)
def test_a_node_stands_for_its_subtree(node: str, root: str, *, within: bool) -> None:
    assert in_subtree(node, root) is within


@pytest.mark.parametrize(("difficulty", "accepted"), [(19, False), (20, True), (60, True), (61, False)])
def test_both_ends_of_a_difficulty_band_belong_to_it(difficulty: int, *, accepted: bool) -> None:
    assert cell_accepts(cell(difficulty=(20, 60)), item(1, difficulty=difficulty)) is accepted


SOUND = {
    "qualification": "special.1.2",
    "title": "低压电工作业 理论",
    "duration_min": 120,
    "pass_marks": 8000,
    "cells": [
        {"node": "*", "interaction": "judgement", "difficulty": [0, 100], "count": 70, "marks": 100},
        {"node": "*", "interaction": "choice", "difficulty": [0, 100], "count": 30, "marks": 100},
    ],
    "basis": "安监总培训〔2013〕104号 第九条",
}


def test_a_blueprint_reads_from_json() -> None:
    read = msgspec.json.decode(msgspec.json.encode(SOUND), type=Blueprint)
    assert (read.total_marks, read.item_count) == (10_000, 100)


@pytest.mark.parametrize(
    "change",
    [
        {"surprise": 1},
        {"pass_marks": 10_001},
        {"cells": []},
        {"cells": [{"interaction": "judgement", "difficulty": [60, 40], "count": 100, "marks": 100}]},
        {"cells": [{"interaction": "judgement", "count": 0, "marks": 100}]},
        {"cells": [{"interaction": "judgement", "count": 100, "marks": 100.5}]},
    ],
)
def test_an_unsound_blueprint_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(SOUND | change), type=Blueprint)
