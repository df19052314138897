"""Attempts as other packages and pages see them."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from exam.delivery import timing
from exam.delivery.checkin import get_attempt_row
from exam.delivery.models import Attempt, Hold, ResponseRevision, RoomAct, Terminal
from exam.delivery.presence import last_heard
from exam.delivery.state import OPEN_STATES, AttemptState


class AttemptView(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt; `answered` counts slots with a stored response while it runs, and what was handed in afterwards."""

    id: UUID
    registration_id: UUID
    sitting_id: UUID
    person_id: UUID
    room_id: UUID
    seat: str
    region: str
    form_id: UUID | None
    rule_set: str
    state: str
    epoch: int
    terminal_id: UUID | None
    name_masked: str
    id_masked: str
    checked_in_at: datetime
    started_at: datetime | None
    deadline_at: datetime | None
    remaining_ms: int | None
    submitted_at: datetime | None
    finalised_at: datetime | None
    answered: int
    receipt_code: str | None
    response_digest: bytes | None
    hand_raised_at: datetime | None
    holds: int = 0
    last_seen_at: datetime | None = None

    @property
    def never_began(self) -> bool:
        """Whether the candidate came and has not begun; once the sitting is over that is an absence (缺考)."""
        return self.started_at is None and AttemptState(self.state) in OPEN_STATES


class TerminalView(msgspec.Struct, frozen=True):
    """One terminal bound to a seat of a room."""

    id: UUID
    seat: str
    bound_at: datetime | None
    busy: bool
    """Whether an attempt that has not ended stands at it."""


class ActView(msgspec.Struct, frozen=True):
    """One act of a proctor on an attempt."""

    act: str
    reason: str
    note: str
    extension_ms: int
    actor: UUID | None
    at: datetime


class Arrival(msgspec.Struct, frozen=True):
    """That a response arrived: which and when, never what."""

    slot: int
    seq: int
    at: datetime


def _view(attempt: Attempt, now: datetime, answered: int, holds: int, seen: datetime | None) -> AttemptView:
    left = timing.remaining_ms(now, attempt.deadline_at, attempt.paused_at) if attempt.deadline_at else None
    shared = set(AttemptView.__struct_fields__) & set(Attempt.__table__.columns.keys()) - {"answered"}
    return AttemptView(
        **{name: getattr(attempt, name) for name in shared},
        name_masked=attempt.display.get("name_masked", ""),
        id_masked=attempt.display.get("id_masked", ""),
        remaining_ms=left,
        answered=answered if attempt.answered is None else attempt.answered,
        holds=holds,
        last_seen_at=seen,
    )


async def get_attempt(session: AsyncSession, attempt_id: UUID, *, now: datetime) -> AttemptView:
    """Return one attempt of the scope."""
    attempt = await get_attempt_row(session, attempt_id)
    return (await _views(session, [attempt], now, {}))[0]


async def find_attempt_of(session: AsyncSession, registration_id: UUID, *, now: datetime) -> AttemptView | None:
    """Return the attempt of a registration, or None before check-in."""
    attempt = await session.scalar(select(Attempt).where(Attempt.registration_id == registration_id))
    return (await _views(session, [attempt], now, {}))[0] if attempt else None


async def list_attempts(session: AsyncSession, sitting_id: UUID, *, now: datetime) -> list[AttemptView]:
    """Return the attempts of a sitting by seat."""
    rows = await session.scalars(select(Attempt).where(Attempt.sitting_id == sitting_id).order_by(Attempt.seat))
    return await _views(session, list(rows), now, {})


async def list_room(session: AsyncSession, runtime: Runtime, room_id: UUID) -> list[AttemptView]:
    """Return the attempts of a room by seat, with when each terminal was last heard."""
    rows = list(await session.scalars(select(Attempt).where(Attempt.room_id == room_id).order_by(Attempt.seat)))
    return await _views(session, rows, runtime.clock.now(), await last_heard(runtime, [row.id for row in rows]))


async def list_terminals(session: AsyncSession, room_id: UUID) -> list[TerminalView]:
    """Return the bound terminals of a room by seat."""
    busy = exists().where(Attempt.terminal_id == Terminal.id, Attempt.state.in_(OPEN_STATES))
    query = select(Terminal.id, Terminal.seat, Terminal.bound_at, busy.label("busy"))
    rows = await session.execute(
        query.where(Terminal.room_id == room_id, Terminal.state == "bound").order_by(Terminal.seat)
    )
    return [TerminalView(row.id, row.seat or "", row.bound_at, row.busy) for row in rows]


async def list_acts(session: AsyncSession, attempt_id: UUID) -> list[ActView]:
    """Return what proctors did to an attempt, oldest first."""
    rows = await session.scalars(select(RoomAct).where(RoomAct.attempt_id == attempt_id).order_by(RoomAct.at))
    return [ActView(row.act, row.reason, row.note, row.extension_ms, row.actor, row.at) for row in rows]


async def ended_at(session: AsyncSession, attempt: AttemptView) -> datetime | None:
    """Return when an attempt ended, by its hand-in or by being voided before that; None while it lasts."""
    voided = select(func.min(RoomAct.at)).where(RoomAct.attempt_id == attempt.id, RoomAct.act == "voided")
    return attempt.finalised_at or await session.scalar(voided)


async def list_arrivals(session: AsyncSession, attempt_id: UUID) -> list[Arrival]:
    """Return when responses of an attempt arrived, oldest first."""
    columns = (ResponseRevision.slot, ResponseRevision.seq, ResponseRevision.arrived_at)
    query = select(*columns).where(ResponseRevision.attempt_id == attempt_id).order_by(ResponseRevision.arrived_at)
    return [Arrival(row.slot, row.seq, row.arrived_at) for row in await session.execute(query)]


async def list_epochs(session: AsyncSession, attempt_ids: Iterable[UUID]) -> dict[UUID, tuple[int, str]]:
    """Return epoch and state of attempts of the scope: what tells whether a lease of theirs still counts."""
    query = select(Attempt.id, Attempt.epoch, Attempt.state).where(Attempt.id.in_(set(attempt_ids)))
    return {row.id: (row.epoch, row.state) for row in await session.execute(query)}


async def count_open(session: AsyncSession, sitting_id: UUID, at: datetime) -> int:
    """Count the attempts of a sitting that are under way or may still begin; who never began in time is absent."""
    may_begin = (Attempt.started_at.is_not(None)) | (Attempt.starts_until >= at)
    query = select(func.count()).where(Attempt.sitting_id == sitting_id, Attempt.state.in_(OPEN_STATES), may_begin)
    return await session.scalar(query) or 0


async def _views(
    session: AsyncSession,
    attempts: list[Attempt],
    now: datetime,
    presence: dict[UUID, datetime],
) -> list[AttemptView]:
    # who has handed in has the count in the row
    answered = await _counts(
        session,
        [attempt.id for attempt in attempts if attempt.started_at is not None and attempt.answered is None],
        lambda ids: (
            select(ResponseRevision.attempt_id, func.count(func.distinct(ResponseRevision.slot)))
            .where(ResponseRevision.attempt_id.in_(ids))
            .group_by(ResponseRevision.attempt_id)
        ),
    )
    holds = await _counts(
        session,
        [attempt.id for attempt in attempts],
        lambda ids: (
            select(Hold.attempt_id, func.count())
            .where(Hold.attempt_id.in_(ids), Hold.released_at.is_(None))
            .group_by(Hold.attempt_id)
        ),
    )
    return [
        _view(attempt, now, answered.get(attempt.id, 0), holds.get(attempt.id, 0), presence.get(attempt.id))
        for attempt in attempts
    ]


async def _counts(
    session: AsyncSession, ids: list[UUID], query: Callable[[list[UUID]], Select[UUID, int]]
) -> dict[UUID, int]:
    return {row[0]: row[1] for row in await session.execute(query(ids))} if ids else {}
