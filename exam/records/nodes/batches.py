"""Batches upward: sealed from what waits to be told, made anew from what is true now where they came back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.crypto import digest
from exam.core.errors import NotFoundError
from exam.core.ids import new_id
from exam.core.jobs import Asked, defer_all
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import require_region
from exam.records.exchange.models import Neighbour, OutgoingMessage
from exam.records.exchange.outbox import write_for
from exam.records.exchange.restating import restated
from exam.records.exchange.state import Carriage, MessageState, NeighbourState, require_active
from exam.records.nodes.errors import BatchEmptyError, BatchOpenError
from exam.records.nodes.identity import card_of, own_keys
from exam.records.nodes.models import Batch, BatchRow
from exam.records.nodes.sealing import Header, seal
from exam.records.nodes.state import OPEN, BatchState, require_step
from exam.records.regulator_desk import ROLE

CARRY: Final = "records.node_carry"
MOST_ROWS: Final = 5000


class Content(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sealed: a word to the upper level and the messages, each as it was written."""

    note: str
    rows: list[str]


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A batch as pages see it."""

    id: UUID
    neighbour_id: UUID
    region: str
    number: int
    supersedes: UUID | None
    rows: int
    note: str
    digest: bytes
    state: str
    made_by: UUID
    made_at: datetime
    arrived_at: datetime | None
    decided_at: datetime | None
    reason: str


def carry_of(neighbour_id: UUID) -> Asked:
    """Return the job that takes batches up and brings answers back; two never run at once."""
    return Asked(CARRY, {"neighbour_id": str(neighbour_id)}, lock=f"{CARRY}:{neighbour_id}")


async def make_batch(
    session: AsyncSession, runtime: Runtime, principal: Principal, neighbour_id: UUID, *, note: str = ""
) -> UUID:
    """Seal what waits for an upper node and return the batch's id.

    Raises BatchOpenError while one before is not settled, BatchEmptyError and NodeNamelessError.
    """
    neighbour = await _locked(session, principal, neighbour_id)
    open_ = select(Batch.id).where(Batch.neighbour_id == neighbour.id, Batch.state.in_(OPEN))
    if await session.scalar(open_) is not None:
        raise BatchOpenError
    return await _seal(session, runtime, principal, neighbour, note=note, supersedes=None)


async def correct_batch(
    session: AsyncSession, runtime: Runtime, principal: Principal, batch_id: UUID, *, note: str
) -> UUID:
    """Answer a return with a batch that supersedes it, and return its id.

    What was objected to is told as it stands now: where that differs from what was sent, the old row is set aside for
    good and a new one of the same subject takes its place; where it does not, it goes up again with the note.
    """
    found = await session.get(Batch, batch_id, with_for_update=True)
    if found is None:
        raise NotFoundError(batch_id=str(batch_id))
    neighbour = await _locked(session, principal, found.neighbour_id)
    require_step(found.state, BatchState.SUPERSEDED)
    query = (
        select(OutgoingMessage)
        .join(BatchRow, BatchRow.message_id == OutgoingMessage.id)
        .where(BatchRow.batch_id == found.id, BatchRow.reason != "")
    )
    at = runtime.clock.now()
    for message in await session.scalars(query.order_by(OutgoingMessage.position)):
        content = await restated(session, runtime, message)
        if content is not None:
            message.state, message.ended_at = MessageState.SET_ASIDE, at
            await session.flush()
            await write_for(session, runtime, neighbour, content)
    found.state = BatchState.SUPERSEDED
    await session.flush()
    return await _seal(session, runtime, principal, neighbour, note=note, supersedes=found.id)


async def list_batches(session: AsyncSession, neighbour_id: UUID, *, limit: int = 50) -> list[BatchView]:
    """Return the batches for one upper node, the latest first."""
    query = select(Batch).where(Batch.neighbour_id == neighbour_id).order_by(Batch.number.desc()).limit(limit)
    return [_view(row) for row in await session.scalars(query)]


async def get_batch(session: AsyncSession, batch_id: UUID) -> BatchView:
    """Return one batch of the scope."""
    row = await session.get(Batch, batch_id)
    if row is None:
        raise NotFoundError(batch_id=str(batch_id))
    return _view(row)


async def file_of(session: AsyncSession, batch_id: UUID) -> tuple[BatchView, bytes]:
    """Return a batch and the file that travels."""
    row = await session.get(Batch, batch_id)
    if row is None:
        raise NotFoundError(batch_id=str(batch_id))
    return _view(row), row.sealed


async def count_waiting(session: AsyncSession, neighbour_id: UUID) -> int:
    """Return how many messages wait to be told and are in no batch that is on its way or being decided."""
    under_way = (
        select(BatchRow.message_id)
        .join(Batch, Batch.id == BatchRow.batch_id)
        .where(BatchRow.message_id == OutgoingMessage.id, Batch.state.in_([BatchState.SEALED, BatchState.ARRIVED]))
    )
    query = select(func.count()).where(
        OutgoingMessage.neighbour_id == neighbour_id,
        OutgoingMessage.state == MessageState.WAITING,
        ~under_way.exists(),
    )
    return await session.scalar(query) or 0


async def list_uppers(session: AsyncSession) -> list[Neighbour]:
    """Return the nodes of the scope that batches go up to."""
    query = select(Neighbour).where(Neighbour.carriage == Carriage.BATCH, Neighbour.state == NeighbourState.ACTIVE)
    return list(await session.scalars(query.order_by(Neighbour.name, Neighbour.id)))


async def _seal(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    neighbour: Neighbour,
    *,
    note: str,
    supersedes: UUID | None,
) -> UUID:
    # thousands of rows within a request: as columns and not as objects of the session
    query = select(OutgoingMessage.id, OutgoingMessage.body).where(
        OutgoingMessage.neighbour_id == neighbour.id, OutgoingMessage.state == MessageState.WAITING
    )
    messages = (await session.execute(query.order_by(OutgoingMessage.position).limit(MOST_ROWS))).all()
    if not messages:
        raise BatchEmptyError
    latest = await session.scalar(select(func.max(Batch.number)).where(Batch.neighbour_id == neighbour.id))
    header = Header(
        type="batch",
        id=new_id(),
        number=(latest or 0) + 1,
        sender="",
        recipient="",
        made_at=runtime.clock.now(),
        rows=len(messages),
        supersedes=supersedes,
    )
    content = msgspec.json.encode(Content(note, [body for _, body in messages]))
    sealed = seal(content, header, await own_keys(runtime), card_of(neighbour))
    await _keep(session, principal, neighbour, header, note, sealed, [message_id for message_id, _ in messages])
    await defer_all(session, [carry_of(neighbour.id)] if neighbour.address else [])
    return header.id


async def _keep(
    session: AsyncSession,
    principal: Principal,
    neighbour: Neighbour,
    header: Header,
    note: str,
    sealed: bytes,
    messages: Sequence[UUID],
) -> None:
    batch = Batch(
        id=header.id,
        neighbour_id=neighbour.id,
        region=neighbour.region,
        number=header.number,
        supersedes=header.supersedes,
        rows=header.rows,
        note=note,
        digest=digest(sealed),
        sealed=sealed,
        state=BatchState.SEALED,
        made_by=principal.account,
        made_at=header.made_at,
    )
    session.add(batch)
    await session.flush()
    rows = [
        {"batch_id": batch.id, "number": number, "region": batch.region, "message_id": message_id, "reason": ""}
        for number, message_id in enumerate(messages, 1)
    ]
    await session.execute(insert(BatchRow), rows)
    facts: dict[str, Fact] = {"number": batch.number, "rows": batch.rows, "digest": batch.digest.hex()}
    if header.supersedes:
        facts["supersedes"] = str(header.supersedes)
    subject = ("batch", batch.id)
    await record(session, principal, "batch.sealed", subject, at=batch.made_at, region=batch.region, facts=facts)


async def _locked(session: AsyncSession, principal: Principal, neighbour_id: UUID) -> Neighbour:
    row = await session.get(Neighbour, neighbour_id, with_for_update=True)
    if row is None or row.carriage != Carriage.BATCH:
        raise NotFoundError(neighbour_id=str(neighbour_id))
    require_region(principal, row.region, ROLE)
    require_active(row.state)
    return row


def _view(row: Batch) -> BatchView:
    return BatchView(**{name: getattr(row, name) for name in BatchView.__struct_fields__})
