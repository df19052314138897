from datetime import UTC, date, datetime

import pytest

from exam.standards.api import RuleSet, resolve_rule_set
from grading.judging import Pass, judge, valid_until_on
from grading.verdict import Outcome, Part

ON = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 3, tzinfo=UTC)


@pytest.fixture
def special() -> RuleSet:
    return resolve_rule_set("special.1.2", ON)


@pytest.fixture
def officer() -> RuleSet:
    return resolve_rule_set("officer.general", ON)


@pytest.mark.parametrize(("marks", "passed"), [(8000, True), (7999, False)])
def test_theory_is_passed_at_the_mark_itself(special: RuleSet, marks: int, *, passed: bool) -> None:
    assert judge(special, Part.THEORY, marks, AT, on=ON).passed is passed


def test_a_theory_pass_leaves_the_practical_outstanding(special: RuleSet) -> None:
    outcome = judge(special, Part.THEORY, 9000, AT, on=ON).outcome
    assert outcome is Outcome.THEORY_PASSED_PRACTICAL_OUTSTANDING


def test_theory_is_all_that_an_officer_needs(officer: RuleSet) -> None:
    assert judge(officer, Part.THEORY, 9000, AT, on=ON).outcome is Outcome.PASSED


def test_a_practical_on_the_day_of_the_theory_pass_completes_the_exam(special: RuleSet) -> None:
    judged = judge(special, Part.PRACTICAL, 9000, AT, on=ON, earlier=[Pass(Part.THEORY, ON)])
    assert judged.outcome is Outcome.PASSED


def test_a_practical_after_the_theory_pass_lapsed_leaves_theory_outstanding(special: RuleSet) -> None:
    lapsed = Pass(Part.THEORY, date(2025, 11, 22))
    judged = judge(special, Part.PRACTICAL, 9000, AT, on=ON, earlier=[lapsed])
    assert (judged.passed, judged.outcome) == (True, Outcome.PRACTICAL_PASSED_THEORY_OUTSTANDING)


def test_a_corrected_theory_result_knows_the_practical_passed_since(special: RuleSet) -> None:
    later = date(2026, 11, 25)
    judged = judge(special, Part.THEORY, 8100, AT, on=later, earlier=[Pass(Part.PRACTICAL, later)])
    assert judged.outcome is Outcome.PASSED


def test_a_failed_part_is_a_failed_outcome_whatever_was_passed(special: RuleSet) -> None:
    judged = judge(special, Part.PRACTICAL, 10_000, AT, on=ON, vetoed=True, earlier=[Pass(Part.THEORY, ON)])
    assert (judged.passed, judged.outcome) == (False, Outcome.FAILED)


def test_a_pass_counts_for_the_months_of_the_rule_set(special: RuleSet) -> None:
    assert valid_until_on(special, ON) == date(2027, 11, 23)
