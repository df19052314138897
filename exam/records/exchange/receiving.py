"""What a lower node tells: checked as any receiver must, kept once as it was signed, and told on to whom we tell."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.events import publish
from exam.core.principal import contains
from exam.core.runtime import Runtime
from exam.records.events import MessageKept
from exam.records.exchange.conformance import read
from exam.records.exchange.contract import Message
from exam.records.exchange.errors import MessageFaultyError, SenderUnknownError, SequenceError
from exam.records.exchange.models import IncomingMessage, Neighbour
from exam.records.exchange.outbox import Content, offer
from exam.records.exchange.secrets import secrets_of
from exam.records.exchange.state import NeighbourState
from exam.records.exchange.xml import read_body

PAGE = 30
INCOMING = "/api/exchange/incoming"
REPORT = "report.submitted"
ANNOUNCED = frozenset({REPORT})
"""Kinds that a package acts on when they arrive."""


class IncomingView(msgspec.Struct, frozen=True, kw_only=True):
    """A received message as pages see it."""

    kind: str
    subject: str
    sequence: int
    occurred_at: datetime
    received_at: datetime


def address_of(runtime: Runtime, neighbour_id: UUID) -> str:
    """Return where a lower node pushes to."""
    return f"{runtime.settings.base_url}{INCOMING}/{neighbour_id}"


async def receive(runtime: Runtime, neighbour_id: UUID, headers: Mapping[str, str], body: bytes) -> bool:
    """Keep one message and tell it on, in one transaction; return False where it was here already.

    Raises SenderUnknownError, SignatureWrongError, MessageUnreadableError, MessageFaultyError and SequenceError.
    """
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        # one message of a node at a time: the numbers of a subject are compared with what is committed
        sender = await sender_of(session, neighbour_id, locked=True)
        secrets = secrets_of(runtime, sender)
        message = read(secrets.now, headers, body, now_s=int(at.timestamp()), before=secrets.before)
        if not contains(sender.region, message.region):
            raise MessageFaultyError(field="region")
        if not await _is_next(session, sender.id, message, digest(body)):
            return False
        row = row_of(sender, message, body, at)
        session.add(row)
        await session.flush()
        await announce(session, row, at=at)
        await tell_on(session, runtime, message, but=sender.id)
        return True


async def sender_of(session: AsyncSession, neighbour_id: UUID, *, locked: bool = False) -> Neighbour:
    """Return a lower node that may send; raises SenderUnknownError."""
    found = await session.get(Neighbour, neighbour_id, with_for_update=locked or None)
    if found is None or not found.sends or found.state != NeighbourState.ACTIVE:
        raise SenderUnknownError
    return found


async def list_incoming(session: AsyncSession, neighbour_id: UUID) -> tuple[list[IncomingView], int]:
    """Return what a node told last, the latest first, and how many messages it told in all."""
    mine = IncomingMessage.neighbour_id == neighbour_id
    rows = await session.scalars(select(IncomingMessage).where(mine).order_by(IncomingMessage.id.desc()).limit(PAGE))
    names = IncomingView.__struct_fields__
    views = [IncomingView(**{name: getattr(row, name) for name in names}) for row in rows]
    return views, await session.scalar(select(func.count()).select_from(IncomingMessage).where(mine)) or 0


async def _is_next(session: AsyncSession, neighbour_id: UUID, message: Message, found: bytes) -> bool:
    """Tell what is new from what comes again; raises SequenceError for what comes late or is another message.

    A number that was passed over was set aside by the sender's administrator, and is not waited for.
    """
    table = IncomingMessage
    query = select(table.sequence, table.digest).where(
        table.neighbour_id == neighbour_id, table.subject == message.subject
    )
    known = {row[0]: row[1] for row in await session.execute(query)}
    if message.sequence in known:
        if known[message.sequence] != found:
            raise SequenceError(sequence=message.sequence)
        return False
    if message.sequence < max(known, default=0):
        raise SequenceError(sequence=message.sequence)
    return True


async def tell_on(session: AsyncSession, runtime: Runtime, message: Message, *, but: UUID) -> None:
    """Tell our own neighbours of it; a report is for the level that it was sent to."""
    if message.kind not in ANNOUNCED:
        await offer(session, runtime, content_of(message), but=but)


async def announce(session: AsyncSession, row: IncomingMessage, *, at: datetime) -> None:
    """Let those packages hear of a kept message that act on it."""
    if row.kind in ANNOUNCED:
        await publish(session, MessageKept(region=row.region, incoming_id=row.id), at=at)


async def get_kept(session: AsyncSession, incoming_id: UUID) -> tuple[UUID, Message]:
    """Return who told a kept message, and the message."""
    row = await session.get_one(IncomingMessage, incoming_id)
    return row.neighbour_id, read_body(row.body)


def row_of(sender: Neighbour, message: Message, body: bytes, at: datetime) -> IncomingMessage:
    """Return the row that keeps a message."""
    return IncomingMessage(
        neighbour_id=sender.id,
        region=sender.region,
        message_id=message.id,
        kind=message.kind,
        subject=message.subject,
        sequence=message.sequence,
        body=body.decode(),
        digest=digest(body),
        occurred_at=message.occurred_at,
        received_at=at,
    )


def content_of(message: Message) -> Content:
    """Return what a message says, to be told on."""
    return Content(
        kind=message.kind,
        key=message.idempotency_key,
        subject=message.subject,
        region=message.region,
        occurred_at=message.occurred_at,
        data=message.data,
    )
