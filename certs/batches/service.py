"""Asking for a batch, stopping it, letting it go on, and how far it is."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.batches.choosing import Choice, Paper, chosen
from certs.batches.errors import (
    BatchEmptyError,
    BatchNotFoundError,
    BatchPendingError,
    BatchStateError,
    BatchTooLargeError,
)
from certs.batches.models import Batch, BatchLine
from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.ids import new_id
from exam.core.jobs import defer
from exam.core.principal import Principal

MAKE = "certs.make_batch"
MOST = 10_000
PER_VOLUME = 500
"""Certificates in one print file: of a size that a print shop's viewer opens."""
KEPT = timedelta(days=30)
STALLED = timedelta(minutes=5)


class BatchState(StrEnum):
    """批次状态."""

    MAKING = "making"
    CANCELLED = "cancelled"
    READY = "ready"
    OVER = "over"
    """到期: its print files are deleted; another batch makes them again."""


class Volume(msgspec.Struct, frozen=True):
    """One print file: where it lies, its SHA-256, and the first and the last place in it."""

    key: str
    digest: str
    first: int
    last: int


class Failed(msgspec.Struct, frozen=True):
    """A certificate whose file cannot be made, and the error's code."""

    place: int
    credential_id: UUID
    code: str


class BatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A batch and how far it is; `done` and `failed` count certificates, `volumes` the print files made of `to_print`."""

    id: UUID
    region: str
    choice: Choice
    paper: Paper
    state: BatchState
    total: int
    done: int
    failed: int
    volumes: int
    to_print: int
    asked_by: UUID | None
    asked_at: datetime
    moved_at: datetime

    @property
    def percent(self) -> int:
        """Share of the work: certificates, then print files as if each were as many certificates as it holds."""
        finished = self.done + self.failed + min(self.volumes * PER_VOLUME, self.total)
        return 100 if self.state is BatchState.READY else min(99, 100 * finished // (2 * self.total))


async def ask_batch(session: AsyncSession, principal: Principal, choice: Choice, paper: Paper, *, at: datetime) -> UUID:
    """Fix what a batch is made of and order its making.

    Raises BatchEmptyError, BatchTooLargeError, and as `chosen`.
    """
    wanted = (await session.scalars((await chosen(session, choice, on=local_date(at))).limit(MOST + 1))).all()
    if not wanted:
        raise BatchEmptyError
    if len(wanted) > MOST:
        raise BatchTooLargeError(limit=MOST)
    row = Batch(
        id=new_id(),
        region=principal.region,
        choice=msgspec.to_builtins(choice),
        paper=paper.value,
        state=BatchState.MAKING.value,
        total=len(wanted),
        volumes=[],
        asked_by=principal.account,
        asked_at=at,
        moved_at=at,
    )
    session.add(row)
    await session.flush()
    lines = [
        {"batch_id": row.id, "place": place, "credential_id": each, "region": row.region, "outcome": None, "code": ""}
        for place, each in enumerate(wanted, 1)
    ]
    await session.execute(insert(BatchLine), lines)
    facts: dict[str, Fact] = {"certificates": row.total, "paper": row.paper}
    facts["choice"] = msgspec.json.encode(choice, order="sorted").decode()
    await _note(session, principal, "credential.batch_asked", row, at, facts)
    await order_making(session, row.id)
    return row.id


async def order_making(session: AsyncSession, batch_id: UUID, *, at: datetime | None = None) -> None:
    """Order the next stretch of a batch's work; stretches of one batch never run side by side."""
    await defer(session, MAKE, lock=f"certs.batch:{batch_id}", at=at, batch_id=str(batch_id))


async def cancel_batch(session: AsyncSession, principal: Principal, batch_id: UUID, *, at: datetime) -> None:
    """Stop a batch after the certificates that are being made; raises BatchStateError."""
    row = await lock_batch(session, batch_id)
    if row.state != BatchState.MAKING:
        raise BatchStateError
    row.state = BatchState.CANCELLED.value
    await session.flush()
    await _note(session, principal, "credential.batch_cancelled", row, at, {})


async def resume_batch(session: AsyncSession, principal: Principal, batch_id: UUID, *, at: datetime) -> None:
    """Let a batch go on that was cancelled, or that has stood still; what is made stays made. Raises BatchStateError."""
    row = await lock_batch(session, batch_id)
    stalled = row.state == BatchState.MAKING and at - row.moved_at >= STALLED
    if row.state != BatchState.CANCELLED and not stalled:
        raise BatchStateError
    row.state, row.moved_at = BatchState.MAKING.value, at
    await session.flush()
    await _note(session, principal, "credential.batch_resumed", row, at, {})
    await order_making(session, row.id)


async def note_download(session: AsyncSession, principal: Principal, batch: BatchView, what: str, at: datetime) -> None:
    """Log that somebody takes certificates away: they show full numbers."""
    facts: dict[str, Fact] = {"what": what, "certificates": batch.done}
    subject = ("batch", batch.id)
    await record(session, principal, "credential.batch_downloaded", subject, at=at, region=batch.region, facts=facts)


async def lock_batch(session: AsyncSession, batch_id: UUID) -> Batch:
    """Return a batch of the scope, locked until the transaction ends; raises BatchNotFoundError."""
    query = select(Batch).where(Batch.id == batch_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise BatchNotFoundError
    return row


async def get_batch(session: AsyncSession, batch_id: UUID) -> BatchView:
    """Return a batch of the scope; raises BatchNotFoundError."""
    row = await session.get(Batch, batch_id)
    if row is None:
        raise BatchNotFoundError
    (view,) = await _views(session, [row])
    return view


async def get_ready_batch(session: AsyncSession, batch_id: UUID) -> BatchView:
    """Return a finished batch; raises BatchNotFoundError, BatchPendingError, and BatchStateError once it is over."""
    view = await get_batch(session, batch_id)
    if view.state is BatchState.OVER:
        raise BatchStateError
    if view.state is not BatchState.READY:
        raise BatchPendingError
    return view


async def list_batches(session: AsyncSession, *, limit: int, offset: int) -> list[BatchView]:
    """Page the batches of the scope, the latest first."""
    query = select(Batch).order_by(Batch.asked_at.desc(), Batch.id.desc()).limit(limit).offset(offset)
    return await _views(session, list(await session.scalars(query)))


async def list_volumes(session: AsyncSession, batch_id: UUID) -> list[Volume]:
    """Return the print files that are made of a batch, in order; raises BatchNotFoundError."""
    row = await session.get(Batch, batch_id)
    if row is None:
        raise BatchNotFoundError
    return [msgspec.convert(each, Volume) for each in row.volumes]


async def list_failed(session: AsyncSession, batch_id: UUID, *, limit: int) -> list[Failed]:
    """Return what of a batch could not be made, in its order."""
    query = select(BatchLine).where(BatchLine.batch_id == batch_id, BatchLine.outcome == "failed")
    rows = await session.scalars(query.order_by(BatchLine.place).limit(limit))
    return [Failed(row.place, row.credential_id, row.code) for row in rows]


async def _views(session: AsyncSession, rows: list[Batch]) -> list[BatchView]:
    query = select(BatchLine.batch_id, BatchLine.outcome, func.count()).where(
        BatchLine.batch_id.in_([row.id for row in rows]), BatchLine.outcome.is_not(None)
    )
    found = await session.execute(query.group_by(BatchLine.batch_id, BatchLine.outcome))
    counts: dict[tuple[UUID, str | None], int] = {(row[0], row[1]): row[2] for row in found}
    return [_view(row, counts.get((row.id, "made"), 0), counts.get((row.id, "failed"), 0)) for row in rows]


def _view(row: Batch, done: int, failed: int) -> BatchView:
    same: dict[str, Any] = {name: getattr(row, name) for name in ("id", "region", "total", "asked_by")}
    return BatchView(
        **same,
        choice=msgspec.convert(row.choice, Choice),
        paper=Paper(row.paper),
        state=BatchState(row.state),
        done=done,
        failed=failed,
        volumes=len(row.volumes),
        to_print=-(-(row.total - failed) // PER_VOLUME),
        asked_at=row.asked_at,
        moved_at=row.moved_at,
    )


async def _note(
    session: AsyncSession, principal: Principal, act: str, row: Batch, at: datetime, facts: dict[str, Fact]
) -> None:
    await record(session, principal, act, ("batch", row.id), at=at, region=row.region, facts=facts)
