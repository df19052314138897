from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.verdict import Outcome, Part, PartRule, PartScore, Verdict, combine, last_valid_day

RULES = (PartRule(Part.THEORY, 8000), PartRule(Part.PRACTICAL, 8000))
START = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)


def taken(part: Part, marks: int, days: float = 0, *, vetoed: bool = False) -> PartScore:
    return PartScore(part=part, marks=marks, taken_at=START + timedelta(days=days), vetoed=vetoed)


def verdict(*scores: PartScore, on: date = date(2027, 1, 1), rules: tuple[PartRule, ...] = RULES) -> Verdict:
    return combine(rules, scores, on=on, validity_months=12)


def test_theory_alone_leaves_the_practical_outstanding() -> None:
    outcome = verdict(taken(Part.THEORY, 8000))
    assert outcome.outcome is Outcome.THEORY_PASSED_PRACTICAL_OUTSTANDING
    assert outcome.theory_valid_until_on == date(2027, 6, 1)


def test_one_hundredth_below_the_pass_mark_fails() -> None:
    assert verdict(taken(Part.THEORY, 7999)).outcome is Outcome.FAILED


def test_both_parts_pass_the_whole_on_the_day_of_the_last() -> None:
    outcome = verdict(taken(Part.THEORY, 8000), taken(Part.PRACTICAL, 8000, 3))
    assert (outcome.outcome, outcome.completed_on) == (Outcome.PASSED, date(2026, 6, 4))


def test_a_practical_before_the_theory_pass_does_not_count() -> None:
    scores = (taken(Part.PRACTICAL, 9000), taken(Part.THEORY, 9000, 1))
    assert verdict(*scores).outcome is Outcome.THEORY_PASSED_PRACTICAL_OUTSTANDING


def test_the_order_of_parts_is_a_number_of_the_rule_set() -> None:
    scores = (taken(Part.PRACTICAL, 9000), taken(Part.THEORY, 9000, 1))
    outcome = combine(RULES, scores, on=date(2027, 1, 1), validity_months=12, theory_first=False)
    assert outcome.outcome is Outcome.PASSED


def test_a_vetoed_practical_fails_whatever_its_marks() -> None:
    outcome = verdict(taken(Part.THEORY, 9000), taken(Part.PRACTICAL, 10_000, 1, vetoed=True))
    assert outcome.outcome is Outcome.FAILED
    assert outcome.theory_valid_until_on == date(2027, 6, 1)


def test_a_failed_practical_can_be_made_good_on_the_same_theory_pass() -> None:
    scores = (taken(Part.THEORY, 9000), taken(Part.PRACTICAL, 7000, 1), taken(Part.PRACTICAL, 8000, 2))
    assert verdict(*scores).outcome is Outcome.PASSED


@pytest.mark.parametrize(("days", "outcome"), [(365, Outcome.PASSED), (366, Outcome.FAILED)])
def test_a_theory_pass_counts_through_its_last_day(days: int, outcome: Outcome) -> None:
    scores = (taken(Part.THEORY, 9000), taken(Part.PRACTICAL, 9000, days))
    assert verdict(*scores, on=date(2027, 6, 30)).outcome is outcome


def test_an_outstanding_practical_lapses_with_the_theory_pass() -> None:
    assert verdict(taken(Part.THEORY, 9000), on=date(2027, 6, 2)).outcome is Outcome.FAILED


def test_a_late_look_does_not_undo_a_pass() -> None:
    scores = (taken(Part.THEORY, 9000), taken(Part.PRACTICAL, 9000, 360))
    assert verdict(*scores, on=date(2030, 1, 1)).outcome is Outcome.PASSED


def test_a_new_theory_pass_opens_the_practical_again() -> None:
    scores = (taken(Part.THEORY, 9000), taken(Part.PRACTICAL, 1000, 1), taken(Part.THEORY, 9000, 400))
    outcome = verdict(*scores, on=date(2027, 7, 10))
    assert outcome.outcome is Outcome.THEORY_PASSED_PRACTICAL_OUTSTANDING


def test_theory_is_the_whole_where_no_practical_is_required() -> None:
    assert verdict(taken(Part.THEORY, 8000), rules=RULES[:1]).outcome is Outcome.PASSED


def test_validity_is_counted_in_shanghai_days() -> None:
    late = PartScore(part=Part.THEORY, marks=9000, taken_at=datetime(2026, 6, 1, 16, 30, tzinfo=UTC))
    assert verdict(late).theory_valid_until_on == date(2027, 6, 2)


def test_what_is_taken_after_the_day_asked_for_does_not_count_yet() -> None:
    scores = (taken(Part.THEORY, 9000), taken(Part.PRACTICAL, 9000, 30))
    assert verdict(*scores, on=date(2026, 6, 15)).outcome is Outcome.THEORY_PASSED_PRACTICAL_OUTSTANDING


@pytest.mark.parametrize("rules", [(), (RULES[0], RULES[0])])
def test_a_rule_set_names_each_part_once(rules: tuple[PartRule, ...]) -> None:
    with pytest.raises(ValueError, match="each required part once"):
        verdict(rules=rules)


@pytest.mark.parametrize(
    ("passed_on", "months", "last"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 23), 12, date(2027, 11, 23)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
    ],
)
def test_months_end_on_the_corresponding_day_or_the_months_last(passed_on: date, months: int, last: date) -> None:
    assert last_valid_day(passed_on, months) == last


@settings(max_examples=80)
@given(
    st.lists(
        st.builds(taken, st.sampled_from(Part), st.integers(0, 10_000), st.integers(0, 500), vetoed=st.booleans()),
        max_size=6,
    ),
    st.randoms(),
)
def test_passing_needs_a_pass_in_each_part_and_not_the_order_of_listing(
    scores: list[PartScore], chance: Random
) -> None:
    outcome = verdict(*scores, on=date(2028, 1, 1))
    if len({score.taken_at for score in scores}) == len(scores):
        assert outcome == verdict(*chance.sample(scores, len(scores)), on=date(2028, 1, 1))
    if outcome.outcome is Outcome.PASSED:
        assert {score.part for score in scores if score.marks >= 8000 and not score.vetoed} == set(Part)
