"""Verdict over the parts of an exam (理论, 实操) by the numbers of the rule set it is judged by."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum

import msgspec

from exam.core.clock import local_date


class Part(StrEnum):
    """考试科目: the parts an exam may have."""

    THEORY = "theory"
    PRACTICAL = "practical"


class PartRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A required part and its pass mark in hundredths."""

    part: Part
    pass_marks: int


class PartScore(msgspec.Struct, frozen=True, kw_only=True):
    """One taken part: marks in hundredths, and whether a veto item failed it whole."""

    part: Part
    marks: int
    taken_at: datetime
    vetoed: bool = False


class Outcome(StrEnum):
    """Where a candidate stands after the parts taken so far."""

    FAILED = "failed"
    """Theory has no valid pass, or practical was tried on a valid theory pass and failed."""
    THEORY_PASSED_PRACTICAL_OUTSTANDING = "theory_passed_practical_outstanding"
    PRACTICAL_PASSED_THEORY_OUTSTANDING = "practical_passed_theory_outstanding"
    """Said of a practical result alone, where no theory pass counts beside it."""
    PASSED = "passed"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome with its dates (Asia/Shanghai).

    `completed_on` is the day of the last pass; `theory_valid_until_on` the last day on which the theory pass still
    counts towards the whole, also where practical has failed and may be tried again.
    """

    outcome: Outcome
    completed_on: date | None = None
    theory_valid_until_on: date | None = None


def combine(
    rules: Sequence[PartRule],
    scores: Iterable[PartScore],
    *,
    on: date,
    validity_months: int,
    theory_first: bool = True,
) -> Verdict:
    """Return the verdict on a day over everything taken until then.

    Passes count together while each is within `validity_months` of the other; with `theory_first` a practical taken
    before the theory pass does not count. A whole once passed stays passed, however late it is looked at. A rule set
    without any part, or with one part twice, is a `ValueError`.
    """
    required = {rule.part: rule.pass_marks for rule in rules}
    if not required or len(required) < len(rules):
        message = "a rule set names each required part once"
        raise ValueError(message)
    so_far = (score for score in scores if score.part in required and local_date(score.taken_at) <= on)
    taken = sorted(so_far, key=lambda score: score.taken_at)
    passes = [score for score in taken if not score.vetoed and score.marks >= required[score.part]]
    whole = _first_whole(required.keys(), passes, validity_months, theory_first=theory_first)
    theory = _last_valid_theory(passes, on, validity_months)
    until = None if theory is None else last_valid_day(local_date(theory.taken_at), validity_months)
    if whole is not None:
        return Verdict(outcome=Outcome.PASSED, completed_on=whole, theory_valid_until_on=until)
    tried = theory is not None and any(
        score.part is Part.PRACTICAL and score.taken_at >= theory.taken_at for score in taken
    )
    outstanding = theory is not None and not tried
    outcome = Outcome.THEORY_PASSED_PRACTICAL_OUTSTANDING if outstanding else Outcome.FAILED
    return Verdict(outcome=outcome, theory_valid_until_on=until)


def last_valid_day(passed_on: date, months: int) -> date:
    """Return the last day of a period of months: the corresponding day, or the month's last (民法典 art. 201, 202)."""
    years, month = divmod(passed_on.month - 1 + months, 12)
    year, month = passed_on.year + years, month + 1
    return date(year, month, min(passed_on.day, monthrange(year, month)[1]))


def _first_whole(
    required: Iterable[Part], passes: Sequence[PartScore], months: int, *, theory_first: bool
) -> date | None:
    """Return the day on which all required parts were first passed within each other's validity."""
    parts = set(required)
    for number, last in enumerate(passes):
        partners = [
            earlier
            for earlier in passes[: number + 1]
            if local_date(last.taken_at) <= last_valid_day(local_date(earlier.taken_at), months)
        ]
        in_order = not theory_first or last.part is Part.PRACTICAL or len(parts) == 1
        if in_order and {score.part for score in partners} == parts:
            return local_date(last.taken_at)
    return None


def _last_valid_theory(passes: Sequence[PartScore], on: date, months: int) -> PartScore | None:
    valid = [
        score
        for score in passes
        if score.part is Part.THEORY and on <= last_valid_day(local_date(score.taken_at), months)
    ]
    return valid[-1] if valid else None
