"""`ankao bench training`: what an hour of study at home costs, from learners who report every 15 seconds.

The reports go through the real route with lease and chain. The hour's cost is that of its reports, measured over the
load, and of counting the hours anew, measured apart on learners who are halfway through the longest training that the
rules know, and taken as often as it is done.
"""

import asyncio
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from random import Random
from uuid import UUID

import httpx
import msgspec
from sqlalchemy import insert, text

from exam.app import compose_runtime
from exam.cli.bench.load import LoadFailedError
from exam.cli.bench.machine import describe_machine, tree_cpu_s
from exam.cli.bench.report import Figure, Report
from exam.cli.bench.seating import REGION, person_row
from exam.cli.bench.stack import Scratch, scratch
from exam.cli.demonstration.province import build_province
from exam.core.db.base import Base
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import login_of, open_candidate_session
from exam.training.api import StudyLease, run_settle, start_visit, study_start

BEAT_S, HOUR_S = 15, 3600
COUNTS_PER_HOUR = 4 * HOUR_S / 2700
"""A lesson of one hour of study (学时) is counted every 20 minutes and at its end, and the day's hours when it is opened."""
COUNTED = 20
CHECK_BEATS = 42
STUDIED_BEATS = 72 * 2700 // BEAT_S // 2 // CHECK_BEATS * CHECK_BEATS
"""Half of the 72 hours of study (学时) of a worker in a high-risk trade: counting reads what was reported before."""
MOST_RESENT, RESEND_S = 2, 3
LIMIT_CPU_S = 1.0


class Learner(msgspec.Struct):
    """A learner at a page: where the reports go, what the next one echoes, what is open and what was answered."""

    person: UUID
    visit: UUID
    lease: str
    after: str
    seq: int = 0


class Load(msgspec.Struct, frozen=True):
    """Reports taken in, and the processor time of the servers meanwhile."""

    beats: int
    cpu_s: dict[str, float]


def bench_training(*, learners: int, seconds: float) -> Report:
    """Let learners report over a scratch installation of one web process."""
    machine = describe_machine()
    with scratch() as place:
        people = asyncio.run(_build(place, learners))
        with ExitStack() as stack:
            web = stack.enter_context(place.server("exam.cli", "web", ready="/health/live"))
            pids = {"web": web.pid, "database": place.postgres_pid, "valkey": place.valkey_pid}
            load = asyncio.run(_study(web.url(""), people, seconds, pids))
        count_ms = asyncio.run(_count_ms(place, people[:COUNTED]))
    each_ms = {name: cpu_s / load.beats * 1000 for name, cpu_s in load.cpu_s.items()}
    beat_ms = sum(each_ms.values())
    hour_s = (beat_ms * HOUR_S / BEAT_S + count_ms * COUNTS_PER_HOUR) / 1000
    figures = {
        "beats": Figure(load.beats, "1"),
        "beats_per_s": Figure(load.beats / seconds, "1/s"),
        "beat_cpu": Figure(beat_ms, "ms"),
        **{f"beat_{name}_cpu": Figure(value, "ms") for name, value in each_ms.items()},
        "count_cpu": Figure(count_ms, "ms"),
        "learner_hour_cpu": Figure(hour_s, "s"),
    }
    return Report("training", figures, {"learner_hour_cpu_over_1_s": hour_s / LIMIT_CPU_S}, machine)


async def _build(place: Scratch, count: int) -> list[Learner]:
    """Build the demo's class, put learners into it, and let each open its first lesson."""
    runtime = compose_runtime(place.settings)
    try:
        await build_province(runtime)
        enrolments = await _enrol(runtime, count)
        lesson = await _lesson(runtime)
        return [await _open(runtime, person, enrolment, lesson) for person, enrolment in enrolments]
    finally:
        await runtime.close()


async def _enrol(runtime: Runtime, count: int) -> list[tuple[UUID, UUID]]:
    """Store people with their enrolments directly, because enrolling is not what is measured."""
    now = runtime.clock.now()
    people = [person_row(now) for _ in range(count)]
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        one = (await session.execute(text("select id, qualification, kind from training_class"))).one()
        await session.execute(insert(Base.metadata.tables["identity_person"]), people)
        rows = [
            {
                "id": new_id(),
                "class_id": one.id,
                "person_id": person["id"],
                "region": REGION,
                "qualification": one.qualification,
                "kind": one.kind,
                "state": "enrolled",
                "reason": "",
                "enrolled_at": now,
            }
            for person in people
        ]
        await session.execute(insert(Base.metadata.tables["training_enrolment"]), rows)
    return [(row["person_id"], row["id"]) for row in rows]


async def _lesson(runtime: Runtime) -> UUID:
    async with runtime.databases.session(Scope(region=REGION)) as session:
        longest = text("select id from training_lesson order by length_ms desc limit 1")
        found: UUID = (await session.execute(longest)).scalar_one()
        return found


async def _open(runtime: Runtime, person: UUID, enrolment: UUID, lesson: UUID) -> Learner:
    principal = Principal(account=person, person=person)
    async with runtime.databases.transaction(Scope(person=person)) as session:
        # a page that has just been opened would have to wait for its first report
        at = runtime.clock.now() - timedelta(seconds=BEAT_S)
        visit = await start_visit(session, principal, enrolment, lesson, at=at)
        token = await open_candidate_session(session, runtime.settings, person_id=person, region=REGION, at=at)
    lease, after = study_start(StudyLease(visit, person, login_of(token), REGION), runtime.secrets.lease)
    return Learner(person, visit, lease, after)


async def _study(url: str, people: list[Learner], seconds: float, pids: dict[str, int]) -> Load:
    """Let everybody report every 15 seconds; everybody's first report, which a process pays for once, is not measured."""
    draw, tally = Random(1), Counter[str]()
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=30) as client:
        until = time.monotonic() + BEAT_S + seconds
        everybody = asyncio.gather(*(_report(client, each, draw.uniform(0, BEAT_S), until, tally) for each in people))
        await asyncio.sleep(BEAT_S)
        first, before = tally[""], _usage(pids)
        await everybody
    if set(tally) != {""}:
        raise LoadFailedError(reason=dict(tally))
    after = _usage(pids)
    return Load(tally[""] - first, {name: after[name] - before[name] for name in pids})


def _usage(pids: dict[str, int]) -> dict[str, float]:
    return {name: tree_cpu_s(pid) for name, pid in pids.items()}


async def _report(client: httpx.AsyncClient, learner: Learner, wait: float, until: float, tally: Counter[str]) -> None:
    due = time.monotonic() + wait
    while due < until:
        await asyncio.sleep(max(due - time.monotonic(), 0))
        # who was late reports a whole beat after that, as a page does, and does not catch up
        due = max(due, time.monotonic()) + BEAT_S
        tally[await _beat(client, learner)] += 1


async def _beat(client: httpx.AsyncClient, learner: Learner) -> str:
    """Send one report and return why it was refused, if it was."""
    body = {
        "seq": learner.seq + 1,
        "after": learner.after,
        "unit": 0,
        "seen": True,
        "idle_s": 0,
        "clock_ms": time.monotonic_ns() // 1_000_000,
    }
    answer = await _send(client, learner, body)
    if answer.status_code != httpx.codes.OK:
        return str(answer.status_code)
    told = answer.json()
    learner.after, learner.seq = told["after"], told["study"]["seq"]
    return str(told["study"]["refused"] or told["study"]["stop"])


async def _send(client: httpx.AsyncClient, learner: Learner, body: dict[str, object]) -> httpx.Response:
    """Send a report until it is answered, as the page does: a connection kept alive may be closed just then."""
    path, headers = f"/api/study/{learner.visit}/beat", {"ankao-study": learner.lease}
    for _ in range(MOST_RESENT):
        try:
            return await client.post(path, json=body, headers=headers)
        except httpx.TransportError:
            await asyncio.sleep(RESEND_S)
    return await client.post(path, json=body, headers=headers)


_OTHER_LESSON = text(
    "with other as (insert into training_progress (id, enrolment_id, lesson_id, person_id, region, settled_ms, created_at)"
    " select :progress, p.enrolment_id, (select id from training_lesson where id <> p.lesson_id limit 1), p.person_id,"
    " p.region, 0, p.created_at from training_progress p where p.person_id = :person)"
    " insert into training_visit (id, progress_id, enrolment_id, person_id, region, qualification, kind, node, part,"
    " length_ms, rules, opened_at) select :other, :progress, enrolment_id, person_id, region, qualification, kind, node,"
    " part, 500000000, rules, opened_at from training_visit where id = :visit"
)
_REPORTS = text(
    "insert into training_trace (person_id, region, n, visit_id, kind, at_ms, seen, idle_s, advance_ms, drift_ms)"
    " select l.person_id, l.region, l.n + 1 + i, :other,"
    " case when i = 0 then 'opened' when i % 42 = 40 then 'asked' when i % 42 = 41 then 'present' else 'beat' end,"
    # four hours a day
    " :at_ms + i * :beat_ms + i / 960 * 72000000, true, 0, :beat_ms, 0"
    " from training_live l, generate_series(cast(:first as int), :last) i where l.person_id = :person"
)


async def _remember(runtime: Runtime, learner: Learner) -> None:
    """Store the reports of half a training directly, with a check every ten minutes; count them; add those of one check."""
    told = {
        "person": learner.person,
        "visit": learner.visit,
        "other": new_id(),
        "progress": new_id(),
        "at_ms": int(runtime.clock.now().timestamp()) * 1000,
        "beat_ms": BEAT_S * 1000,
    }
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(_OTHER_LESSON, told)
        await session.execute(_REPORTS, {**told, "first": 0, "last": STUDIED_BEATS - 1})
    await run_settle(runtime, person_id=str(learner.person))
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(_REPORTS, {**told, "first": STUDIED_BEATS, "last": STUDIED_BEATS + CHECK_BEATS - 1})


async def _count_ms(place: Scratch, people: list[Learner]) -> float:
    """Return the processor time of counting one learner's hours anew, here and in the database."""
    runtime = compose_runtime(place.settings)
    try:
        for each in people:
            await _remember(runtime, each)
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            await session.execute(text("analyze training_trace"))
        before = time.process_time() + tree_cpu_s(place.postgres_pid)
        for each in people:
            await run_settle(runtime, person_id=str(each.person))
        return (time.process_time() + tree_cpu_s(place.postgres_pid) - before) / len(people) * 1000
    finally:
        await runtime.close()
