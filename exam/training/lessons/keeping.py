"""Keeping what a message changed: traces, the state, what has been proved for each lesson, what was odd."""

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.ids import new_id
from exam.core.principal import SYSTEM
from exam.training.ledger.judging import Oddity
from exam.training.ledger.live import Heard
from exam.training.lessons.models import LiveRow, ObservationRow, Progress, TraceRow, VisitRow
from exam.training.lessons.standing import State, StudyStanding

BUCKET_S = 600


# one statement for what every beat writes: a learner's hour has 240 of them
_WRITE = text(
    "with kept as (update training_live set n = :n, state = cast(:state as jsonb), visit_id = :visit, heard_at = :at"
    " where person_id = :person)"
    " insert into training_trace (person_id, region, n, visit_id, kind, at_ms, seen, idle_s, advance_ms, drift_ms)"
    " select :person, :region, t.n, t.visit_id, t.kind, t.at_ms, t.seen, t.idle_s, t.advance_ms, t.drift_ms"
    " from jsonb_to_recordset(cast(:traces as jsonb)) as t(n int, visit_id uuid, kind text, at_ms bigint,"
    " seen boolean, idle_s int, advance_ms int, drift_ms bigint)"
)


async def keep_message(
    session: AsyncSession, here: StudyStanding, state: State, heard: Heard, *, at: datetime
) -> StudyStanding:
    """Keep what a message changed: traces, the state, and what has been proved for each lesson."""
    kept = _pruned(msgspec.structs.replace(state, live=heard.live))
    written = {
        "person": here.person,
        "region": here.region,
        "n": here.n + len(heard.traces),
        "state": msgspec.json.encode(kept).decode(),
        "visit": heard.live.watch.visit,
        "at": at,
        "traces": msgspec.json.encode(_trace_rows(here.n, heard)).decode(),
    }
    await session.execute(_WRITE, written)
    settled = here.settled_ms + (await _settle_lessons(session, state, heard, at=at)).get(here.visit, 0)
    return msgspec.structs.replace(here, n=here.n + len(heard.traces), state=kept, settled_ms=settled)


async def keep_opening(session: AsyncSession, row: LiveRow, state: State, heard: Heard, *, at: datetime) -> None:
    """Keep the opening of a visit."""
    await _append(session, row.person_id, row.region, row.n, heard)
    row.n += len(heard.traces)
    row.state = msgspec.to_builtins(_pruned(msgspec.structs.replace(state, live=heard.live)))
    row.visit_id, row.heard_at = heard.live.watch.visit, at
    await session.flush()


def _pruned(state: State) -> State:
    watch = state.live.watch
    needed = {str(watch.visit), *(str(each.visit) for each in watch.pending)}
    visits = {key: note for key, note in state.visits.items() if key in needed}
    return msgspec.structs.replace(state, visits=visits)


async def _append(session: AsyncSession, person: UUID, region: str, n: int, heard: Heard) -> None:
    rows = [{"person_id": person, "region": region, **row} for row in _trace_rows(n, heard)]
    if rows:
        await session.execute(insert(TraceRow), rows)


def _trace_rows(n: int, heard: Heard) -> list[dict[str, Any]]:
    return [
        {
            "n": n + place,
            "visit_id": trace.visit,
            "kind": trace.kind,
            "at_ms": trace.at,
            "seen": trace.seen,
            "idle_s": trace.idle_s,
            "advance_ms": trace.advance_ms,
            "drift_ms": trace.drift_ms,
        }
        for place, trace in enumerate(heard.traces, start=1)
    ]


async def _settle_lessons(session: AsyncSession, state: State, heard: Heard, *, at: datetime) -> dict[UUID, int]:
    """Add what was proved to its lessons; return the milliseconds by visit, over all visits of a lesson together."""
    sums: defaultdict[UUID, int] = defaultdict(int)
    for each in heard.proved:
        sums[state.visits[str(each.visit)].progress] += each.span.length
    for progress, length in sums.items():
        row = await session.get_one(Progress, progress, with_for_update=True, populate_existing=True)
        row.settled_ms += length
        known = next(note for note in state.visits.values() if note.progress == progress)
        if row.settled_ms >= known.length_ms and (row.passed_at is not None or not known.must_pass):
            row.finished_at = row.finished_at or at
        await session.flush()
    return {UUID(key): sums[note.progress] for key, note in state.visits.items() if note.progress in sums}


async def pass_lesson(session: AsyncSession, progress: UUID, *, length_ms: int, at: datetime) -> None:
    """Write down that a lesson's own condition is met; with its time it is finished."""
    row = await session.get_one(Progress, progress, with_for_update=True, populate_existing=True)
    row.passed_at = row.passed_at or at
    if row.settled_ms >= length_ms:
        row.finished_at = row.finished_at or at
    await session.flush()


async def observe(session: AsyncSession, here: StudyStanding, oddity: Oddity, at: datetime) -> None:
    """Leave an observation for people to look at, once in ten minutes per kind."""
    enrolment = (await session.execute(select(VisitRow.enrolment_id).where(VisitRow.id == here.visit))).scalar_one()
    fresh = {
        "id": new_id(),
        "visit_id": here.visit,
        "enrolment_id": enrolment,
        "person_id": here.person,
        "region": here.region,
        "kind": oddity,
        "at": at,
        "bucket": int(at.timestamp()) // BUCKET_S,
    }
    stored = pg_insert(ObservationRow).values(fresh).on_conflict_do_nothing().returning(ObservationRow.id)
    if (await session.execute(stored)).scalar_one_or_none() is None:
        return
    facts = {"kind": str(oddity)}
    await record(session, SYSTEM, "study.observed", ("visit", here.visit), at=at, region=here.region, facts=facts)
