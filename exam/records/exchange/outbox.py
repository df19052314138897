"""Writing messages: one for each neighbour that is told of what happened, numbered by its subject."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.ids import new_id
from exam.core.jobs import Asked, defer_all
from exam.core.principal import contains
from exam.core.runtime import Runtime
from exam.records.exchange.contract import SCHEMA_VERSION, Message, to_json
from exam.records.exchange.models import Neighbour, OutgoingMessage
from exam.records.exchange.state import Carriage, MessageState, NeighbourState
from exam.records.exchange.xml import to_xml

PUSH = "records.exchange_push"


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What a message says; `key` is the same for the same happening, `data` holds no empty values."""

    kind: str
    key: str
    subject: str
    region: str
    occurred_at: datetime
    data: dict[str, Any]


def push_of(neighbour_id: UUID) -> Asked:
    """Return the job that delivers what is due to a neighbour; two never run at once."""
    return Asked(PUSH, {"neighbour_id": str(neighbour_id)}, lock=f"{PUSH}:{neighbour_id}")


def is_pushed(neighbour: Neighbour) -> bool:
    """Tell whether messages go out one by one as they are written."""
    return bool(neighbour.address) and neighbour.carriage == Carriage.MESSAGE


async def offer(session: AsyncSession, runtime: Runtime, content: Content, *, but: UUID | None = None) -> None:
    """Write the message of every neighbour that is told of this kind and whose region it happened in.

    A neighbour's row is locked meanwhile, so that its positions and the numbers of a subject are committed in order and
    without a gap: a reader that asks for what comes after a position never misses what was committed later.

    `but` is the neighbour that told us; who has been told under the same key, by another way, is not told again.
    """
    query = select(Neighbour).where(Neighbour.state == NeighbourState.ACTIVE, Neighbour.kinds.contains([content.kind]))
    told = [
        row
        for row in await session.scalars(query.order_by(Neighbour.id).with_for_update())
        if row.id != but and contains(row.region, content.region) and not await _is_told(session, row.id, content.key)
    ]
    for row in told:
        await write_for(session, runtime, row, content)
    await defer_all(session, [push_of(row.id) for row in told if is_pushed(row)])


async def is_wanted(session: AsyncSession, kind: str) -> bool:
    """Say whether anybody is told of a kind: what it says need not be put together otherwise."""
    wanted = Neighbour.kinds.contains([kind])
    query = select(Neighbour.id).where(Neighbour.state == NeighbourState.ACTIVE, wanted).limit(1)
    return await session.scalar(query) is not None


async def _is_told(session: AsyncSession, neighbour_id: UUID, key: str) -> bool:
    query = select(OutgoingMessage.id).where(
        OutgoingMessage.neighbour_id == neighbour_id, OutgoingMessage.idempotency_key == key
    )
    return await session.scalar(query) is not None


def filled(data: dict[str, Any]) -> dict[str, Any]:
    """Return what a message says: no empty values."""
    return {name: value for name, value in data.items() if value is not None}


async def write_for(session: AsyncSession, runtime: Runtime, neighbour: Neighbour, content: Content) -> None:
    """Write one neighbour's message, whose row is locked."""
    at = runtime.clock.now()
    message = Message(
        id=new_id(),
        kind=content.kind,
        schema_version=SCHEMA_VERSION,
        source=runtime.settings.base_url,
        region=content.region,
        subject=content.subject,
        sequence=await _next_number(session, neighbour.id, content.subject),
        idempotency_key=content.key,
        occurred_at=content.occurred_at,
        made_at=at,
        data=filled(content.data),
    )
    neighbour.last_position += 1
    row = OutgoingMessage(
        id=message.id,
        neighbour_id=neighbour.id,
        region=neighbour.region,
        position=neighbour.last_position,
        kind=message.kind,
        subject=message.subject,
        sequence=message.sequence,
        idempotency_key=message.idempotency_key,
        body=to_xml(message) if neighbour.form == "xml" else to_json(message),
        made_at=at,
        state=MessageState.WAITING,
        attempts=0,
        next_attempt_at=at,
    )
    session.add(row)
    await session.flush()


async def _next_number(session: AsyncSession, neighbour_id: UUID, subject: str) -> int:
    query = select(func.max(OutgoingMessage.sequence)).where(
        OutgoingMessage.neighbour_id == neighbour_id, OutgoingMessage.subject == subject
    )
    return (await session.scalar(query) or 0) + 1
