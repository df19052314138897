"""信用记录: what stands on record after a decision, until when it is published, and how it ends by itself."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import NotFoundError
from exam.core.events import publish
from exam.core.principal import Principal
from exam.records.credit.limits import load_terms
from exam.records.credit.models import Clue, CreditRecord, Decision, Reading
from exam.records.credit.parties import Party
from exam.records.events import CreditRecordChanged
from exam.records.holdings import months_later
from exam.standards.api import working_days_after

MONTHS = 12


class RecordState(StrEnum):
    """记录状态 as stored; that its publication or its keeping is over is computed from the day."""

    STANDING = "standing"
    REPAIRED = "repaired"
    """信用修复: no longer published, shared or used."""
    WITHDRAWN = "withdrawn"
    """撤回: an objection was right."""


class Publicity(StrEnum):
    """公示状态 of a record on a day."""

    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    """Minor, and decided so."""
    EXPIRED = "expired"
    REPAIRED = "repaired"
    WITHDRAWN = "withdrawn"


class RecordView(msgspec.Struct, frozen=True, kw_only=True):
    """One record of an enterprise, a body or a person."""

    id: UUID
    decision_id: UUID | None
    ban_id: UUID | None
    organisation_id: UUID | None
    person_id: UUID | None
    subject_name: str
    region: str
    kind: str
    document_no: str
    title: str
    content: str
    authority: str
    severity: str
    decided_on: date
    report_by_on: date
    repair_from_on: date
    publish_until_on: date | None
    kept_until_on: date
    state: str
    ended_on: date | None
    entered_at: datetime

    def publicity(self, on: date) -> Publicity:
        """Return whether anybody outside may see it on a Shanghai date; the last day is a day of publication."""
        if self.state != RecordState.STANDING:
            return Publicity(self.state)
        if self.publish_until_on is None:
            return Publicity.UNPUBLISHED
        return Publicity.PUBLISHED if on <= self.publish_until_on else Publicity.EXPIRED

    def repairable(self, on: date) -> bool:
        """Say whether the least term is over and there is still something to repair."""
        return self.publicity(on) is Publicity.PUBLISHED and on >= self.repair_from_on


class ReadingView(msgspec.Struct, frozen=True, kw_only=True):
    """One reading of a record."""

    role: str
    by_account: UUID | None
    at: datetime
    kept_until_on: date


async def enter_record(
    session: AsyncSession, principal: Principal, clue: Clue, decision: Decision, *, ban_id: UUID | None, at: datetime
) -> UUID:
    """Enter what a confirmed decision leaves on record; raises nothing, for the decision was checked."""
    terms = load_terms()
    severity = terms.of(decision.severity)
    decided = decision.decided_on
    row = CreditRecord(
        decision_id=decision.id,
        ban_id=ban_id,
        organisation_id=clue.organisation_id,
        person_id=clue.person_id,
        subject_name=clue.subject_name,
        region=clue.region,
        kind="penalty",
        document_no=decision.document_no,
        title=decision.conduct,
        content=decision.content,
        authority=decision.authority,
        severity=decision.severity,
        decided_on=decided,
        report_by_on=working_days_after(decided, terms.publish_days.value),
        repair_from_on=months_later(decided, severity.min_months),
        publish_until_on=months_later(decided, decision.months) if decision.months else None,
        kept_until_on=months_later(decided, MONTHS * terms.kept_years.value),
        state=RecordState.STANDING,
        entered_at=at,
    )
    session.add(row)
    await session.flush()
    facts = {"document_no": row.document_no, "until": (row.publish_until_on or local_date(at)).isoformat()}
    subject = ("credit_record", row.id)
    await record(session, principal, "credit_record.entered", subject, at=at, region=row.region, facts=facts)
    await tell_change(session, row, at=at)
    return row.id


async def tell_change(session: AsyncSession, row: CreditRecord, *, at: datetime) -> None:
    """Let be heard that a record was entered or has ended."""
    await publish(session, CreditRecordChanged(region=row.region, record_id=row.id, state=row.state), at=at)


async def find_record_of(session: AsyncSession, decision_id: UUID) -> RecordView | None:
    """Return what a decision left on record, or None."""
    row = await session.scalar(select(CreditRecord).where(CreditRecord.decision_id == decision_id))
    return record_view(row) if row else None


async def get_record(session: AsyncSession, record_id: UUID) -> RecordView:
    """Return one record of the scope."""
    row = await session.get(CreditRecord, record_id)
    if row is None:
        raise NotFoundError(record_id=str(record_id))
    return record_view(row)


async def list_records(
    session: AsyncSession,
    *,
    limit: int,
    offset: int = 0,
    party: Party | None = None,
    stands: tuple[Publicity, date] | None = None,
) -> list[RecordView]:
    """Page the scope's records, or those of a party, or those whose publication stands so on a day; the latest first."""
    query = select(CreditRecord)
    if party is not None:
        query = query.where(party.owns(CreditRecord.organisation_id, CreditRecord.person_id))
    if stands is not None:
        query = query.where(_publicity(stands[1]) == stands[0])
    query = query.order_by(CreditRecord.decided_on.desc(), CreditRecord.id.desc())
    return [record_view(row) for row in await session.scalars(query.limit(limit).offset(offset))]


async def count_records(session: AsyncSession, on: date) -> dict[Publicity, int]:
    """Count the scope's records by how their publication stands on a day."""
    stands = _publicity(on)
    rows = await session.execute(select(stands, func.count()).group_by(stands))
    return {Publicity(row[0]): row[1] for row in rows}


def _publicity(on: date) -> ColumnElement[str]:
    """Say in SQL what `RecordView.publicity` says."""
    until = CreditRecord.publish_until_on
    return case(
        (CreditRecord.state != RecordState.STANDING, CreditRecord.state),
        (until.is_(None), Publicity.UNPUBLISHED.value),
        (until >= on, Publicity.PUBLISHED.value),
        else_=Publicity.EXPIRED.value,
    )


async def note_reading(
    session: AsyncSession, principal: Principal, records: Iterable[RecordView], role: str, *, at: datetime
) -> None:
    """Write down that somebody reads records, and as whom; in the transaction that shows them."""
    years = load_terms().reading_kept_years.value
    session.add_all(
        Reading(
            record_id=each.id,
            region=each.region,
            role=role,
            by_account=principal.account,
            at=at,
            kept_until_on=months_later(local_date(at), MONTHS * years),
        )
        for each in records
    )
    await session.flush()


async def list_readings(session: AsyncSession, record_id: UUID, *, limit: int) -> list[ReadingView]:
    """Return who read a record last, the latest first."""
    query = select(Reading).where(Reading.record_id == record_id).order_by(Reading.at.desc(), Reading.id.desc())
    names = ReadingView.__struct_fields__
    rows = await session.scalars(query.limit(limit))
    return [ReadingView(**{name: getattr(row, name) for name in names}) for row in rows]


def record_view(row: CreditRecord) -> RecordView:
    """Return a row as pages see it."""
    return RecordView(**{name: getattr(row, name) for name in RecordView.__struct_fields__})
