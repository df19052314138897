"""异议与信用修复: what the party asks of a record, by when it is answered, and what an answer does."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import NotFoundError, SamePersonError
from exam.core.principal import Principal
from exam.identity.api import require_region
from exam.records.credit.clues import words_of
from exam.records.credit.errors import (
    NotRepairableError,
    PromiseMissingError,
    RequestOpenError,
    RequestOverError,
)
from exam.records.credit.limits import load_terms
from exam.records.credit.models import CreditRecord, CreditRequest, Decision
from exam.records.credit.parties import Party
from exam.records.credit.register import RecordState, record_view, tell_change
from exam.records.regulator_desk import ROLE
from exam.sitting.api import lift_ban
from exam.standards.api import working_days_after

OBJECTION, REPAIR = "objection", "repair"
_ENDS: Mapping[str, RecordState] = {OBJECTION: RecordState.WITHDRAWN, REPAIR: RecordState.REPAIRED}
_ANSWERED = {
    (OBJECTION, True): "objection.granted",
    (OBJECTION, False): "objection.refused",
    (REPAIR, True): "repair.granted",
    (REPAIR, False): "repair.refused",
}


class RequestView(msgspec.Struct, frozen=True, kw_only=True):
    """One objection or application; due on `due_on`, on `most_on` where the matter is difficult."""

    id: UUID
    record_id: UUID
    kind: str
    text: str
    filed_at: datetime
    due_on: date
    most_on: date
    state: str
    answer: str
    answered_at: datetime | None


async def object_to(
    session: AsyncSession, principal: Principal, party: Party, record_id: UUID, *, text: str, at: datetime
) -> None:
    """Let the party object to a record; raises NotYourCaseError, RequestOpenError."""
    row = await _own(session, party, record_id)
    terms = load_terms()
    days = (terms.objection_days.value, terms.objection_most_days.value)
    await _file(session, principal, row, OBJECTION, words_of(text), days, at)


async def ask_for_repair(
    session: AsyncSession,
    principal: Principal,
    party: Party,
    record_id: UUID,
    *,
    text: str,
    promised: bool,
    at: datetime,
) -> None:
    """Let the party ask for repair, with what it has done and its promise, once the least term is over."""
    row = await _own(session, party, record_id)
    if not record_view(row).repairable(local_date(at)):
        raise NotRepairableError(day=row.repair_from_on.isoformat())
    if not promised:
        raise PromiseMissingError
    days = load_terms().repair_days.value
    await _file(session, principal, row, REPAIR, words_of(text), (days, days), at)


async def answer(
    session: AsyncSession, principal: Principal, request_id: UUID, *, granted: bool, words: str, at: datetime
) -> UUID:
    """Answer as the authority and return the record's id; what is granted ends the publication at once.

    An objection is answered by somebody who had no hand in the decision: raises SamePersonError.
    """
    row = await session.get(CreditRequest, request_id, with_for_update=True)
    if row is None:
        raise NotFoundError(request_id=str(request_id))
    require_region(principal, row.region, ROLE)
    if row.state != "filed":
        raise RequestOverError
    about = await session.get_one(CreditRecord, row.record_id, with_for_update=True)
    if row.kind == OBJECTION:
        await _require_other(session, principal, about)
    row.state, row.answer = "granted" if granted else "refused", words_of(words)
    row.answered_by, row.answered_at = principal.account, at
    await session.flush()
    if granted and about.state == RecordState.STANDING:
        await _end(session, principal, about, row, at)
    said: dict[str, Fact] = {"document_no": about.document_no, "text": row.answer}
    subject = ("credit_record", about.id)
    await record(session, principal, _ANSWERED[row.kind, granted], subject, at=at, region=row.region, facts=said)
    return about.id


async def _end(
    session: AsyncSession, principal: Principal, about: CreditRecord, row: CreditRequest, at: datetime
) -> None:
    """End a record; a bar goes with a decision that was wrong, and outlasts the repair of one that was right."""
    about.state, about.ended_on = _ENDS[row.kind], local_date(at)
    await session.flush()
    await tell_change(session, about, at=at)
    if row.kind == OBJECTION and about.ban_id:
        await lift_ban(session, principal, about.ban_id, reason=row.answer, at=at)


async def list_requests(session: AsyncSession, record_id: UUID) -> list[RequestView]:
    """Return what was asked of a record, the first first."""
    query = select(CreditRequest).where(CreditRequest.record_id == record_id).order_by(CreditRequest.id)
    names = RequestView.__struct_fields__
    return [RequestView(**{name: getattr(row, name) for name in names}) for row in await session.scalars(query)]


async def list_due(session: AsyncSession) -> dict[UUID, date]:
    """Return the records of the scope of which something is asked, with the day by which it is answered."""
    query = select(CreditRequest.record_id, func.min(CreditRequest.due_on)).where(CreditRequest.state == "filed")
    rows = await session.execute(query.group_by(CreditRequest.record_id))
    return {row[0]: row[1] for row in rows}


async def count_waiting(session: AsyncSession) -> int:
    """Count what waits for an answer in the scope."""
    return await session.scalar(select(func.count()).where(CreditRequest.state == "filed")) or 0


async def _own(session: AsyncSession, party: Party, record_id: UUID) -> CreditRecord:
    row = await session.get(CreditRecord, record_id)
    if row is None:
        raise NotFoundError(record_id=str(record_id))
    party.require(row.organisation_id, row.person_id)
    return row


async def _file(
    session: AsyncSession,
    principal: Principal,
    row: CreditRecord,
    kind: str,
    text: str,
    days: tuple[int, int],
    at: datetime,
) -> None:
    waits = select(CreditRequest.id).where(
        CreditRequest.record_id == row.id, CreditRequest.kind == kind, CreditRequest.state == "filed"
    )
    if await session.scalar(waits):
        raise RequestOpenError
    today = local_date(at)
    asked = CreditRequest(
        record_id=row.id,
        region=row.region,
        kind=kind,
        text=text,
        filed_by=principal.account,
        filed_at=at,
        due_on=working_days_after(today, days[0]),
        most_on=working_days_after(today, days[1]),
        state="filed",
    )
    session.add(asked)
    await session.flush()
    facts: dict[str, Fact] = {"document_no": row.document_no, "text": text}
    act = "objection.filed" if kind == OBJECTION else "repair.filed"
    await record(session, principal, act, ("credit_record", row.id), at=at, region=row.region, facts=facts)


async def _require_other(session: AsyncSession, principal: Principal, about: CreditRecord) -> None:
    decision = await session.get(Decision, about.decision_id) if about.decision_id else None
    if decision and principal.account in {decision.drafted_by, decision.confirmed_by}:
        raise SamePersonError
