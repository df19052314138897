from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from math import comb, prod
from random import Random
from statistics import mean, pstdev

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionbank.blueprints.cells import Blueprint, Cell, PoolItem, Shortage, cell_accepts, check_feasible
from questionbank.forms.assembly import (
    GROUP_ORDER,
    Assembly,
    AssemblyInputError,
    assemble,
    blueprint_digest,
    pool_digest,
    seed_commitment,
)
from questionbank.forms.canonical import digest
from questionbank.forms.dealing import deal_decks
from questionbank.forms.decks import BlueprintInfeasibleError, Deck, build_decks, difficulties
from questionbank.items.content import Interaction

SEED = bytes(range(32))
OPTIONS = {
    Interaction.JUDGEMENT: 0,
    Interaction.CHOICE: 4,
    Interaction.MULTIPLE: 5,
    Interaction.TEXT_ENTRY: 0,
    Interaction.ORDER: 4,
    Interaction.MATCH: 7,
    Interaction.INLINE_CHOICE: 6,
    Interaction.HOTSPOT: 3,
    Interaction.CASE: 8,
    Interaction.EXTENDED_TEXT: 0,
}


def item(number: int, node: str, interaction: Interaction, difficulty: int) -> PoolItem:
    return PoolItem(
        item_id=f"i{number:04}",
        version=f"v{number:04}",
        node=node,
        interaction=interaction,
        difficulty=difficulty,
        options=OPTIONS[interaction],
    )


def blueprint(*cells: Cell) -> Blueprint:
    return Blueprint(qualification="special.1.2", title="理论", duration_min=120, pass_marks=1, cells=cells)


def cell(node: str, interaction: Interaction, count: int, difficulty: tuple[int, int] = (0, 100)) -> Cell:
    return Cell(node=node, interaction=interaction, difficulty=difficulty, count=count, marks=100)


def big_pool(size: int = 600) -> list[PoolItem]:
    chance = Random(7)
    kinds = (Interaction.JUDGEMENT, Interaction.JUDGEMENT, Interaction.CHOICE, Interaction.MULTIPLE)
    return [item(n, f"{n % 5}.{n % 3}", chance.choice(kinds), chance.randrange(101)) for n in range(size)]


THEORY = blueprint(
    cell("*", Interaction.CHOICE, 20),
    cell("1", Interaction.JUDGEMENT, 10),
    cell("*", Interaction.JUDGEMENT, 25, (0, 60)),
    cell("*", Interaction.MULTIPLE, 10),
)
CELLS = st.lists(
    st.builds(cell, st.sampled_from(("*", "1", "2")), st.sampled_from(GROUP_ORDER), st.integers(1, 3)),
    min_size=1,
    max_size=3,
)
POOLS = st.lists(
    st.tuples(st.sampled_from(("1", "1.1", "2")), st.sampled_from(GROUP_ORDER), st.integers(0, 100)),
    min_size=1,
    max_size=24,
).map(lambda rows: [item(number, *row) for number, row in enumerate(rows)])


@st.composite
def ample(draw: st.DrawFn) -> tuple[Blueprint, list[PoolItem]]:
    """Draw a blueprint, its cells overlapping or not, with a pool that fills each cell from items of its own."""
    cells = draw(CELLS)
    rows = [
        (each.node.replace("*", "3"), each.interaction, draw(st.integers(0, 100)))
        for each in cells
        for _ in range(each.count + draw(st.integers(0, 5)))
    ]
    return blueprint(*cells), [item(number, *row) for number, row in enumerate(rows)]


def item_set(form: Assembly) -> frozenset[str]:
    return frozenset(slot.item_id for slot in form.slots)


@settings(max_examples=120)
@given(CELLS, POOLS, st.integers(1, 12), st.binary(min_size=16, max_size=32))
def test_every_form_fills_the_blueprint_with_different_items(
    cells: list[Cell], pool: list[PoolItem], candidates: int, seed: bytes
) -> None:
    plan, keys = blueprint(*cells), [f"k{n}" for n in range(candidates)]
    if check_feasible(plan, pool):
        with pytest.raises(BlueprintInfeasibleError):
            assemble(plan, pool, seed=seed, sitting="s", keys=keys)
        return
    known = {each.item_id: each for each in pool}
    forms = assemble(plan, pool, seed=seed, sitting="s", keys=keys)
    assert [form.key for form in forms] == keys
    for form in forms:
        assert len(item_set(form)) == len(form.slots) == plan.item_count
        assert Counter(slot.cell for slot in form.slots) == {n: each.count for n, each in enumerate(cells)}
        assert all(cell_accepts(cells[slot.cell], known[slot.item_id]) for slot in form.slots)
        assert sum(slot.marks for slot in form.slots) == plan.total_marks


@settings(max_examples=80)
@given(ample(), st.integers(1, 12))
def test_exposure_within_a_deck_differs_by_one_at_most(
    supplied: tuple[Blueprint, list[PoolItem]], candidates: int
) -> None:
    plan, pool = supplied
    forms = assemble(plan, pool, seed=SEED, sitting="s", keys=[f"k{n}" for n in range(candidates)])
    used = Counter((slot.cell, slot.part, slot.item_id) for form in forms for slot in form.slots)
    ranked = sorted(pool, key=lambda each: each.item_id)
    for deck in build_decks(plan, ranked, seed=SEED, sitting="s"):
        exposure = [used[deck.cell, deck.part, ranked[index].item_id] for index in deck.members]
        assert sum(exposure) == deck.hand * candidates
        assert max(exposure) - min(exposure) <= 1


@settings(max_examples=80)
@given(ample(), st.integers(2, 12))
def test_item_sets_differ_wherever_the_decks_allow(supplied: tuple[Blueprint, list[PoolItem]], candidates: int) -> None:
    plan, pool = supplied
    decks = build_decks(plan, sorted(pool, key=lambda each: each.item_id), seed=SEED, sitting="s")
    possible = min(candidates, prod(comb(len(deck.members), deck.hand) for deck in decks))
    forms = assemble(plan, pool, seed=SEED, sitting="s", keys=[f"k{n}" for n in range(possible)])
    assert len({item_set(form) for form in forms}) == possible


def test_equal_item_sets_come_in_different_orders() -> None:
    pool = [item(n, "1", Interaction.JUDGEMENT, 30) for n in range(6)]
    forms = assemble(
        blueprint(cell("*", Interaction.JUDGEMENT, 6)), pool, seed=SEED, sitting="s", keys=list("abcdefgh")
    )
    assert len({item_set(form) for form in forms}) == 1
    assert len({tuple(slot.item_id for slot in form.slots) for form in forms}) == 8


def test_more_candidates_than_orders_still_get_a_form() -> None:
    pool = [item(1, "1", Interaction.JUDGEMENT, 30)]
    forms = assemble(blueprint(cell("*", Interaction.JUDGEMENT, 1)), pool, seed=SEED, sitting="s", keys=["a", "b"])
    assert [len(form.slots) for form in forms] == [1, 1]


@settings(max_examples=15)
@given(st.randoms())
def test_the_order_of_the_pool_does_not_matter(chance: Random) -> None:
    pool, keys = big_pool(), [f"k{n}" for n in range(8)]
    forms = assemble(THEORY, pool, seed=SEED, sitting="s", keys=keys)
    again = assemble(THEORY, chance.sample(pool, len(pool)), seed=SEED, sitting="s", keys=keys)
    assert list(map(digest, forms)) == list(map(digest, again))


def most_shared(decks: Sequence[Deck]) -> int:
    """Return how many items two neighbours have in common at most: what two hands cannot help sharing in each deck."""
    needed = sum(max(0, 2 * deck.hand - len(deck.members)) for deck in decks)
    return needed + sum(max(0, 2 * deck.turned - deck.distance) for deck in decks)


def shared_with_the_next(forms: Sequence[Assembly]) -> list[int]:
    return [len(item_set(one) & item_set(other)) for one, other in pairwise(forms)]


@settings(max_examples=80)
@given(ample(), st.integers(2, 12), st.binary(min_size=16, max_size=32))
def test_neighbours_share_no_more_than_is_stated(
    supplied: tuple[Blueprint, list[PoolItem]], candidates: int, seed: bytes
) -> None:
    plan, pool = supplied
    decks = build_decks(plan, sorted(pool, key=lambda each: each.item_id), seed=seed, sitting="s")
    difficulty = difficulties(sorted(pool, key=lambda each: each.item_id))
    hands = deal_decks(decks, candidates, difficulty, seed=seed, sitting="s")
    rows = [frozenset(row) for row in np.concatenate(hands, axis=1).tolist()]
    assert max(len(one & other) for one, other in pairwise(rows)) <= most_shared(decks)


def test_neighbours_share_nothing_where_the_pool_is_four_times_the_form() -> None:
    keys = [f"k{n}" for n in range(200)]
    forms = assemble(THEORY, big_pool(2000), seed=SEED, sitting="s", keys=keys)
    assert most_shared(forms.decks) == 0
    assert set(shared_with_the_next(forms)) == {0}


def test_forms_are_of_one_difficulty() -> None:
    forms = assemble(THEORY, big_pool(2000), seed=SEED, sitting="s", keys=[f"k{n}" for n in range(200)])
    means = [mean(slot.difficulty for slot in form.slots) for form in forms]
    chance = Random(3)
    plain = [mean(chance.sample([each.difficulty for each in big_pool(2000)], 65)) for _ in range(200)]
    assert pstdev(means) < pstdev(plain) / 5


def test_a_form_is_the_same_whether_laid_out_alone_or_with_all() -> None:
    forms = assemble(THEORY, big_pool(), seed=SEED, sitting="s", keys=["a", "b", "c"])
    assert [forms[-1], *forms[:2]] == [list(forms)[place] for place in (2, 0, 1)]
    with pytest.raises(IndexError):
        forms[3]


def test_the_same_input_gives_the_same_bytes_for_ever() -> None:
    forms = assemble(THEORY, big_pool(), seed=SEED, sitting="s", keys=["a", "b", "standby-1"])
    assert digest(list(forms)) == "3ccfc75bb934c94314a495efe8572fd5d619cc429fd5cefd062875a7eedcca2c"


@pytest.mark.parametrize("change", [{"seed": bytes(32)}, {"sitting": "t"}])
def test_another_seed_or_sitting_gives_other_forms(change: dict[str, object]) -> None:
    drawn: dict[str, object] = {"seed": SEED, "sitting": "s"}
    first = assemble(THEORY, big_pool(), **drawn, keys=["a"])  # type: ignore[arg-type]
    second = assemble(THEORY, big_pool(), **(drawn | change), keys=["a"])  # type: ignore[arg-type]
    assert item_set(first[0]) != item_set(second[0])


def test_groups_follow_one_another_and_options_are_permutations() -> None:
    (form,) = assemble(THEORY, big_pool(), seed=SEED, sitting="s", keys=["a"])
    ranks = [GROUP_ORDER.index(slot.interaction) for slot in form.slots]
    assert ranks == sorted(ranks)
    assert [slot.slot for slot in form.slots] == list(range(1, 66))
    assert all(sorted(slot.option_order) == list(range(OPTIONS[slot.interaction])) for slot in form.slots)


def test_options_come_in_every_order() -> None:
    forms = assemble(THEORY, big_pool(), seed=SEED, sitting="s", keys=[f"k{n}" for n in range(60)])
    orders = Counter(slot.option_order for form in forms for slot in form.slots if len(slot.option_order) == 4)
    assert len(orders) == 24


def test_every_form_has_the_same_profile_of_difficulty_thirds() -> None:
    forms = assemble(THEORY, big_pool(), seed=SEED, sitting="s", keys=[f"k{n}" for n in range(40)])
    profiles = {tuple(sorted(Counter((slot.cell, slot.part) for slot in form.slots).items())) for form in forms}
    assert len(profiles) == 1


def test_an_impossible_blueprint_says_what_is_missing() -> None:
    plan = blueprint(cell("1", Interaction.JUDGEMENT, 3))
    with pytest.raises(BlueprintInfeasibleError) as refusal:
        assemble(plan, [item(1, "1", Interaction.JUDGEMENT, 30)], seed=SEED, sitting="s", keys=["a"])
    assert refusal.value.fields["shortages"] == [Shortage(0, 3, 1)]


@pytest.mark.parametrize(
    "change", [{"seed": b"short"}, {"keys": ["a", "a"]}, {"pool": [item(1, "1", Interaction.JUDGEMENT, 30)] * 2}]
)
def test_unsound_input_is_refused(change: dict[str, object]) -> None:
    sound: dict[str, object] = {"pool": [item(1, "1", Interaction.JUDGEMENT, 30)], "seed": SEED, "keys": ["a"]}
    with pytest.raises(AssemblyInputError):
        assemble(blueprint(cell("1", Interaction.JUDGEMENT, 1)), sitting="s", **(sound | change))  # type: ignore[arg-type]


def test_nobody_registered_gives_no_forms() -> None:
    assert assemble(THEORY, big_pool(), seed=SEED, sitting="s", keys=[])[:] == []


def test_the_pool_digest_freezes_content_not_order() -> None:
    pool = big_pool(20)
    assert pool_digest(pool) == pool_digest(pool[::-1])
    assert pool_digest(pool) != pool_digest(pool[1:])


def test_the_blueprint_digest_changes_with_any_number() -> None:
    other = blueprint(cell("*", Interaction.CHOICE, 21), *THEORY.cells[1:])
    assert blueprint_digest(THEORY) != blueprint_digest(other)


def test_a_commitment_binds_the_seed_to_its_sitting() -> None:
    commitments = {seed_commitment(seed, sitting) for seed in (SEED, bytes(32)) for sitting in ("s", "t")}
    assert len(commitments) == 4
