"""Two marks of an answer in words: what agrees, what they come to, and what may be given at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grading.marking import AnswerMarksError, find_agreed, get_rule, require_mark

MARKS = st.integers(0, 2000)


@given(MARKS, MARKS, st.integers(0, 2000))
def test_marks_agree_within_the_tolerance_and_come_to_their_middle(first: int, second: int, tolerance: int) -> None:
    agreed = find_agreed(first, second, tolerance=tolerance)
    assert (agreed is None) == (abs(first - second) > tolerance)
    assert agreed == find_agreed(second, first, tolerance=tolerance)
    assert agreed is None or min(first, second) <= agreed <= max(first, second)
    assert agreed is None or 0 <= 2 * agreed - first - second <= 1


@given(st.integers(1, 2000), st.integers(1, 200))
def test_full_marks_and_none_may_always_be_given(full: int, step: int) -> None:
    assert (require_mark(full, full=full, step=step), require_mark(0, full=full, step=step)) == (full, 0)
    for bad in (-step, full + step):
        with pytest.raises(AnswerMarksError):
            require_mark(bad, full=full, step=step)


def test_every_qualification_has_a_rule_that_says_where_it_comes_from() -> None:
    rule = get_rule("special.1.2")
    assert (rule.tolerance(1000), rule.tolerance(150), bool(rule.source)) == (200, 30, True)
