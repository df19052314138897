"""A few forms that all candidates share: alike, without a common item where the pool allows, and checked without trust."""

import msgspec
import pytest

from questionbank.blueprints.cells import Blueprint, Cell, PoolItem
from questionbank.blueprints.constraints import Fresh, Reliability, Target
from questionbank.forms.assembly import blueprint_digest
from questionbank.forms.canonical import digest
from questionbank.forms.errors import TargetMissedError
from questionbank.forms.parallel import Choice, assemble_parallel, choice_digest, choose_parallel, is_sound
from questionbank.forms.quotas import ConstraintUnmetError
from questionbank.forms.trial import TrialReport, deal_trial, predict, require_dealable
from tests.unit.test_constraints import NEW, OLD, SINCE, bank, item

SEED = bytes(range(32))
PLAN = msgspec.structs.replace(
    Blueprint(
        qualification="q",
        title="理论",
        duration_min=120,
        pass_marks=1,
        cells=tuple(Cell(node=str(node), interaction=bank(1)[0].interaction, count=4, marks=100) for node in range(10)),
    ),
    enemies=tuple((f"i{number:04}", f"i{number + 101:04}") for number in range(0, 150, 5)),
    one_per_family=True,
    target=Target(mean=42, mean_within=1, spread=18, spread_within=1),
    fresh=Fresh(since=SINCE, least=10, most=16),
    parallel=3,
)
POOL = bank(300)


@pytest.fixture(scope="module")
def choice() -> Choice:
    return choose_parallel(PLAN, POOL, seed=SEED, sitting="s")


def test_chosen_forms_keep_the_blueprint_and_share_nothing(choice: Choice) -> None:
    assert is_sound(PLAN, POOL, choice)
    assert len({each for form in choice for each in form}) == 3 * 40


def test_chosen_forms_are_alike(choice: Choice) -> None:
    forms = assemble_parallel(PLAN, POOL, choice, seed=SEED, sitting="s", keys=["a", "b", "c"])
    told = [predict(PLAN, form) for form in forms]
    assert all(abs(each.mean - 42) <= 0.3 for each in told)
    assert max(each.reliability for each in told) - min(each.reliability for each in told) < 0.02


def test_another_seed_chooses_other_items(choice: Choice) -> None:
    other = choose_parallel(PLAN, POOL, seed=bytes(32), sitting="s")
    assert choice_digest(other) != choice_digest(choice)
    assert choice_digest(()) == ""


def test_neighbours_get_different_forms_and_nobody_the_same_order(choice: Choice) -> None:
    keys = [f"k{number}" for number in range(20)]
    forms = assemble_parallel(PLAN, POOL, choice, seed=SEED, sitting="s", keys=keys)
    sets = [frozenset(slot.item_id for slot in form.slots) for form in forms]
    assert [each == sets[0] for each in sets] == [place % 3 == 0 for place in range(20)]
    assert len({tuple(slot.item_id for slot in form.slots) for form in forms}) == 20
    again = assemble_parallel(PLAN, POOL[::-1], choice, seed=SEED, sitting="s", keys=keys)
    assert list(map(digest, forms)) == list(map(digest, again))


def test_a_choice_that_breaks_the_blueprint_is_not_trusted(choice: Choice) -> None:
    first, *rest = choice
    used = {each for form in choice for each in form}
    stranger = next(each.item_id for each in POOL if each.node == "9" and each.item_id not in used)
    broken: list[Choice] = [
        (first,),
        (first[:-1], *rest),
        ((*first[:-1], first[0]), *rest),
        ((stranger, *first[1:]), *rest),
        (("unknown", *first[1:]), *rest),
    ]
    assert [is_sound(PLAN, POOL, each) for each in broken] == [False] * 5
    with pytest.raises(ConstraintUnmetError):
        assemble_parallel(PLAN, POOL, broken[0], seed=SEED, sitting="s", keys=["a"])


def pair(one: PoolItem, other: PoolItem) -> tuple[Blueprint, list[PoolItem]]:
    cells = (Cell(interaction=one.interaction, count=2, marks=100),)
    return msgspec.structs.replace(PLAN, cells=cells, enemies=(), target=None, fresh=None, parallel=1), [one, other]


@pytest.mark.parametrize(
    ("constraints", "sound"),
    [
        ({}, True),
        ({"enemies": (("i0001", "i0002"),)}, False),
        ({"target": Target(mean=80)}, False),
        ({"fresh": Fresh(since=SINCE, least=2)}, False),
        ({"fresh": Fresh(since=SINCE, least=1)}, True),
    ],
)
def test_each_constraint_of_a_choice_is_checked(constraints: dict[str, object], *, sound: bool) -> None:
    plan, pool = pair(item(1, since=OLD), item(2, since=NEW))
    assert is_sound(msgspec.structs.replace(plan, **constraints), pool, (("i0001", "i0002"),)) is sound


def test_a_family_in_a_choice_is_checked() -> None:
    plan, pool = pair(item(1, family="x"), item(2, family="x"))
    assert not is_sound(plan, pool, (("i0001", "i0002"),))


def test_a_small_pool_shares_items_between_forms() -> None:
    plan, pool = pair(item(1), item(2))
    plan = msgspec.structs.replace(plan, parallel=2)
    assert choose_parallel(plan, pool, seed=SEED, sitting="s") == (("i0001", "i0002"),) * 2


def test_a_trial_of_parallel_forms_tells_of_each() -> None:
    trial = require_dealable(PLAN, POOL)
    assert (len(trial.forms), trial.within, trial.shared_most) == (3, 3, 0)


def test_a_blueprint_whose_forms_miss_the_reliability_cannot_be_published() -> None:
    before = blueprint_digest(PLAN)
    assert blueprint_digest(msgspec.structs.replace(PLAN, reliability=msgspec.UNSET)) == before
    predicted = min(form.reliability for form in deal_trial(PLAN, POOL).forms)
    least = round(predicted * 100) + 10
    strict = msgspec.structs.replace(PLAN, reliability=Reliability(least=least, within=1))
    with pytest.raises(TargetMissedError):
        require_dealable(strict, POOL)
    report = TrialReport.of(strict, deal_trial(strict, POOL))
    assert (report.within, [form.reliable for form in report.forms]) == (0, [False] * 3)
    lenient = msgspec.structs.replace(PLAN, reliability=Reliability(least=least, within=12))
    assert require_dealable(lenient, POOL).within == 3
