"""Taking batches up and bringing answers back over the network: always begun below, so that nothing must call in."""

from typing import Any
from uuid import UUID

import httpx
import msgspec
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.jobs import Job, defer_all
from exam.core.runtime import Runtime
from exam.records.exchange.addresses import judge_address
from exam.records.exchange.errors import AddressRefusedError, AddressUnknownError, UpperSilentError
from exam.records.exchange.models import Neighbour
from exam.records.exchange.receiving import INCOMING
from exam.records.exchange.secrets import secrets_of
from exam.records.exchange.signing import headers_of
from exam.records.exchange.state import NeighbourState
from exam.records.nodes.batches import CARRY, carry_of
from exam.records.nodes.certificates import client_of
from exam.records.nodes.models import Batch
from exam.records.nodes.reconciling import (
    STEP,
    BatchLine,
    BatchReconciliation,
    compare_batches,
    lines_here,
)
from exam.records.nodes.replies import last_read, read_answers
from exam.records.nodes.state import BatchState
from exam.records.nodes.transfer import PART_BYTES, Asking, Held, PartName

SWEEP = "records.node_sweep"


class Upper(msgspec.Struct, frozen=True):
    """A connection to one upper node."""

    runtime: Runtime
    client: httpx.AsyncClient
    neighbour: Neighbour

    async def call(self, path: str, named: str, body: bytes, **query: str) -> bytes:
        """Send a signed call and return the answer's bytes; raises httpx.HTTPError and the errors of addresses."""
        settings, secrets = self.runtime.settings, secrets_of(self.runtime, self.neighbour)
        # judged at every call: what a name means may have changed since the neighbour was registered
        target = await judge_address(f"{self.neighbour.address}/{path}", settings.exchange_inside)
        unix_s = int(self.runtime.clock.now().timestamp())
        headers = headers_of(secrets.now, named, unix_s, body, before=secrets.before) | {"host": target.host}
        options: dict[str, Any] = {"content": body, "headers": headers, "extensions": target.extensions}
        answer = await self.client.post(target.url, params=query, **options)
        return answer.raise_for_status().content


async def carry(runtime: Runtime, *, neighbour_id: str) -> None:
    """Send what is sealed to one upper node from where the last attempt stopped, then ask what it says."""
    async with runtime.databases.session(_root(runtime)) as session:
        neighbour = await session.get_one(Neighbour, UUID(neighbour_id))
        query = select(Batch).where(Batch.neighbour_id == neighbour.id, Batch.state == BatchState.SEALED)
        sealed = await session.scalar(query)
    if not _is_upper(neighbour):
        return
    try:
        async with client_of(runtime.settings) as client:
            upper = Upper(runtime, client, neighbour)
            if sealed is not None:
                await _send(upper, sealed.sealed)
            await _ask(upper)
    except (httpx.HTTPError, AddressRefusedError, AddressUnknownError) as error:
        status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else 0
        log = structlog.get_logger()
        log.info("node_unreachable", neighbour=str(neighbour.id), error=type(error).__name__, status=status)


async def sweep(runtime: Runtime) -> None:
    """Ask for a journey to every upper node."""
    async with runtime.databases.transaction(_root(runtime)) as session:
        query = select(Neighbour).where(Neighbour.state == NeighbourState.ACTIVE, Neighbour.card != "")
        await defer_all(session, [carry_of(row.id) for row in await session.scalars(query) if _is_upper(row)])


async def reconcile_batches(session: AsyncSession, runtime: Runtime, neighbour_id: UUID) -> BatchReconciliation:
    """Compare with the upper node; raises UpperSilentError, AddressRefusedError and AddressUnknownError."""
    neighbour = await session.get_one(Neighbour, neighbour_id)
    above: list[BatchLine] = []
    try:
        async with client_of(runtime.settings) as client:
            upper = Upper(runtime, client, neighbour)
            while True:
                asking = msgspec.json.encode(Asking(above[-1].number if above else 0))
                lines = msgspec.json.decode(await upper.call("batches", "batches", asking), type=list[BatchLine])
                above += lines
                if len(lines) < STEP:
                    return compare_batches(await lines_here(session, neighbour_id), above)
    except (httpx.HTTPError, msgspec.MsgspecError) as error:
        raise UpperSilentError from error


async def _send(upper: Upper, data: bytes) -> None:
    """Send part by part; the answer to each tells how much is there, also of an earlier attempt."""
    name = digest(data).hex()
    start, body = 0, b""
    while True:
        part = PartName(name, len(data), start)
        query = {"digest": name, "size": str(part.size), "start": str(start)}
        held = msgspec.json.decode(await upper.call("parts", part.text, body, **query), type=Held)
        if held.taken:
            return
        start = held.held
        body = data[start : start + PART_BYTES]


async def _ask(upper: Upper) -> None:
    runtime, neighbour_id = upper.runtime, upper.neighbour.id
    async with runtime.databases.session(_root(runtime)) as session:
        asking = msgspec.json.encode(Asking(await last_read(session, neighbour_id)))
    data = await upper.call("answers", "answers", asking)
    async with runtime.databases.transaction(_root(runtime)) as session:
        locked = await session.get_one(Neighbour, neighbour_id, with_for_update=True)
        await read_answers(session, runtime, locked, data)


def _is_upper(neighbour: Neighbour) -> bool:
    """Tell whether a node listens to batches at its address."""
    return neighbour.state == NeighbourState.ACTIVE and bool(neighbour.card) and INCOMING in neighbour.address


def _root(runtime: Runtime) -> Scope:
    return Scope(region=runtime.settings.root_region)


JOBS = (Job(CARRY, carry), Job(SWEEP, sweep, cron="* * * * *"))
