"""Who may sit the practical part now: theory first, within its validity, as often as the rule set allows."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from exam.core.clock import local_date
from exam.sitting.api import RegistrationView
from exam.standards.api import RuleSet, basis_of, recall_rule_set
from grading.errors import (
    PracticalAttemptsUsedError,
    PracticalNotRequiredError,
    PracticalPassedError,
    SheetOpenError,
    TheoryOutstandingError,
)
from grading.judging import is_theory_first, valid_until_on
from grading.models import PracticalSheet, Release, Result
from grading.verdict import Part
from grading.views import ResultView, list_results_of, newest, views_of


class Awaiting(msgspec.Struct, frozen=True, kw_only=True):
    """A registration whose practical part is outstanding; `limit` None means as often as one likes."""

    registration_id: UUID
    sitting_id: UUID
    person_id: UUID
    qualification: str
    rule_set: str
    region: str
    theory_passed_on: date
    valid_until_on: date
    takes: int
    limit: int | None


async def require_practical(session: AsyncSession, registration: RegistrationView, *, at: datetime) -> int:
    """Return the number of the take that may begin now, or raise why none may."""
    rules = recall_rule_set(registration.qualification, registration.rule_set)
    if Part.PRACTICAL not in [part.value for part in rules.parts.require()]:
        raise PracticalNotRequiredError(qualification=registration.qualification)
    results = [each for each in await list_results_of(session, [registration.id]) if each.released_at is not None]
    if is_theory_first(rules) and not any(_counts(each, rules, local_date(at)) for each in results):
        raise TheoryOutstandingError(basis=basis_of(rules, "theory_before_practical"))
    if any(each.part == Part.PRACTICAL and each.passed for each in results):
        raise PracticalPassedError(registration_id=str(registration.id))
    states = list(await session.scalars(_sheets_of(registration.id)))
    if {"recorded", "disputed"} & set(states):
        raise SheetOpenError(registration_id=str(registration.id))
    limit = rules.practical_attempts.value
    if isinstance(limit, int) and len(states) >= limit:
        raise PracticalAttemptsUsedError(limit=limit, basis=basis_of(rules, "practical_attempts"))
    return len(states) + 1


def _sheets_of(registration_id: UUID) -> Select[str]:
    return select(PracticalSheet.state).where(PracticalSheet.registration_id == registration_id)


def _counts(result: ResultView, rules: RuleSet, on: date) -> bool:
    """Tell whether a result is a theory pass that still counts on a day."""
    theory = result.part == Part.THEORY and result.passed
    return theory and on <= valid_until_on(rules, local_date(result.taken_at))


async def list_awaiting_practical(session: AsyncSession, *, at: datetime, limit: int = 500) -> list[Awaiting]:
    """Return the registrations of the scope whose practical part may be marked now, the longest waiting first."""
    practical, sheet = aliased(Result), aliased(PracticalSheet)
    query = (
        newest()
        .where(
            Result.part == Part.THEORY.value,
            Result.passed,
            Result.outcome == "theory_passed_practical_outstanding",
            Release.id.is_not(None),
            ~exists().where(
                practical.registration_id == Result.registration_id,
                practical.part == Part.PRACTICAL.value,
                practical.passed,
            ),
            ~exists().where(sheet.registration_id == Result.registration_id, sheet.state.in_(("recorded", "disputed"))),
        )
        # the newest of them: what has lapsed lies before, and must not fill the page
        .order_by(Result.taken_at.desc())
        .limit(limit)
    )
    theory = await views_of(session, query)
    takes = await _takes(session, [each.registration_id for each in theory])
    waiting = [_awaiting(each, takes.get(each.registration_id, 0)) for each in reversed(theory)]
    today = local_date(at)
    return [
        each for each in waiting if today <= each.valid_until_on and (each.limit is None or each.takes < each.limit)
    ]


async def _takes(session: AsyncSession, registrations: list[UUID]) -> dict[UUID, int]:
    query = select(PracticalSheet.registration_id, func.count()).group_by(PracticalSheet.registration_id)
    rows = await session.execute(query.where(PracticalSheet.registration_id.in_(registrations)))
    return {registration: count for registration, count in rows}  # noqa: C416  # rows unpack, and mypy knows dict() of pairs only


def _awaiting(theory: ResultView, takes: int) -> Awaiting:
    rules = recall_rule_set(theory.qualification, theory.rule_set)
    limit = rules.practical_attempts.value
    passed_on = local_date(theory.taken_at)
    return Awaiting(
        registration_id=theory.registration_id,
        sitting_id=theory.sitting_id,
        person_id=theory.person_id,
        qualification=theory.qualification,
        rule_set=theory.rule_set,
        region=theory.region,
        theory_passed_on=passed_on,
        valid_until_on=valid_until_on(rules, passed_on),
        takes=takes,
        limit=limit if isinstance(limit, int) else None,
    )
