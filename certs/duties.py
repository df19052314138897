"""What a holder has to do next for a credential to go on counting, and by when: review, then renewal; pure."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from certs.terms import last_day_after
from exam.standards.api import NoRuleSetError, Parameter, RuleSet, basis_of, resolve_rule_set


class DutyKind(StrEnum):
    """What is due."""

    RENEWAL = "renewal"
    """换证、延期: a new certificate for the next term."""
    REVIEW = "review"
    """复审: the check half-way through a term."""


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """The next thing due: from `opens_on` through `until_on`, both Shanghai dates; `due` says that the window is open.

    `opens_on` is None where the rules state no window. `hours` is the training that the rules ask for by then, in
    hours, None where they are silent. `rule_set` and `basis` name the rules of the day it was reckoned on.
    """

    kind: DutyKind
    opens_on: date | None
    until_on: date
    due: bool
    hours: int | None
    basis: str
    rule_set: str


def review_day(qualification: str, review_on: date | None) -> date | None:
    """Return the last day for a review, or None where the rules of that day ask for no review any more.

    Order 19 ended the review for whoever's fell due on 2026-06-01 or later; before that day order 30 asked for it.
    """
    if review_on is None or resolve_rule_set(qualification, review_on).review_every_years.value == "none":
        return None
    return review_on


def review_after(rules: RuleSet, due: date, valid_until: date) -> date | None:
    """Return the last day for the review that follows one due on `due`, None where the term ends first."""
    every = rules.review_every_years.value
    if not isinstance(every, int):
        return None
    following = last_day_after(due + timedelta(days=1), every)
    return following if following < valid_until else None


def duty_on(qualification: str, valid_until: date, review_on: date | None, on: date) -> Duty | None:
    """Return what is due next on a Shanghai date; None for what has run out, or where no rules hold on the day."""
    review = review_day(qualification, review_on)
    until = review if review is not None and review < valid_until else valid_until
    try:
        rules = resolve_rule_set(qualification, on)
    except NoRuleSetError:
        return None
    return None if on > until else _duty(rules, until, on, reviewed=until is review)


def _duty(rules: RuleSet, until: date, on: date, *, reviewed: bool) -> Duty:
    window: Parameter[int] = rules.review_window_days if reviewed else rules.renewal_window_days
    opens = None if window.value is None else until - timedelta(days=window.value)
    return Duty(
        kind=DutyKind.REVIEW if reviewed else DutyKind.RENEWAL,
        opens_on=opens,
        until_on=until,
        due=opens is not None and on >= opens,
        hours=rules.review_training_hours.value if reviewed else _hours_of_term(rules),
        basis=basis_of(rules, window.key),
        rule_set=rules.version,
    )


def _hours_of_term(rules: RuleSet) -> int | None:
    """Return the continuing training of a whole term: the hours of every year together."""
    yearly: Parameter[Any] = rules.training_hours_yearly
    years = rules.credential_term_years.value
    return None if yearly.value is None or years is None else int(yearly.value) * years
