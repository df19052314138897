"""What a neighbour was told: read with its receipts, dead letters sent again or set aside by decision, calls answered."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError
from exam.core.jobs import defer_all
from exam.core.principal import Principal
from exam.identity.api import require_region
from exam.records.exchange.errors import PositionAheadError
from exam.records.exchange.models import Neighbour, OutgoingMessage, Receipt
from exam.records.exchange.neighbours import OPERATOR
from exam.records.exchange.outbox import push_of
from exam.records.exchange.state import MessageState, require_step

PAGE = 30
Show = Literal["all", "waiting", "dead", "delivered", "set_aside"]


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A message as pages and callers see it."""

    id: UUID
    neighbour_id: UUID
    position: int
    kind: str
    subject: str
    sequence: int
    body: str
    made_at: datetime
    state: str
    attempts: int
    next_attempt_at: datetime
    ended_at: datetime | None


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to deliver."""

    at: datetime
    outcome: str
    status: int


async def list_messages(
    session: AsyncSession, neighbour_id: UUID, *, show: Show, page: int
) -> tuple[list[MessageView], bool]:
    """Return one page of what a neighbour was told, the latest first, and whether there is another."""
    query = select(OutgoingMessage).where(OutgoingMessage.neighbour_id == neighbour_id)
    if show != "all":
        query = query.where(OutgoingMessage.state == show)
    query = query.order_by(OutgoingMessage.position.desc()).offset((page - 1) * PAGE).limit(PAGE + 1)
    views = [_view(row) for row in await session.scalars(query)]
    return views[:PAGE], len(views) > PAGE


async def get_message(session: AsyncSession, message_id: UUID) -> tuple[MessageView, list[ReceiptView]]:
    """Return one message with its receipts, the first first."""
    row = await session.get(OutgoingMessage, message_id)
    if row is None:
        raise NotFoundError(message_id=str(message_id))
    query = select(Receipt).where(Receipt.message_id == message_id).order_by(Receipt.at, Receipt.id)
    names = ReceiptView.__struct_fields__
    found = [ReceiptView(**{name: getattr(each, name) for name in names}) for each in await session.scalars(query)]
    return _view(row), found


async def replay(session: AsyncSession, principal: Principal, message_id: UUID, *, at: datetime) -> UUID:
    """Send a dead letter again, at once and with all its attempts before it; return its neighbour's id."""
    row = await _dead(session, principal, message_id, MessageState.WAITING)
    row.state, row.attempts, row.next_attempt_at = MessageState.WAITING, 0, at
    await session.flush()
    await record(session, principal, "message.replayed", ("message", row.id), at=at, region=row.region)
    await defer_all(session, [push_of(row.neighbour_id)])
    return row.neighbour_id


async def set_aside(
    session: AsyncSession, principal: Principal, message_id: UUID, *, reason: str, at: datetime
) -> UUID:
    """Give a dead letter up, so that what follows of its subject goes on; the receiver will see the gap."""
    row = await _dead(session, principal, message_id, MessageState.SET_ASIDE)
    row.state, row.ended_at = MessageState.SET_ASIDE, at
    await session.flush()
    facts = {"reason": reason}
    await record(session, principal, "message.set_aside", ("message", row.id), at=at, region=row.region, facts=facts)
    await defer_all(session, [push_of(row.neighbour_id)])
    return row.neighbour_id


async def list_after(session: AsyncSession, neighbour_id: UUID, position: int, *, limit: int) -> list[MessageView]:
    """Return what a neighbour was told after a position, in order, whether it has confirmed it or not."""
    query = select(OutgoingMessage).where(
        OutgoingMessage.neighbour_id == neighbour_id, OutgoingMessage.position > position
    )
    return [_view(row) for row in await session.scalars(query.order_by(OutgoingMessage.position).limit(limit))]


async def confirm(session: AsyncSession, neighbour_id: UUID, position: int, *, at: datetime) -> int:
    """Take a caller's receipt for everything up to a position; return how many it is the first for.

    Raises PositionAheadError.
    """
    neighbour = await session.get_one(Neighbour, neighbour_id, with_for_update=True)
    if position > neighbour.last_position:
        raise PositionAheadError
    query = select(OutgoingMessage).where(
        OutgoingMessage.neighbour_id == neighbour_id,
        OutgoingMessage.position <= position,
        OutgoingMessage.state == MessageState.WAITING,
    )
    rows = list(await session.scalars(query.with_for_update()))
    for row in rows:
        row.state, row.ended_at = MessageState.DELIVERED, at
        session.add(Receipt(message_id=row.id, region=row.region, at=at, outcome="fetched", status=0))
    await session.flush()
    return len(rows)


async def _dead(session: AsyncSession, principal: Principal, message_id: UUID, wanted: MessageState) -> OutgoingMessage:
    row = await session.get(OutgoingMessage, message_id, with_for_update=True)
    if row is None:
        raise NotFoundError(message_id=str(message_id))
    require_region(principal, row.region, OPERATOR)
    require_step(row.state, wanted)
    return row


def _view(row: OutgoingMessage) -> MessageView:
    return MessageView(**{name: getattr(row, name) for name in MessageView.__struct_fields__})
