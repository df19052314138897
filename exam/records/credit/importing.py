"""Listing and repair notices of the credit platform: decided there, entered here after a dry run; a listing is never ours."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.sheets.columns import NamedRow, find_rows
from exam.core.sheets.limited import read_sheets
from exam.core.words import clean_line
from exam.identity.api import OrganisationView, find_organisation_by_uscc, parse_uscc
from exam.records.credit.errors import (
    AlreadyOnRecordError,
    DecisionFieldError,
    ImportEmptyError,
    ImportTooLongError,
    NoSuchRecordError,
    NoticeDayError,
    NoticeKindError,
    UnknownPartyError,
)
from exam.records.credit.limits import load_terms
from exam.records.credit.models import CreditRecord
from exam.records.credit.notices import number_of
from exam.records.credit.register import MONTHS, RecordState, tell_change
from exam.records.holdings import months_later
from exam.standards.api import working_days_after

MOST = 1000
COLUMNS = {
    "kind": ("类型", "kind"),
    "uscc": ("统一社会信用代码", "unified code"),
    "document_no": ("文书号", "决定文书号", "document number"),
    "authority": ("认定机关", "决定机关", "authority"),
    "day": ("日期", "决定日期", "date"),
    "reason": ("事由", "列入事由", "reason"),
}
NEEDED = ("kind", "uscc", "document_no", "day")
KINDS: dict[str, Literal["listing", "repair"]] = {
    "列入": "listing",
    "修复": "repair",
    "listing": "listing",
    "repair": "repair",
}
MAX_WORDS = 200
PARTIES = frozenset({"enterprise", "training"})


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What a line asks for, once everything about it is known to be right; `record_id` is what a repair ends."""

    kind: Literal["listing", "repair"]
    party: OrganisationView
    document_no: str
    authority: str
    day: date
    reason: str
    record_id: UUID | None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one line: what is planned, or why it is refused."""

    number: int
    document_no: str
    planned: Planned | None
    refused: DomainError | None


def read_lines(data: bytes) -> list[NamedRow]:
    """Return the lines of a workbook or of delimited text; raises ImportEmptyError, ImportTooLongError and file errors."""
    lines = find_rows(read_sheets(data), COLUMNS, NEEDED)
    if not lines:
        raise ImportEmptyError
    if len(lines) > MOST:
        raise ImportTooLongError(most=MOST)
    return lines


async def run(
    session: AsyncSession, principal: Principal, lines: Sequence[NamedRow], *, dry_run: bool, at: datetime
) -> list[Verdict]:
    """Judge every line, and write those that hold unless it is a dry run; one line never fails its neighbours."""
    verdicts, seen = [], set[tuple[str, str]]()
    for line in lines:
        planned, refused = None, None
        try:
            planned = await _plan(session, line.cells, seen, local_date(at))
        except DomainError as error:
            refused = error
        if planned and not dry_run:
            await _write(session, principal, planned, at)
        document_no = line.cells.get("document_no", "")
        verdicts.append(Verdict(number=line.number, document_no=document_no, planned=planned, refused=refused))
    return verdicts


async def _plan(session: AsyncSession, cells: dict[str, str], seen: set[tuple[str, str]], today: date) -> Planned:
    kind = KINDS.get(cells["kind"])
    if kind is None:
        raise NoticeKindError
    party = await find_organisation_by_uscc(session, parse_uscc(cells["uscc"]))
    if party is None or party.kind not in PARTIES:
        raise UnknownPartyError
    document_no = number_of(cells["document_no"])
    if (kind, document_no) in seen:
        raise AlreadyOnRecordError
    seen.add((kind, document_no))
    standing = await _standing(session, party.id, document_no)
    if kind == "listing" and standing is not None:
        raise AlreadyOnRecordError
    if kind == "repair":
        _require_standing(standing)
    texts = {"authority": "认定机关", "reason": "事由"} if kind == "listing" else {}
    return Planned(
        kind=kind,
        party=party,
        document_no=document_no,
        day=_day(cells["day"], today),
        record_id=standing.id if standing else None,
        authority=_words(cells.get("authority", ""), texts.get("authority")),
        reason=_words(cells.get("reason", ""), texts.get("reason")),
    )


def _require_standing(row: CreditRecord | None) -> None:
    if row is None:
        raise NoSuchRecordError
    if row.state != RecordState.STANDING:
        raise AlreadyOnRecordError


async def _standing(session: AsyncSession, organisation_id: UUID, document_no: str) -> CreditRecord | None:
    query = select(CreditRecord).where(
        CreditRecord.organisation_id == organisation_id, CreditRecord.document_no == document_no
    )
    return await session.scalar(query.order_by(CreditRecord.id.desc()).limit(1))


def _words(text: str, needed: str | None) -> str:
    words = clean_line(text)
    if len(words) > MAX_WORDS or (needed and not words):
        raise DecisionFieldError(field=needed or "事由", most=MAX_WORDS)
    return words


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        raise NoticeDayError from None
    if day > today:
        raise NoticeDayError
    return day


async def _write(session: AsyncSession, principal: Principal, planned: Planned, at: datetime) -> None:
    row = await _repaired(session, planned) if planned.record_id else _listed(planned, at)
    session.add(row)
    await session.flush()
    act = "credit_record.repair_noticed" if planned.record_id else "credit_record.listing_noticed"
    facts = {"document_no": planned.document_no, "on": planned.day.isoformat()}
    await record(session, principal, act, ("credit_record", row.id), at=at, region=row.region, facts=facts)
    await tell_change(session, row, at=at)


async def _repaired(session: AsyncSession, planned: Planned) -> CreditRecord:
    row = await session.get_one(CreditRecord, planned.record_id, with_for_update=True)
    row.state, row.ended_on = RecordState.REPAIRED, planned.day
    return row


def _listed(planned: Planned, at: datetime) -> CreditRecord:
    """Return the record of a listing that the platform has told of, with the terms of its rule."""
    terms, day = load_terms(), planned.day
    until = months_later(day, terms.listing_months.value)
    return CreditRecord(
        organisation_id=planned.party.id,
        subject_name=planned.party.name,
        region=planned.party.region,
        kind="listing",
        document_no=planned.document_no,
        title="列入安全生产严重失信主体名单",
        content=planned.reason,
        authority=planned.authority,
        severity="serious",
        decided_on=day,
        report_by_on=working_days_after(day, terms.publish_days.value),
        repair_from_on=months_later(day, terms.listing_repair_months.value),
        publish_until_on=until,
        kept_until_on=max(until, months_later(day, MONTHS * terms.kept_years.value)),
        state=RecordState.STANDING,
        entered_at=at,
    )
