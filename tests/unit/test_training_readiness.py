"""Readiness: an estimate that knows how little it knows."""

from datetime import UTC, datetime, timedelta
from math import isclose

from hypothesis import given, settings
from hypothesis import strategies as st

from exam.training.practice.choosing import Answered, Mode, eligible, next_item
from exam.training.practice.readiness import (
    Level,
    beta_cdf,
    beta_quantile,
    estimate,
    rank_reading,
    readiness_of,
)
from questionbank.api import Interaction, PoolItem

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
SHAPES = st.floats(0.3, 60)
ANSWERS = st.lists(st.tuples(st.sampled_from(["1.1", "1.2", "2.1", "21.1"]), st.booleans()), max_size=40)


def area(x: float, a: float, b: float, steps: int = 4000) -> float:
    """Integrate the beta density with integer shapes by the midpoint rule: another way to the same figure."""
    points = [(k + 0.5) / steps for k in range(steps)]
    density: list[float] = [p ** (a - 1) * (1 - p) ** (b - 1) for p in points]
    return sum(d for p, d in zip(points, density, strict=True) if p < x) / sum(density)


def test_the_distribution_is_the_beta_distribution() -> None:
    for a, b in ((1, 1), (2, 5), (7, 3), (12.5, 4)):
        for x in (0.1, 0.35, 0.5, 0.8, 0.97):
            assert isclose(beta_cdf(x, a, b), area(x, a, b), abs_tol=2e-3)
    assert isclose(beta_cdf(0.3, 1, 1), 0.3)


@given(st.floats(0.01, 0.99), SHAPES, SHAPES)
@settings(max_examples=60)
def test_quantile_and_distribution_undo_each_other(share: float, a: float, b: float) -> None:
    assert isclose(beta_cdf(beta_quantile(share, a, b), a, b), share, abs_tol=1e-4)
    assert isclose(beta_cdf(0.4, a, b) + beta_cdf(0.6, b, a), 1, abs_tol=1e-9)


@given(st.integers(0, 30), st.integers(0, 30), st.floats(0.05, 0.95))
@settings(max_examples=60)
def test_an_estimate_lies_between_what_was_expected_and_what_was_seen(right: int, wrong: int, prior: float) -> None:
    found = estimate(right, right + wrong, prior_mean=prior, prior_answers=4)
    assert 0 <= found.low <= found.high <= 1
    ends = sorted((prior, right / (right + wrong) if right + wrong else prior))
    assert ends[0] - 1e-9 <= found.mean <= ends[1] + 1e-9
    more = estimate(right + 1, right + wrong + 1, prior_mean=prior, prior_answers=4)
    assert more.mean >= found.mean
    assert more.low >= found.low - 1e-9


@given(ANSWERS)
@settings(max_examples=40)
def test_nodes_hold_their_subtree_and_nobody_elses(answers: list[tuple[str, bool]]) -> None:
    found = readiness_of(answers, ["1", "1.1", "1.2", "2", "2.1"])
    assert found.nodes["1"].answers == found.nodes["1.1"].answers + found.nodes["1.2"].answers
    assert found.nodes["2"].answers == found.nodes["2.1"].answers  # and none of 21.1
    assert found.overall.answers == len(answers)


def test_more_answers_narrow_the_range_and_few_say_nothing() -> None:
    few, many = (estimate(n, n, prior_mean=0.5, prior_answers=4) for n in (2, 40))
    assert many.high - many.low < few.high - few.low
    assert (few.level(0.8), many.level(0.8)) == (Level.UNKNOWN, Level.READY)
    assert estimate(1, 20, prior_mean=0.5, prior_answers=4).level(0.8) is Level.WEAK
    assert estimate(4, 5, prior_mean=0.8, prior_answers=4).level(0.8) is Level.UNSURE


def test_reading_goes_where_most_marks_are_at_stake() -> None:
    found = readiness_of([("1.1", True)] * 9 + [("2.1", False)] * 3, ["1.1", "2.1", "3.1", "4.1"])
    assert rank_reading(found.nodes, {"1.1": 10, "2.1": 4, "3.1": 1, "4.1": 0}) == ["2.1", "1.1", "3.1"]


def item(number: int, node: str = "1.1") -> PoolItem:
    return PoolItem(
        item_id=f"i{number}",
        version=f"v{number}",
        node=node,
        interaction=Interaction.JUDGEMENT,
        difficulty=30,
        options=0,
    )


def test_modes_choose_their_items_and_the_oldest_comes_back_first() -> None:
    pool = [item(1), item(2, "1.2"), item(3, "11.1")]
    answered = {
        "i1": Answered("1.1", right=False, at=NOW),
        "i2": Answered("1.2", right=True, at=NOW - timedelta(days=1)),
        "i9": Answered("1.1", right=False, at=NOW),
    }
    assert eligible(pool, answered, {"i3"}, Mode.NODE, "1") == pool[:2]
    assert eligible(pool, answered, {"i3"}, Mode.WRONG) == [pool[0]]
    assert eligible(pool, answered, {"i3"}, Mode.FAVOURITE) == [pool[2]]
    assert next_item(pool, answered, lambda _: 0) == pool[2]  # never answered
    assert next_item(pool[:2], answered, lambda _: 0) == pool[1]
    assert next_item([], answered, lambda _: 0) is None
