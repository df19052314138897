"""The board of sittings: how far each is, counted from rows at the moment of asking."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.delivery.api import AttemptState
from exam.records.measures import OUTCOMES

ANSWERING = (AttemptState.IN_PROGRESS.value, AttemptState.PAUSED.value)
ENDED = (
    AttemptState.SUBMITTED.value,
    AttemptState.EXPIRED.value,
    AttemptState.SCORED.value,
    AttemptState.RELEASED.value,
)
MOST = 200


class SittingLine(msgspec.Struct, frozen=True, kw_only=True):
    """One sitting with its counts of people: `checked_in` includes those further on, voided attempts stand apart.

    `results`, `passed` and `outstanding` are counted by registration, as `Figures` are.
    """

    id: UUID
    title: str
    qualification: str
    region: str
    centre_name: str
    starts_at: datetime
    ends_at: datetime
    state: str
    registered: int
    checked_in: int
    answering: int
    finished: int
    voided: int
    results: int
    passed: int
    outstanding: int


_LINES = f"""
    select s.id, s.title, s.qualification, s.region, s.centre_name, s.starts_at, s.ends_at, s.state,
        r.registered, a.checked_in, a.answering, a.finished, a.voided, g.results, g.passed, g.outstanding
    from records_v_sitting s
    cross join lateral (
        select count(*) as registered from records_v_registration
        where sitting_id = s.id and state = 'accepted') r
    cross join lateral (
        select count(*) filter (where state <> 'voided') as checked_in,
            count(*) filter (where state = any(:answering)) as answering,
            count(*) filter (where state = any(:ended)) as finished,
            count(*) filter (where state = 'voided') as voided
        from records_v_attempt where sitting_id = s.id) a
    cross join lateral (
        select {OUTCOMES}
        from records_v_outcome where sitting_id = s.id) g
"""
_TODAY = text(
    _LINES + " where (s.starts_at >= :since and s.starts_at < :until) or s.state = 'open'"
    " order by s.starts_at, s.title, s.id limit :limit",
)
_PERIOD = text(
    _LINES + " where s.starts_at >= :since and s.starts_at < :until"
    " order by s.starts_at desc, s.id limit :limit offset :offset",
)


async def list_today(session: AsyncSession, *, since: datetime, until: datetime) -> list[SittingLine]:
    """Return the scope's sittings that start in a day, and those still open from before."""
    return await _lines(session, _TODAY, since=since, until=until, limit=MOST)


async def list_of_period(
    session: AsyncSession,
    *,
    since: datetime,
    until: datetime,
    limit: int,
    offset: int,
) -> list[SittingLine]:
    """Page the scope's sittings that start in a period, the latest first."""
    return await _lines(session, _PERIOD, since=since, until=until, limit=limit, offset=offset)


async def _lines(session: AsyncSession, query: TextClause, **values: object) -> list[SittingLine]:
    bound = {"answering": list(ANSWERING), "ended": list(ENDED), **values}
    rows = await session.execute(query, bound)
    return [SittingLine(**row) for row in rows.mappings()]


def sums(lines: list[SittingLine]) -> dict[str, int]:
    """Add the counts of several sittings up."""
    names = ("registered", "checked_in", "answering", "finished", "results")
    return {name: sum(getattr(line, name) for line in lines) for name in names}
