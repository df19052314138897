"""Making a batch, a stretch at a time: missing certificate files first, then the print files; each stretch orders the next.

A stretch that dies is run again by the queue and goes on where the last mark stands.
"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from certs.batches.errors import BatchNotFoundError
from certs.batches.models import Batch, BatchLine
from certs.batches.printing import print_volume
from certs.batches.service import KEPT, PER_VOLUME, BatchState, Volume, lock_batch, order_making
from certs.desk.errors import NotLoggedYetError
from certs.models import Credential
from certs.rendering import Press, render_one
from exam.core.audit.ledger import record
from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.errors import DomainError, Kind
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime

STRETCH = 40
"""Certificates between two marks: a few seconds' work."""
SIDE_BY_SIDE = 4
"""While one waits for the signer another is drawn."""
FORGOTTEN_AT_ONCE = 50


async def make_batch(runtime: Runtime, *, batch_id: str) -> None:
    """Take a batch one stretch further; one that is cancelled, over or gone is left alone."""
    scope, found = Scope(region=runtime.settings.root_region), UUID(batch_id)
    async with runtime.databases.transaction(scope) as session:
        row = await session.get(Batch, found)
        if row is None or row.state != BatchState.MAKING:
            return
        await _mark_made(session, found)
        waiting = await _next_lines(session, found)
    if waiting:
        await _make_lines(runtime, scope, found, waiting)
    else:
        await _make_volume(runtime, scope, found)


async def _mark_made(session: AsyncSession, batch_id: UUID) -> None:
    """Mark what has its file already: most have it from the day of issue."""
    there = select(Credential.id).where(Credential.pdf_key.is_not(None))
    lines = update(BatchLine).where(BatchLine.batch_id == batch_id, BatchLine.outcome.is_(None))
    await session.execute(lines.where(BatchLine.credential_id.in_(there)).values(outcome="made"))


async def _next_lines(session: AsyncSession, batch_id: UUID) -> list[tuple[int, UUID]]:
    query = select(BatchLine.place, BatchLine.credential_id).where(
        BatchLine.batch_id == batch_id, BatchLine.outcome.is_(None)
    )
    return [
        (row.place, row.credential_id) for row in await session.execute(query.order_by(BatchLine.place).limit(STRETCH))
    ]


async def _make_lines(runtime: Runtime, scope: Scope, batch_id: UUID, lines: list[tuple[int, UUID]]) -> None:
    press = await asyncio.to_thread(Press.open, runtime)
    refused: list[tuple[int, str]] = []
    logged = True
    for first in range(0, len(lines), SIDE_BY_SIDE):
        some = lines[first : first + SIDE_BY_SIDE]
        for (place, _), error in zip(some, await asyncio.gather(*(_try(press, each) for _, each in some)), strict=True):
            logged = logged and not isinstance(error, NotLoggedYetError)
            if error is not None and not isinstance(error, NotLoggedYetError):
                refused.append((place, error.code))
    at = runtime.clock.now()
    after = None if logged else at + timedelta(seconds=1 + runtime.settings.checkpoint_interval_s)
    async with runtime.databases.transaction(scope) as session:
        row = await lock_batch(session, batch_id)
        await _mark_made(session, batch_id)
        for place, code in refused:
            line = update(BatchLine).where(BatchLine.batch_id == batch_id, BatchLine.place == place)
            await session.execute(line.values(outcome="failed", code=code))
        row.moved_at = at
        if row.state == BatchState.MAKING:
            await order_making(session, batch_id, at=after)


async def _try(press: Press, credential_id: UUID) -> DomainError | None:
    """Make one file; what will not be better on another day is an answer, anything else stops the stretch."""
    try:
        await render_one(press, credential_id)
    except DomainError as error:
        if error.kind is Kind.UNAVAILABLE and not isinstance(error, NotLoggedYetError):
            raise
        return error
    return None


async def _make_volume(runtime: Runtime, scope: Scope, batch_id: UUID) -> None:
    async with runtime.databases.transaction(scope) as session:
        row = await lock_batch(session, batch_id)
        last = row.volumes[-1]["last"] if row.volumes else 0
        query = select(BatchLine).where(
            BatchLine.batch_id == batch_id, BatchLine.outcome == "made", BatchLine.place > last
        )
        lines = list(await session.scalars(query.order_by(BatchLine.place).limit(PER_VOLUME)))
        paper, number = row.paper, len(row.volumes) + 1
    if not lines:
        await _finish(runtime, scope, batch_id)
        return
    pdf = await print_volume(runtime, scope, [line.credential_id for line in lines], paper=paper)
    made = Volume(_key(batch_id, number), digest(pdf).hex(), lines[0].place, lines[-1].place)
    async with runtime.databases.transaction(scope) as session:
        row = await lock_batch(session, batch_id)
        # one that was overtaken must not write over what the row tells of
        if len(row.volumes) == number - 1:
            await runtime.storage.put(made.key, pdf)
            row.volumes = [*row.volumes, msgspec.to_builtins(made)]
        row.moved_at = runtime.clock.now()
        if row.state == BatchState.MAKING:
            await order_making(session, batch_id)


def _key(batch_id: UUID, number: int) -> str:
    return f"certs/batches/{batch_id}/{number:03d}.pdf"


async def _finish(runtime: Runtime, scope: Scope, batch_id: UUID) -> None:
    at = runtime.clock.now()
    async with runtime.databases.transaction(scope) as session:
        row = await lock_batch(session, batch_id)
        if row.state != BatchState.MAKING:
            return
        row.state, row.moved_at = BatchState.READY.value, at
        await session.flush()
        facts = {"volumes": ",".join(each["digest"] for each in row.volumes)}
        await record(
            session, SYSTEM, "credential.batch_made", ("batch", row.id), at=at, region=row.region, facts={**facts}
        )


async def forget_batches(runtime: Runtime) -> None:
    """Delete the print files of batches that are older than `KEPT`: they show full numbers and can be made again."""
    scope = Scope(region=runtime.settings.root_region)
    at = runtime.clock.now()
    while ids := await _old_batches(runtime, scope, at):
        for each in ids:
            await _forget(runtime, scope, each)


async def _old_batches(runtime: Runtime, scope: Scope, at: datetime) -> list[UUID]:
    query = select(Batch.id).where(Batch.state != BatchState.OVER, Batch.asked_at < at - KEPT)
    async with runtime.databases.transaction(scope) as session:
        return list(await session.scalars(query.limit(FORGOTTEN_AT_ONCE)))


async def _forget(runtime: Runtime, scope: Scope, batch_id: UUID) -> None:
    async with runtime.databases.transaction(scope) as session:
        try:
            row = await lock_batch(session, batch_id)
        except BatchNotFoundError:
            return
        # and the one after the last: it lies there when a run died before it could tell of it
        for number in range(1, len(row.volumes) + 2):
            await runtime.storage.delete(_key(batch_id, number))
        row.state, row.volumes = BatchState.OVER.value, []
