"""Delivering what is due: by push, in order of each subject, again after a while where it failed, dead in the end."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

import httpx
import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope
from exam.core.jobs import Job, defer_all
from exam.core.runtime import Runtime
from exam.records.exchange.addresses import judge_address
from exam.records.exchange.errors import AddressRefusedError, AddressUnknownError
from exam.records.exchange.models import Neighbour, OutgoingMessage, Receipt
from exam.records.exchange.outbox import PUSH, is_pushed, push_of
from exam.records.exchange.secrets import secrets_of
from exam.records.exchange.signing import MEDIA_TYPES, headers_of
from exam.records.exchange.state import MessageState, NeighbourState, delay_after

SWEEP = "records.exchange_sweep"
ROUND = 50
TIMEOUT_S = 10
GONE = 410


class Outcome(msgspec.Struct, frozen=True):
    """How a push ended, and with which HTTP status; 0 where no answer came."""

    outcome: Literal["accepted", "refused", "unreachable", "forbidden"]
    status: int = 0


async def push(runtime: Runtime, *, neighbour_id: str) -> None:
    """Deliver what is due to one neighbour, until nothing is or the neighbour cannot be reached."""
    scope = Scope(region=runtime.settings.root_region)
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
        while True:
            async with runtime.databases.session(scope) as session:
                neighbour = await session.get_one(Neighbour, UUID(neighbour_id))
                due = await _due(session, runtime, neighbour)
            if not due:
                return
            for message in due:
                outcome = await _post(runtime, client, neighbour, message)
                async with runtime.databases.transaction(scope) as session:
                    await _note(session, runtime, message.id, outcome)
                if outcome.outcome == "unreachable":
                    return


async def sweep(runtime: Runtime) -> None:
    """Ask for a push to every neighbour to whom something is due."""
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        query = select(Neighbour).where(Neighbour.state == NeighbourState.ACTIVE, Neighbour.address != "")
        found = [row for row in await session.scalars(query) if await _due(session, runtime, row)]
        await defer_all(session, [push_of(row.id) for row in found])


async def _due(session: AsyncSession, runtime: Runtime, neighbour: Neighbour) -> list[OutgoingMessage]:
    """Return the first open message of each subject, where it is due: what follows waits for it."""
    if neighbour.state != NeighbourState.ACTIVE or not is_pushed(neighbour):
        return []
    table = OutgoingMessage
    heads = (
        select(table.id)
        .ext(distinct_on(table.subject))
        .where(table.neighbour_id == neighbour.id, table.state.in_([MessageState.WAITING, MessageState.DEAD]))
        .order_by(table.subject, table.sequence)
    )
    query = select(table).where(
        table.id.in_(heads), table.state == MessageState.WAITING, table.next_attempt_at <= runtime.clock.now()
    )
    return list(await session.scalars(query.order_by(table.position).limit(ROUND)))


async def _post(runtime: Runtime, client: httpx.AsyncClient, neighbour: Neighbour, message: OutgoingMessage) -> Outcome:
    secrets = secrets_of(runtime, neighbour)
    body, unix_s = message.body.encode(), int(runtime.clock.now().timestamp())
    headers = headers_of(secrets.now, str(message.id), unix_s, body, before=secrets.before)
    try:
        # judged at every push: what a name means may have changed since the neighbour was registered
        target = await judge_address(neighbour.address, runtime.settings.exchange_inside)
        headers |= {"content-type": MEDIA_TYPES[neighbour.form], "host": target.host, "user-agent": "ankao-exchange/1"}
        request = client.build_request("POST", target.url, content=body, headers=headers, extensions=target.extensions)
        # nobody reads what a neighbour says beside its status
        answer = await client.send(request, stream=True)
        await answer.aclose()
    except AddressRefusedError:
        return Outcome("forbidden")
    except (httpx.HTTPError, AddressUnknownError) as error:
        structlog.get_logger().info("exchange_unreachable", neighbour=str(neighbour.id), error=type(error).__name__)
        return Outcome("unreachable")
    return Outcome("accepted" if answer.is_success else "refused", answer.status_code)


async def _note(session: AsyncSession, runtime: Runtime, message_id: UUID, outcome: Outcome) -> None:
    """Keep the receipt of an attempt and lead the message on."""
    at = runtime.clock.now()
    row = await session.get_one(OutgoingMessage, message_id, with_for_update=True)
    session.add(Receipt(message_id=row.id, region=row.region, at=at, outcome=outcome.outcome, status=outcome.status))
    if row.state == MessageState.WAITING:
        row.attempts += 1
        if outcome.outcome == "accepted":
            row.state, row.ended_at = MessageState.DELIVERED, at
        elif (wait := _wait(row.attempts, outcome)) is None:
            row.state = MessageState.DEAD
        else:
            row.next_attempt_at = at + wait
    await session.flush()


def _wait(attempts: int, outcome: Outcome) -> timedelta | None:
    """Return how long to wait; nothing is tried again where the neighbour says that it is gone."""
    return None if outcome.status == GONE else delay_after(attempts)


JOBS = (Job(PUSH, push), Job(SWEEP, sweep, cron="* * * * *"))
