"""What binds a form as a whole: proven before publication, kept by every form that is dealt."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import combinations, pairwise
from random import Random
from statistics import mean
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from questionbank.blueprints.cells import Blueprint, Cell, PoolItem, Shortage, cell_accepts
from questionbank.blueprints.constraints import Fresh, Target
from questionbank.blueprints.feasibility import Obstacle, find_obstacle
from questionbank.forms.assembly import Assembly, assemble
from questionbank.forms.decks import BlueprintInfeasibleError
from questionbank.forms.quotas import ConstraintUnmetError
from questionbank.items.content import Interaction

SEED = bytes(range(32))
OLD, NEW = date(2024, 1, 1), date(2026, 1, 1)
SINCE = date(2025, 6, 1)


def item(number: int, node: str = "1", difficulty: int = 30, family: str = "", since: date | None = OLD) -> PoolItem:
    return PoolItem(
        item_id=f"i{number:04}",
        version=f"v{number:04}",
        node=node,
        interaction=Interaction.CHOICE,
        difficulty=difficulty,
        options=4,
        family=family,
        since=since,
    )


def cell(node: str = "*", count: int = 1) -> Cell:
    return Cell(node=node, interaction=Interaction.CHOICE, count=count, marks=100)


def blueprint(*cells: Cell, **constraints: object) -> Blueprint:
    return Blueprint(
        qualification="q",
        title="理论",
        duration_min=120,
        pass_marks=1,
        cells=cells,
        **constraints,  # type: ignore[arg-type]
    )


def faults(plan: Blueprint, drawn: Sequence[PoolItem]) -> list[str]:
    """Name the constraints that the items of a form break; written anew, apart from what deals and proves."""
    found = []
    families = Counter(each.family for each in drawn if each.family)
    if plan.one_per_family and max(families.values(), default=0) > 1:
        found.append("family")
    ids = {each.item_id for each in drawn}
    if any(len(ids & set(group)) > 1 for group in plan.enemies):
        found.append("enemy")
    if plan.fresh and not (
        plan.fresh.least
        <= sum(each.since is not None and each.since >= plan.fresh.since for each in drawn)
        <= plan.fresh.most
    ):
        found.append("fresh")
    if plan.target:
        average = mean(each.difficulty for each in drawn)
        if abs(average - plan.target.mean) > plan.target.mean_within:
            found.append("mean")
        spread = mean((each.difficulty - plan.target.mean) ** 2 for each in drawn) ** 0.5
        if plan.target.spread is not None and abs(spread - plan.target.spread) > plan.target.spread_within + 1e-9:
            found.append("spread")
    return found


def fills(plan: Blueprint, drawn: Sequence[PoolItem]) -> bool:
    """Tell whether items can be given to cells so that every cell is filled."""
    places = [each for each in plan.cells for _ in range(each.count)]

    def give(left: list[PoolItem], place: int) -> bool:
        return place == len(places) or any(
            cell_accepts(places[place], each) and give([other for other in left if other is not each], place + 1)
            for each in left
        )

    return give(list(drawn), 0)


FAMILIES = st.sampled_from(("", "", "x", "y"))
DAYS = st.sampled_from((OLD, NEW, None))
POOLS = st.lists(st.tuples(st.sampled_from(("1", "1.1", "2")), st.integers(0, 100), FAMILIES, DAYS), max_size=7).map(
    lambda rows: [item(number, *row) for number, row in enumerate(rows)]
)
TARGETS = st.none() | st.builds(
    Target,
    mean=st.integers(20, 80),
    mean_within=st.integers(1, 20),
    spread=st.none() | st.integers(0, 40),
    spread_within=st.integers(1, 20),
)
FRESH = st.none() | st.integers(0, 3).flatmap(
    lambda least: st.integers(least, 4).map(lambda most: Fresh(since=SINCE, least=least, most=most))
)
ENEMIES = st.lists(st.sets(st.integers(0, 7), min_size=2, max_size=3), max_size=2).map(
    lambda groups: tuple(tuple(f"i{number:04}" for number in sorted(group)) for group in groups)
)
PLANS = st.builds(
    blueprint,
    st.builds(cell, st.sampled_from(("*", "1")), st.integers(1, 2)),
    st.builds(cell, st.sampled_from(("*", "1", "2")), st.integers(1, 2)),
    enemies=ENEMIES,
    one_per_family=st.booleans(),
    target=TARGETS,
    fresh=FRESH,
)


@settings(max_examples=150, deadline=None)
@given(PLANS, POOLS)
def test_an_obstacle_is_named_exactly_where_no_form_exists(plan: Blueprint, pool: list[PoolItem]) -> None:
    forms = [drawn for drawn in combinations(pool, plan.item_count) if fills(plan, drawn)]
    obstacle = find_obstacle(plan, pool)
    assert (obstacle is None) == any(not faults(plan, drawn) for drawn in forms)
    if obstacle is not None and obstacle.constraint != "cell":
        order = ["family", "enemy", "fresh", "mean", "spread"]
        later = order[order.index(obstacle.constraint) + 1 :]
        assert not [drawn for drawn in forms if not set(faults(plan, drawn)) - set(later)]


@settings(max_examples=120, deadline=None)
@given(PLANS, POOLS, st.integers(1, 5))
def test_whatever_is_dealt_keeps_every_constraint(plan: Blueprint, pool: list[PoolItem], candidates: int) -> None:
    known = {each.item_id: each for each in pool}
    try:
        forms = assemble(plan, pool, seed=SEED, sitting="s", keys=[f"k{n}" for n in range(candidates)])
    except (BlueprintInfeasibleError, ConstraintUnmetError):
        return
    for form in forms:
        drawn = [known[slot.item_id] for slot in form.slots]
        assert faults(plan, drawn) == []
        assert Counter(slot.cell for slot in form.slots) == {n: each.count for n, each in enumerate(plan.cells)}


@pytest.mark.parametrize(
    ("constraint", "plan"),
    [
        ("group", {"enemies": (("i0000", "i0001"),)}),
        ("target", {"target": Target(mean=90)}),
    ],
)
def test_a_pool_that_everybody_gets_whole_is_refused_where_it_breaks_a_constraint(
    constraint: str, plan: dict[str, Any]
) -> None:
    pool = [item(number, "1", 10, "", OLD) for number in range(4)]
    with pytest.raises(ConstraintUnmetError) as refusal:
        assemble(blueprint(cell("*", 2), cell("*", 2), **plan), pool, seed=SEED, sitting="s", keys=["k"])
    assert refusal.value.fields == {"constraint": constraint}


def bank(size: int = 1200) -> list[PoolItem]:
    """A bank of ten nodes: every sixth item belongs to a family, every third is new."""
    chance = Random(5)
    return [
        item(
            number,
            str(number % 10),
            min(95, max(5, round(chance.gauss(40, 18)))),
            f"f{number % 97}" if number % 6 == 0 else "",
            NEW if number % 3 == 0 else OLD,
        )
        for number in range(size)
    ]


WHOLE = blueprint(
    *(cell(str(node), 6) for node in range(10)),
    enemies=tuple((f"i{number:04}", f"i{number + 501:04}") for number in range(0, 300, 5)),
    one_per_family=True,
    target=Target(mean=45, mean_within=1, spread=18, spread_within=2),
    fresh=Fresh(since=SINCE, least=15, most=20),
)


def drawn_by(forms: Sequence[Assembly], pool: Sequence[PoolItem]) -> list[list[PoolItem]]:
    known = {each.item_id: each for each in pool}
    return [[known[slot.item_id] for slot in form.slots] for form in forms]


def test_an_ample_bank_deals_forms_that_keep_all_constraints_at_once() -> None:
    pool, keys = bank(), [f"k{n}" for n in range(120)]
    assert find_obstacle(WHOLE, pool) is None
    forms = assemble(WHOLE, pool, seed=SEED, sitting="s", keys=keys)
    assert {tuple(faults(WHOLE, drawn)) for drawn in drawn_by(forms, pool)} == {()}
    assert len({frozenset(slot.item_id for slot in form.slots) for form in forms}) == len(keys)
    assert list(forms) == list(assemble(WHOLE, pool[::-1], seed=SEED, sitting="s", keys=keys))


def test_constraints_leave_neighbours_apart_and_exposure_even() -> None:
    plan = blueprint(*(cell(str(node), 6) for node in range(10)), enemies=WHOLE.enemies, one_per_family=True)
    pool = bank()
    forms = assemble(plan, pool, seed=SEED, sitting="s", keys=[f"k{n}" for n in range(200)])
    sets = [frozenset(slot.item_id for slot in form.slots) for form in forms]
    assert max(len(one & other) for one, other in pairwise(sets)) <= 1
    uses = Counter((slot.cell, slot.part, slot.item_id) for form in forms for slot in form.slots)
    decks = {(cell, part) for cell, part, _ in uses}
    spans = [[uses[each] for each in uses if each[:2] == deck] for deck in decks]
    assert max(max(span) - min(span) for span in spans) <= 1


@pytest.mark.parametrize(
    ("plan", "obstacle"),
    [
        (blueprint(cell("*", 4), one_per_family=True), "family"),
        (blueprint(cell("*", 5), enemies=(("i0000", "i0002"),)), "enemy"),
        (blueprint(cell("*", 2), fresh=Fresh(since=SINCE, least=2)), "fresh"),
        (blueprint(cell("*", 2), target=Target(mean=90, mean_within=5)), "mean"),
        (blueprint(cell("*", 2), target=Target(mean=30, mean_within=5, spread=60, spread_within=5)), "spread"),
        (blueprint(cell("9", 1)), "cell"),
        (blueprint(cell("*", 2), exposure=39), "exposure"),
    ],
)
def test_the_binding_constraint_is_named(plan: Blueprint, obstacle: str) -> None:
    pool = [item(0, family="x"), item(1, family="x"), item(2, family="x"), item(3, since=NEW), item(4, difficulty=60)]
    found = find_obstacle(plan, pool)
    assert found is not None
    assert found.constraint == obstacle


def test_an_obstacle_tells_what_can_be_reached() -> None:
    pool = [item(number, difficulty=10 * number) for number in range(1, 6)]
    found = find_obstacle(blueprint(cell("*", 2), target=Target(mean=70, mean_within=5)), pool)
    assert found == Obstacle(constraint="mean", asked=(65, 75), possible=(15, 45))
    short = find_obstacle(blueprint(cell("*", 2), fresh=Fresh(since=SINCE, least=1)), pool)
    assert short == Obstacle(constraint="fresh", asked=(1, 500), possible=(0, 0))


def test_the_greatest_exposure_says_how_many_items_a_cell_needs() -> None:
    pool = [item(number, node=str(number % 2)) for number in range(20)]
    cells = cell("*", 4), cell("1", 3)
    assert find_obstacle(blueprint(*cells, exposure=35), pool) is None
    assert find_obstacle(blueprint(*cells, exposure=34), pool) == Obstacle(
        constraint="exposure", shortages=(Shortage(1, 9, 8),)
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 60), st.integers(1, 6), st.integers(5, 100), st.integers(1, 60), TARGETS)
@example(41, 6, 29, 10, Target(mean=29, mean_within=1))
def test_no_item_is_dealt_oftener_than_the_greatest_exposure(
    size: int, count: int, most: int, candidates: int, target: Target | None
) -> None:
    pool = [item(number, difficulty=37 * number % 101) for number in range(size)]
    plan = blueprint(cell("*", count), exposure=most, target=target)
    keys = [f"k{number}" for number in range(candidates)]
    try:
        forms = assemble(plan, pool, seed=SEED, sitting="s", keys=keys)
    except (BlueprintInfeasibleError, ConstraintUnmetError):
        assert target is not None or count * 100 > most * size
        return
    uses = Counter(slot.item_id for form in forms for slot in form.slots)
    assert max(uses.values()) <= -(-candidates * most // 100)


def test_a_constraint_that_dealing_cannot_keep_is_refused() -> None:
    pool = [item(number, difficulty=50) for number in range(20)]
    with pytest.raises(ConstraintUnmetError) as refused:
        assemble(blueprint(cell("*", 5), target=Target(mean=80)), pool, seed=SEED, sitting="s", keys=["a"])
    assert refused.value.fields["constraint"] == "target"
