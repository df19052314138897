"""Corrections: a further version of a result, told at once where the version before it was told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.ids import new_id
from exam.core.principal import SYSTEM, Principal
from grading.logged import note_result
from grading.models import Result, Score
from grading.release import release_result
from grading.verdict import Outcome
from grading.views import ResultView, find_result, list_told_of, result_view

_CARRIED = (
    "attempt_id",
    "sheet_id",
    "sitting_id",
    "registration_id",
    "person_id",
    "region",
    "qualification",
    "part",
    "rule_set",
    "taken_at",
)


def next_version(
    before: ResultView,
    *,
    marks: int,
    pass_marks: int,
    passed: bool,
    outcome: Outcome,
    reason: str,
    at: datetime,
    score_id: UUID | None = None,
    regrade_id: UUID | None = None,
    made_by: UUID | None = None,
    approved_by: UUID | None = None,
) -> Result:
    """Return the version that follows; what a result is about never changes between versions."""
    return Result(
        **{name: getattr(before, name) for name in _CARRIED},
        id=new_id(),
        version=before.version + 1,
        marks=marks,
        pass_marks=pass_marks,
        passed=passed,
        outcome=outcome.value,
        score_id=score_id,
        regrade_id=regrade_id,
        reason=reason,
        made_by=made_by,
        approved_by=approved_by,
        made_at=at,
    )


async def append_correction(
    session: AsyncSession, principal: Principal, before: ResultView, row: Result, *, score: Score | None = None
) -> ResultView:
    """Store a further version with its entry, and tell it where the one before was told."""
    session.add(row)
    await session.flush()
    await note_result(session, principal, row, score, at=row.made_at)
    view = result_view(row, None)
    if before.released_at is not None:
        await release_result(session, principal, view, await list_told_of(session, view.origin), at=row.made_at)
    return view


async def withdraw_result(session: AsyncSession, attempt_id: UUID, *, at: datetime) -> None:
    """Cancel the told result of a voided attempt: no marks, not passed (本次考试成绩无效)."""
    before = await find_result(session, attempt_id)
    if before is None or before.released_at is None or before.reason == "attempt_voided":
        return
    row = next_version(
        before,
        marks=0,
        pass_marks=before.pass_marks,
        passed=False,
        outcome=Outcome.FAILED,
        reason="attempt_voided",
        at=at,
    )
    await append_correction(session, SYSTEM, before, row)
    facts: dict[str, Fact] = {"result": str(row.id), "was_passed": before.passed}
    subject = ("attempt", attempt_id)
    await record(session, SYSTEM, "result.withdrawn", subject, at=at, region=before.region, facts=facts)
