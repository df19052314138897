"""Recording national certificates: judged row by row, kept as somebody else's, and checked by a second person."""

import asyncio
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.errors import ReasonMissingError
from certs.naming import query_index
from certs.national.errors import NationalCheckedError, NationalKnownError, NationalNotFoundError
from certs.national.models import NationalRecord
from certs.national.reading import Given, given_of, read_rows
from certs.numbers import mask_number
from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.crypto import Sealer, digest
from exam.core.errors import DomainError, SamePersonError
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.columns import NamedRow
from exam.core.words import clean_line
from exam.identity.api import ensure_person, mask_name
from exam.standards.api import Category, get_qualification

REASON_LENGTH = (2, 500)


class NationalState(StrEnum):
    """核对状态."""

    RECORDED = "recorded"
    """As a file says; counts for nothing yet."""
    CONFIRMED = "confirmed"
    """A second person found it on the national platform."""
    REFUTED = "refuted"
    """It is not there, or is otherwise there."""


class NationalView(msgspec.Struct, frozen=True, kw_only=True):
    """A record of a national certificate; `title` names the item, `source` is the digest of the file it came from."""

    id: UUID
    region: str
    person_id: UUID
    qualification: str
    title: str
    number_masked: str
    holder_masked: str
    document_id: str
    issuer: str
    issuer_code: str
    issued_on: date
    valid_from_on: date
    valid_until_on: date
    review_on: date | None
    state: NationalState
    source: str
    imported_by: UUID | None
    imported_at: datetime
    checked_by: UUID | None
    checked_at: datetime | None
    check_note: str


class RowVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row: whose certificate it is, masked, or why it was refused."""

    number: int
    holder_masked: str = ""
    number_masked: str = ""
    title: str = ""
    issuer: str = ""
    refused: DomainError | None = None


async def record_file(
    session: AsyncSession, runtime: Runtime, principal: Principal, data: bytes, *, dry_run: bool
) -> list[RowVerdict]:
    """Judge every row of a file, and keep what holds unless it is a dry run, which leaves nothing behind.

    Raises as `read_rows` does.
    """
    rows = await asyncio.to_thread(read_rows, data)
    source, at = digest(data).hex(), runtime.clock.now()
    async with session.begin_nested() as trial:
        verdicts = [await _try(session, runtime.sealer, principal, row, source=source, at=at) for row in rows]
        if dry_run:
            await trial.rollback()
    accepted = sum(each.refused is None for each in verdicts)
    if not dry_run:
        facts: dict[str, Fact] = {"source": source, "accepted": accepted, "refused": len(verdicts) - accepted}
        subject = ("account", principal.account or new_id())
        await record(session, principal, "national.imported", subject, at=at, region=principal.region, facts=facts)
    return verdicts


async def _try(
    session: AsyncSession, sealer: Sealer, principal: Principal, row: NamedRow, *, source: str, at: datetime
) -> RowVerdict:
    try:
        given = given_of(row.cells, local_date(at))
        async with session.begin_nested():
            await _keep(session, sealer, principal, given, source=source, at=at)
    except DomainError as error:
        return RowVerdict(number=row.number, refused=error)
    return RowVerdict(
        number=row.number,
        holder_masked=mask_name(given.name),
        number_masked=_masked(given),
        title=given.qualification.title,
        issuer=given.issuer,
    )


def _masked(given: Given) -> str:
    if given.qualification.category is Category.SPECIAL:
        return mask_number(given.number)
    shown = max(0, len(given.number) - 8)
    return f"{given.number[:4]}{'*' * shown}{given.number[-4:]}" if shown else f"{'*' * len(given.number)}"


async def _keep(
    session: AsyncSession, sealer: Sealer, principal: Principal, given: Given, *, source: str, at: datetime
) -> None:
    person_id = await ensure_person(
        session, sealer, principal, name=given.name, number=given.id_number, region=principal.region, at=at
    )
    same = select(NationalRecord.id).where(
        NationalRecord.person_id == person_id,
        NationalRecord.qualification == given.qualification.code,
        NationalRecord.valid_from_on == given.valid_from,
    )
    if await session.scalar(same) is not None:
        raise NationalKnownError
    row = NationalRecord(
        id=new_id(),
        region=principal.region,
        person_id=person_id,
        qualification=given.qualification.code,
        category=given.qualification.category.value,
        query_index=query_index(sealer, given.number, given.name),
        number_masked=_masked(given),
        holder_masked=mask_name(given.name),
        document_id=given.document_id,
        issuer=given.issuer,
        issuer_code=given.issuer_code,
        issued_on=given.issued_on,
        valid_from_on=given.valid_from,
        valid_until_on=given.valid_until,
        review_on=given.review_on,
        state=NationalState.RECORDED.value,
        source=source,
        imported_by=principal.account,
        imported_at=at,
        check_note="",
    )
    session.add(row)
    await session.flush()


async def check_record(
    session: AsyncSession, principal: Principal, record_id: UUID, *, found: bool, note: str, at: datetime
) -> None:
    """Say what the national platform shows of a record; whoever brought it in cannot.

    Raises NationalNotFoundError, NationalCheckedError, SamePersonError, and ReasonMissingError for a record that is
    refuted without words.
    """
    query = select(NationalRecord).where(NationalRecord.id == record_id).with_for_update()
    row = await session.scalar(query)
    if row is None:
        raise NationalNotFoundError
    if row.state != NationalState.RECORDED:
        raise NationalCheckedError
    if row.imported_by == principal.account:
        raise SamePersonError
    words, (least, most) = clean_line(note), REASON_LENGTH
    if len(words) > most or (not found and len(words) < least):
        raise ReasonMissingError
    row.state = (NationalState.CONFIRMED if found else NationalState.REFUTED).value
    row.checked_by, row.checked_at, row.check_note = principal.account, at, words
    await session.flush()
    facts: dict[str, Fact] = {"state": row.state, "note": words, "qualification": row.qualification}
    await record(session, principal, "national.checked", ("national", row.id), at=at, region=row.region, facts=facts)


async def list_national(session: AsyncSession, *, state: str, limit: int, offset: int) -> list[NationalView]:
    """Page the records of the scope, those that wait for their check first, then the latest."""
    query = select(NationalRecord)
    if state:
        query = query.where(NationalRecord.state == state)
    waiting = NationalRecord.state == NationalState.RECORDED
    query = query.order_by(waiting.desc(), NationalRecord.imported_at.desc(), NationalRecord.id)
    return [_view(row) for row in await session.scalars(query.limit(limit).offset(offset))]


async def list_national_of(session: AsyncSession, person_id: UUID) -> list[NationalView]:
    """Return what the scope shows of one person's national certificates, but for what was refuted."""
    query = select(NationalRecord).where(
        NationalRecord.person_id == person_id, NationalRecord.state != NationalState.REFUTED
    )
    return [_view(row) for row in await session.scalars(query.order_by(NationalRecord.valid_until_on.desc()))]


async def get_national(session: AsyncSession, record_id: UUID) -> NationalView:
    """Return one record of the scope; raises NationalNotFoundError."""
    row = await session.get(NationalRecord, record_id)
    if row is None:
        raise NationalNotFoundError
    return _view(row)


async def count_waiting(session: AsyncSession) -> int:
    """Return how many records of the scope nobody has checked yet."""
    query = select(func.count()).where(NationalRecord.state == NationalState.RECORDED)
    return await session.scalar(query) or 0


def _view(row: NationalRecord) -> NationalView:
    derived = {"title", "state"}
    same = {name: getattr(row, name) for name in NationalView.__struct_fields__ if name not in derived}
    title = get_qualification(row.qualification).title
    return NationalView(**same, title=title, state=NationalState(row.state))
