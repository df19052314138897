"""Corrections of attendance: one person proposes, another decides, and the old revision stays readable."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ForbiddenError, SamePersonError
from exam.core.principal import Principal
from exam.training.attendance.errors import CorrectionOpenError, CorrectionStateError, NotOnTheRollError, RollTimesError
from exam.training.attendance.models import Correction
from exam.training.attendance.roll import (
    append_attendance,
    get_session,
    presence_of,
    require_filed_before,
    require_possible,
)
from exam.training.attendance.views import CorrectionView, Presence
from exam.training.classes.models import Enrolment
from exam.training.classes.views import SessionView


async def propose_correction(
    session: AsyncSession,
    principal: Principal,
    one: SessionView,
    enrolment_id: UUID,
    presence: Presence,
    *,
    reason: str,
    at: datetime,
) -> UUID:
    """Propose another attendance for one line of a session that is over.

    Raises CorrectionOpenError while one is open, RollTimesError, NotOnTheRollError, SessionNotFiledError.
    """
    if principal.account is None:
        raise ForbiddenError
    if at < one.ends_at:
        raise RollTimesError
    require_filed_before(one)
    enrolment = await session.get(Enrolment, enrolment_id)
    if enrolment is None or enrolment.class_id != one.class_id:
        raise NotOnTheRollError
    require_possible(presence, one)
    standing = select(Correction.id).where(
        Correction.session_id == one.id, Correction.enrolment_id == enrolment_id, Correction.state == "proposed"
    )
    if await session.scalar(standing):
        raise CorrectionOpenError
    row = Correction(
        session_id=one.id,
        enrolment_id=enrolment_id,
        region=one.region,
        status=presence.status,
        from_at=presence.from_at,
        until_at=presence.until_at,
        reason=reason.strip(),
        state="proposed",
        proposed_by=principal.account,
        proposed_at=at,
    )
    session.add(row)
    await session.flush()
    await _note(session, principal, "correction.proposed", row, at, {"reason": row.reason, "status": row.status})
    return row.id


async def decide_correction(
    session: AsyncSession, principal: Principal, correction_id: UUID, *, apply: bool, at: datetime
) -> CorrectionView:
    """Apply or refuse a correction; raises SamePersonError for its proposer, CorrectionStateError for a decided one."""
    row = await session.get(Correction, correction_id, with_for_update=True)
    if row is None or row.state != "proposed":
        raise CorrectionStateError
    if principal.account is None or row.proposed_by == principal.account:
        raise SamePersonError
    row.state = "applied" if apply else "refused"
    row.decided_by, row.decided_at = principal.account, at
    await session.flush()
    await _note(session, principal, f"correction.{row.state}", row, at, {"proposed_by": str(row.proposed_by)})
    if apply:
        one = await get_session(session, row.session_id)
        await append_attendance(
            session, principal, one, row.enrolment_id, presence_of(row), at=at, correction_id=row.id
        )
    return _view(row)


async def _note(
    session: AsyncSession, principal: Principal, act: str, row: Correction, at: datetime, facts: dict[str, Fact]
) -> None:
    told = {"session": str(row.session_id), "enrolment": str(row.enrolment_id), **facts}
    await record(session, principal, act, ("correction", row.id), at=at, region=row.region, facts=told)


async def list_corrections(session: AsyncSession, session_id: UUID) -> list[CorrectionView]:
    """Return the corrections of a session, the newest first."""
    query = select(Correction).where(Correction.session_id == session_id).order_by(Correction.proposed_at.desc())
    return [_view(row) for row in await session.scalars(query)]


def _view(row: Correction) -> CorrectionView:
    return CorrectionView(
        id=row.id,
        session_id=row.session_id,
        enrolment_id=row.enrolment_id,
        presence=presence_of(row),
        reason=row.reason,
        state=row.state,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
