"""Batches from below: opened, checked row by row, and returned with reasons by a person, unless they are accepted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.crypto import digest
from exam.core.errors import NotFoundError
from exam.core.principal import SYSTEM, Principal
from exam.core.runtime import Runtime
from exam.records.exchange.models import IncomingMessage, Neighbour
from exam.records.nodes.batches import Content
from exam.records.nodes.checking import Checked, check_rows, subjects_of
from exam.records.nodes.errors import (
    BatchLevelError,
    BatchNumberError,
    BatchOpenError,
    BatchReasonError,
    SealedForeignError,
    SealedUnreadableError,
)
from exam.records.nodes.identity import card_of, own_keys
from exam.records.nodes.models import Arrival, ArrivalRow
from exam.records.nodes.replies import Answer, give
from exam.records.nodes.sealing import Header, read_header, unseal
from exam.records.nodes.state import BatchState, require_step
from exam.records.regulator_desk import ROLE

Way = Literal["network", "file"]


class ArrivalView(msgspec.Struct, frozen=True, kw_only=True):
    """A batch from below as pages see it."""

    id: UUID
    neighbour_id: UUID
    region: str
    number: int
    supersedes: UUID | None
    rows: int
    faulty: int
    note: str
    digest: bytes
    way: str
    state: str
    made_at: datetime
    arrived_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    reason: str


async def take(session: AsyncSession, runtime: Runtime, neighbour: Neighbour, data: bytes, *, way: Way) -> UUID:
    """Open and check a batch of a lower node, whose row is locked, and keep it for a person's decision; return its id.

    The same file again changes nothing. Raises SealedUnreadableError, SealedForeignError, BatchNumberError and
    BatchOpenError.
    """
    header = read_header(data)
    if header.type != "batch" or not neighbour.sends:
        raise SealedForeignError
    content = _content(unseal(data, await own_keys(runtime, header.recipient), card_of(neighbour)), header)
    known = await session.get(Arrival, header.id)
    if known is not None and (known.neighbour_id, known.digest) == (neighbour.id, digest(data)):
        return known.id
    await _require_turn(session, neighbour, header)
    kept = await kept_digests(session, neighbour.id, subjects_of(content.rows))
    rows = check_rows(content.rows, region=neighbour.region, known=kept)
    await _keep(session, runtime, neighbour, header, rows, note=content.note, digest_=digest(data), way=way)
    return header.id


async def give_back(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    arrival_id: UUID,
    *,
    reason: str,
    rows: Mapping[int, str],
) -> None:
    """Return a batch with a reason, and with reasons against rows by their numbers; what the check found is added.

    Raises BatchLevelError, BatchReasonError and BatchStateError.
    """
    arrival, neighbour = await locked(session, principal, arrival_id)
    require_step(arrival.state, BatchState.RETURNED)
    if not reason or any(not 1 <= number <= arrival.rows for number in rows):
        raise BatchReasonError
    query = select(ArrivalRow).where(ArrivalRow.arrival_id == arrival.id)
    given: dict[str, str] = {}
    for row in await session.scalars(query.order_by(ArrivalRow.number)):
        if row.number in rows:
            row.reason = rows[row.number]
        if said := row.reason or row.fault:
            given[str(row.number)] = said
    await session.flush()
    at = runtime.clock.now()
    arrival.state, arrival.reason = BatchState.RETURNED, reason
    arrival.decided_by, arrival.decided_at = principal.account, at
    await session.flush()
    answer = Answer(
        kind="batch",
        subject=str(arrival.id),
        state=arrival.state,
        reason=reason,
        rows=given,
        by=principal.account,
        name=principal.name,
    )
    await give(session, neighbour, answer, at=at)
    facts: dict[str, Fact] = {"number": arrival.number, "rows": len(given), "reason": reason}
    subject = ("batch", arrival.id)
    await record(session, principal, "batch.returned", subject, at=at, region=arrival.region, facts=facts)


async def kept_digests(session: AsyncSession, neighbour_id: UUID, subjects: set[str]) -> dict[str, dict[int, bytes]]:
    """Return the digests of what a lower node told of some subjects, by subject and number."""
    table = IncomingMessage
    query = select(table.subject, table.sequence, table.digest).where(
        table.neighbour_id == neighbour_id, table.subject == func.any(list(subjects))
    )
    kept: dict[str, dict[int, bytes]] = {}
    for subject, sequence, found in await session.execute(query):
        kept.setdefault(subject, {})[sequence] = found
    return kept


async def locked(session: AsyncSession, principal: Principal, arrival_id: UUID) -> tuple[Arrival, Neighbour]:
    """Return a batch and its lower node, both locked, for somebody of the level above; raises BatchLevelError."""
    found = await session.get(Arrival, arrival_id)
    if found is None:
        raise NotFoundError(arrival_id=str(arrival_id))
    if not may_decide(principal, found.region):
        raise BatchLevelError
    # the neighbour first, as everything that comes from it does
    neighbour = await session.get_one(Neighbour, found.neighbour_id, with_for_update=True)
    await session.refresh(found, with_for_update=True)
    return found, neighbour


async def list_arrivals(session: AsyncSession, *, limit: int = 50) -> list[ArrivalView]:
    """Return the batches from below in the scope, what waits first, then the latest."""
    waiting = Arrival.state == BatchState.ARRIVED
    query = select(Arrival).order_by(waiting.desc(), Arrival.arrived_at.desc(), Arrival.id).limit(limit)
    return [_view(row) for row in await session.scalars(query)]


async def get_arrival(session: AsyncSession, arrival_id: UUID) -> ArrivalView:
    """Return one batch from below."""
    row = await session.get(Arrival, arrival_id)
    if row is None:
        raise NotFoundError(arrival_id=str(arrival_id))
    return _view(row)


async def linked(session: AsyncSession, arrival: ArrivalView) -> tuple[ArrivalView | None, ArrivalView | None]:
    """Return the batch that this one supersedes, and the one that supersedes it."""
    before = await session.get(Arrival, arrival.supersedes) if arrival.supersedes else None
    later = await session.scalar(select(Arrival).where(Arrival.supersedes == arrival.id))
    return _view(before) if before else None, _view(later) if later else None


def may_decide(principal: Principal, region: str) -> bool:
    """Tell whether somebody is of the level above a region."""
    above = region.rpartition("/")[0]
    return bool(above) and any(grant.role == ROLE and grant.covers(above) for grant in principal.grants)


def _content(data: bytes, header: Header) -> Content:
    try:
        content = msgspec.json.decode(data, type=Content)
    except msgspec.MsgspecError as error:
        raise SealedUnreadableError from error
    if not content.rows or len(content.rows) != header.rows:
        raise SealedUnreadableError
    return content


async def _require_turn(session: AsyncSession, neighbour: Neighbour, header: Header) -> None:
    """Take the next number only, and after a return only what corrects it."""
    query = select(Arrival).where(Arrival.neighbour_id == neighbour.id).order_by(Arrival.number.desc()).limit(1)
    last = await session.scalar(query.with_for_update())
    wanted = last.number + 1 if last else 1
    if header.number != wanted:
        raise BatchNumberError(wanted=wanted)
    returned = last.id if last and last.state == BatchState.RETURNED else None
    if (last and last.state in {BatchState.ARRIVED, BatchState.ACCEPTING}) or header.supersedes != returned:
        raise BatchOpenError
    if last and returned:
        last.state = BatchState.SUPERSEDED
        await session.flush()


async def _keep(
    session: AsyncSession,
    runtime: Runtime,
    neighbour: Neighbour,
    header: Header,
    rows: list[Checked],
    *,
    note: str,
    digest_: bytes,
    way: Way,
) -> None:
    at = runtime.clock.now()
    arrival = Arrival(
        id=header.id,
        neighbour_id=neighbour.id,
        region=neighbour.region,
        number=header.number,
        supersedes=header.supersedes,
        rows=len(rows),
        faulty=sum(bool(row.fault) for row in rows),
        note=note,
        digest=digest_,
        way=way,
        state=BatchState.ARRIVED,
        made_at=header.made_at,
        arrived_at=at,
    )
    session.add(arrival)
    await session.flush()
    kept = {"arrival_id": arrival.id, "region": arrival.region, "reason": ""}
    # thousands of rows within a request: as columns and not as objects of the session
    await session.execute(
        insert(ArrivalRow), [{**kept, "number": row.number, "body": row.body, "fault": row.fault} for row in rows]
    )
    await give(session, neighbour, Answer(kind="batch", subject=str(arrival.id), state="arrived"), at=at)
    facts: dict[str, Fact] = {"number": arrival.number, "rows": arrival.rows, "faulty": arrival.faulty, "way": way}
    await record(session, SYSTEM, "batch.arrived", ("batch", arrival.id), at=at, region=arrival.region, facts=facts)


def _view(row: Arrival) -> ArrivalView:
    return ArrivalView(**{name: getattr(row, name) for name in ArrivalView.__struct_fields__})
