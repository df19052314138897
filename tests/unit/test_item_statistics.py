"""Figures of items: sums that add up, a correlation as numpy has it, jumps that candidates do not explain."""

from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.statistics import Paper, tally
from questionbank.api import Interaction, ScoringForm, ScoringSlot
from questionbank.statistics.figures import Sums
from questionbank.statistics.leaking import Jump, find_jump

ITEM = "00000000-0000-7000-8000-00000000000"
Pairs = list[tuple[int, int]]


def slot(number: int, interaction: Interaction, key: tuple[str, ...], options: str = "") -> ScoringSlot:
    """Return a slot whose displayed options are the author's in reverse."""
    return ScoringSlot(
        slot=number,
        item_id=f"{ITEM}{number}",
        version=f"{number}" * 64,
        interaction=interaction,
        rule="exact",
        key=key,
        accepted=(),
        option_map=tuple(zip(options, reversed(options), strict=True)),
        options=len(options),
        marks=100,
    )


FORM = ScoringForm(
    algorithm="a@1",
    slots=(
        slot(1, Interaction.CHOICE, ("A",), "ABCD"),
        slot(2, Interaction.MULTIPLE, ("A", "B"), "ABC"),
        slot(3, Interaction.JUDGEMENT, ("T",)),
        slot(4, Interaction.TEXT_ENTRY, ("36",)),
    ),
)


def scored(*marks: int) -> list[dict[str, Any]]:
    return [{"slot": n, "marks": each, "full": 100, "correct": each == 100} for n, each in enumerate(marks, 1)]


def test_what_candidates_chose_is_told_by_the_authors_labels_and_what_they_typed_is_not() -> None:
    answers: dict[int, Any] = {1: ("A",), 2: ("A", "C"), 3: ("F",), 4: "张三的电话"}
    one = Paper(form=FORM, responses=answers, slots=scored(100, 50, 0, 0))
    blank = Paper(form=FORM, responses={}, slots=scored(0, 0, 0, 0)[1:])
    voided = Paper(form=FORM, responses={1: ("B",)}, slots=None)
    found = {int(str(item)[-1]): sums for (item, _), sums in tally([one, blank, voided]).items()}
    assert [dict(found[n].choices) for n in (1, 2, 3, 4)] == [{"D": 1}, {"C": 1, "A": 1}, {"F": 1}, {}]
    assert [(found[n].seen, found[n].asked, found[n].correct, found[n].blank) for n in (1, 2)] == [
        (3, 1, 1, 0),
        (3, 2, 0, 1),
    ]
    # of four slots of 100 the other three earned 50 and 100 in all
    assert (found[1].earned, found[1].rest, found[2].earned, found[2].rest) == (
        100,
        50 * 10_000 // 300,
        50,
        100 * 10_000 // 300,
    )
    assert {version for item, version in tally([one]) if item == UUID(f"{ITEM}1")} == {"1" * 64}


def sums_of(pairs: Pairs) -> Sums:
    return Sums.total(
        Sums(
            seen=1,
            asked=1,
            correct=int(x == 100),
            earned=x,
            earned_squares=x * x,
            rest=r,
            rest_squares=r * r,
            products=x * r,
        )
        for x, r in pairs
    )


PAIRS = st.lists(st.tuples(st.sampled_from([0, 50, 100]), st.integers(0, 10_000)), min_size=30, max_size=80)


@given(PAIRS, st.integers(1, 29))
def test_discrimination_is_the_correlation_whatever_the_parts(pairs: Pairs, cut: int) -> None:
    parts = Sums.total([sums_of(pairs[:cut]), sums_of(pairs[cut:])])
    assert parts == sums_of(pairs)
    x, r = (np.array(column) for column in zip(*pairs, strict=True))
    if x.std() == 0 or r.std() == 0:
        assert parts.discrimination is None
    else:
        assert parts.discrimination == pytest.approx(np.corrcoef(x, r)[0, 1], abs=1e-9)
    assert sums_of(pairs[:29]).discrimination is None


def answers(asked: int, right: float, ability: float) -> Sums:
    return Sums(seen=asked, asked=asked, earned=round(asked * right * 100), rest=round(asked * ability * 10_000))


def test_a_jump_is_told_and_a_better_cohort_is_not() -> None:
    before = answers(200, 0.5, 0.7)
    assert find_jump(before, answers(40, 0.95, 0.7)) == Jump(
        asked_before=200, percent_before=50, percent_expected=50, asked_now=40, percent_now=95
    )
    better = answers(40, 0.95, 0.95)
    assert find_jump(answers(200, 0.7, 0.7), better) is None
    assert find_jump(before, answers(19, 1, 0.7)) is None, "too few now"
    assert find_jump(answers(49, 0.5, 0.7), answers(40, 1, 0.7)) is None, "too few before"
    assert find_jump(answers(9000, 0.5, 0.7), answers(9000, 0.6, 0.7)) is None, "sure, and too small"
    assert find_jump(before, answers(40, 0.2, 0.7)) is None, "harder is no leak"


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 10_000), st.integers(1, 10_000))
def test_the_same_answers_are_never_a_jump(right: float, ability: float, before: int, now: int) -> None:
    assert find_jump(answers(before, right, ability), answers(now, right, ability)) is None
