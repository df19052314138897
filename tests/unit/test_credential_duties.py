"""What the law asks of a holder next, over the change from order 30 to order 19, and which rule allows which act."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from certs.duties import DutyKind, duty_on, review_after, review_day
from certs.grounds import Ground, GroundNotStatedError, act_of, bars, stated_grounds, warrant_of
from certs.state import (
    FINAL_STATES,
    CredentialAct,
    CredentialState,
    CredentialStateError,
    Standing,
    next_state,
    standing_on,
)
from certs.terms import Term, term_of
from exam.standards.api import resolve_rule_set

WELDER, OFFICER = "special.1.2", "officer.chemical-trade"
CHANGE = date(2026, 6, 1)
ISSUED = st.dates(date(2013, 11, 1), date(2032, 12, 31))


def _term(issued: date, qualification: str = WELDER) -> Term:
    return term_of(resolve_rule_set(qualification, issued), issued)


@given(issued=st.dates(date(2013, 11, 1), CHANGE - timedelta(days=1)))
def test_a_review_is_asked_for_exactly_where_it_falls_due_before_the_change(issued: date) -> None:
    due = _term(issued).review_due_on
    assert due is not None
    assert (review_day(WELDER, due) is None) is (due >= CHANGE)


@pytest.mark.parametrize(
    ("issued", "standing"),
    [
        (date(2023, 6, 1), Standing.EXPIRED),  # due 2026-05-31, the last day of order 30
        (date(2023, 6, 2), Standing.VALID),  # due 2026-06-01: none is asked for
    ],
)
def test_one_day_decides_over_an_old_certificate(issued: date, standing: Standing) -> None:
    term, on = _term(issued), date(2026, 11, 27)
    review = review_day(WELDER, term.review_due_on)
    state = CredentialState.ISSUED
    assert standing_on(state, term.valid_from_on, term.valid_until_on, on, review_on=review) is standing


def test_the_review_before_the_change_keeps_the_term_after_it() -> None:
    term = _term(date(2023, 6, 1))
    assert term.review_due_on is not None
    due = duty_on(WELDER, term.valid_until_on, term.review_due_on, date(2026, 5, 1))
    assert due is not None
    assert (due.kind, due.due, due.until_on, due.hours) == (DutyKind.REVIEW, True, date(2026, 5, 31), 8)
    assert "第22条" in due.basis
    rules = resolve_rule_set(WELDER, date(2026, 5, 20))
    assert review_after(rules, term.review_due_on, term.valid_until_on) is None
    assert standing_on(CredentialState.ISSUED, *_ends(term), date(2029, 5, 31)) is Standing.VALID


def _ends(term: Term) -> tuple[date, date]:
    return term.valid_from_on, term.valid_until_on


def test_a_permit_of_the_new_order_is_renewed_in_a_window_that_is_a_setting() -> None:
    term = _term(date(2026, 11, 23))
    early = duty_on(WELDER, term.valid_until_on, None, date(2030, 1, 1))
    assert early is not None
    assert (early.kind, early.due, early.opens_on) == (DutyKind.RENEWAL, False, date(2032, 9, 23))
    assert early.basis == "本系统设定"


def test_a_certificate_of_three_years_is_renewed_in_its_last_month_with_its_hours() -> None:
    term = _term(date(2026, 11, 23), OFFICER)
    duty = duty_on(OFFICER, term.valid_until_on, None, date(2029, 10, 23))
    assert duty is not None
    assert (duty.until_on, duty.opens_on, duty.due, duty.hours) == (date(2029, 11, 22), date(2029, 10, 23), True, 48)
    assert "第25条" in duty.basis


@given(issued=ISSUED, on=ISSUED, qualification=st.sampled_from([WELDER, OFFICER]))
def test_something_is_due_exactly_while_the_certificate_counts(issued: date, on: date, qualification: str) -> None:
    term = _term(issued, qualification)
    review = review_day(qualification, term.review_due_on)
    duty = duty_on(qualification, term.valid_until_on, review, on)
    standing = standing_on(CredentialState.ISSUED, *_ends(term), on, review_on=review)
    assert (duty is None) is (standing is Standing.EXPIRED)
    if duty is not None and duty.opens_on is not None:
        assert duty.due is (duty.opens_on <= on <= duty.until_on)
        assert duty.opens_on < duty.until_on <= term.valid_until_on


class LawfulLife(RuleBasedStateMachine):
    """Every ground on any day: only what the rules of the day state is done, with its article, and what is over stays over."""

    @initialize(issued=ISSUED, qualification=st.sampled_from([WELDER, OFFICER]))
    def issue(self, issued: date, qualification: str) -> None:
        self.qualification, self.on, self.state = qualification, issued, CredentialState.ISSUED
        self.bases: list[tuple[str, str]] = []
        self.done = 0

    @rule(days=st.integers(0, 400), ground=st.sampled_from(Ground))
    def act(self, days: int, ground: Ground) -> None:
        self.on += timedelta(days=days)
        rules, before = resolve_rule_set(self.qualification, self.on), self.state
        known = dict(stated_grounds(rules, act_of(ground)))
        try:
            warrant = warrant_of(rules, ground)
            self.state = next_state(self.state, act_of(ground))
        except GroundNotStatedError:
            assert ground not in known
            return
        except CredentialStateError:
            assert self.state is before
            return
        assert before not in FINAL_STATES
        assert warrant.basis == known[ground]
        self.bases.append((warrant.rule_set, warrant.basis))
        self.done += 1

    @invariant()
    def every_turn_has_its_article(self) -> None:
        if hasattr(self, "bases"):
            assert len(self.bases) == self.done
            assert all(rule_set and basis for rule_set, basis in self.bases)


TestLawfulLife = LawfulLife.TestCase


def test_the_old_order_has_its_own_grounds_and_the_new_one_falls_back_on_the_statute() -> None:
    old, new = resolve_rule_set(WELDER, CHANGE - timedelta(days=1)), resolve_rule_set(WELDER, CHANGE)
    assert "第30条第5项" in warrant_of(old, Ground.FRAUD).basis
    assert "第69条第2款" in warrant_of(new, Ground.FRAUD).basis
    assert "第31条第1项" in warrant_of(old, Ground.DEATH).basis
    for rules, ground in ((new, Ground.ACCIDENT), (new, Ground.REVIEWED), (old, Ground.REVIEW_ENDED)):
        with pytest.raises(GroundNotStatedError):
            warrant_of(rules, ground)


def test_only_fraud_and_false_entries_bar() -> None:
    assert {ground for ground in Ground if bars(ground)} == {Ground.FRAUD, Ground.FALSE_RECORD}
    assert {act_of(ground) for ground in Ground} == set(CredentialAct)
