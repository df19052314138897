"""The board of sittings: how far each is, counted from rows at the moment of asking, and who stands behind each number."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.delivery.api import AttemptState

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


class Step(StrEnum):
    """How far somebody is at a sitting; each is a number of the board."""

    REGISTERED = "registered"
    CHECKED_IN = "checked_in"
    ANSWERING = "answering"
    FINISHED = "finished"
    VOIDED = "voided"
    RESULTS = "results"
    PASSED = "passed"
    OUTSTANDING = "outstanding"


_COUNTED: Mapping[str, Mapping[Step, str]] = {
    "records_v_registration": {Step.REGISTERED: "state = 'accepted'"},
    "records_v_attempt": {
        Step.CHECKED_IN: "state <> 'voided'",
        Step.ANSWERING: "state = any(:answering)",
        Step.FINISHED: "state = any(:ended)",
        Step.VOIDED: "state = 'voided'",
    },
    "records_v_outcome": {
        Step.RESULTS: "true",
        Step.PASSED: "outcome = 'passed'",
        Step.OUTSTANDING: "outcome = 'outstanding'",
    },
}
"""Which rows of which view a step counts; one row is one registration."""
_STATES = {"answering": list(ANSWERING), "ended": list(ENDED)}


def _of_each(view: str, steps: Mapping[Step, str]) -> str:
    counts = ", ".join(f"count(*) filter (where {rows}) as {step}" for step, rows in steps.items())
    return f" cross join lateral (select {counts} from {view} where sitting_id = s.id) {view}"


_LINES = (
    "select s.id, s.title, s.qualification, s.region, s.centre_name, s.starts_at, s.ends_at, s.state,"
    f" {', '.join(Step)} from records_v_sitting s{''.join(_of_each(*each) for each in _COUNTED.items())}"
)
_OF_TODAY = "((s.starts_at >= :since and s.starts_at < :until) or s.state = 'open')"
_TODAY = text(f"{_LINES} where {_OF_TODAY} order by s.starts_at, s.title, s.id limit :limit")
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
    rows = await session.execute(query, {**_STATES, **values})
    return [SittingLine(**row) for row in rows.mappings()]


class BoardPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody behind a number of the board, by the registration, and where."""

    registration_id: UUID
    person_id: UUID | None
    qualification: str
    centre_name: str
    starts_at: datetime


async def list_people_of_sitting(
    session: AsyncSession, step: Step, sitting_id: UUID, *, limit: int, offset: int
) -> list[BoardPerson]:
    """Page whom a number of one sitting counts."""
    return await _people(session, step, "s.id = :sitting", sitting=sitting_id, limit=limit, offset=offset)


async def list_people_today(
    session: AsyncSession, step: Step, *, since: datetime, until: datetime, limit: int, offset: int
) -> list[BoardPerson]:
    """Page whom a sum of the board counts, sitting by sitting; the day as for `list_today`."""
    return await _people(session, step, _OF_TODAY, since=since, until=until, limit=limit, offset=offset)


async def _people(session: AsyncSession, step: Step, where: str, **values: Any) -> list[BoardPerson]:
    view = next(view for view, steps in _COUNTED.items() if step in steps)
    registration = "id" if view == "records_v_registration" else "registration_id"
    query = text(
        f"select r.{registration} as registration_id, r.person_id, s.qualification, s.centre_name, s.starts_at"
        f" from records_v_sitting s cross join lateral"
        f" (select * from {view} where sitting_id = s.id and {_COUNTED[view][step]}) r"
        f" where {where} order by s.starts_at, s.id, 1 limit :limit offset :offset"
    )
    rows = await session.execute(query, {**_STATES, **values})
    return [BoardPerson(**row) for row in rows.mappings()]


def sums(lines: list[SittingLine]) -> dict[str, int]:
    """Add the counts of several sittings up."""
    names = ("registered", "checked_in", "answering", "finished", "results")
    return {name: sum(getattr(line, name) for line in lines) for name in names}
