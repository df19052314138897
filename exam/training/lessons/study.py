"""Studying a lesson: opened, heard every few seconds, asked now and then, closed; each message one transaction.

The session's scope is the learner's own. What counts is decided by the pure core (`exam.training.ledger.live`); this
module keeps its state, its traces, and what has been proved for each lesson.
"""

import secrets
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select, text
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.ids import new_id
from exam.core.principal import SYSTEM, Principal
from exam.core.runtime import Runtime
from exam.training.classes.enrolments import get_enrolment
from exam.training.classes.service import get_class
from exam.training.classes.views import ClassState, EnrolmentState, EnrolmentView
from exam.training.errors import DayCapError, LessonStateError, StudyTimeError, VisitNotFoundError
from exam.training.jobs import ask_to_settle
from exam.training.ledger.evidence import THEORY
from exam.training.ledger.judging import Beat, Front, Oddity
from exam.training.ledger.live import Heard, Live, close_visit, hear_answer, hear_beat, open_visit
from exam.training.ledger.rules import LedgerRules, recall_rules, rules_on
from exam.training.lessons.content import LessonContent, Question
from exam.training.lessons.models import Lesson, LiveRow, ObservationRow, Progress, TraceRow, VisitRow
from exam.training.lessons.service import LessonView, get_lesson
from exam.training.settling import studied_on

MS = 1000
BUCKET_S = 600
SILENT = timedelta(minutes=5)
MOST_WRONG = 2
"""Wrong answers to one check; after them it is left to run out, and nothing since the last proof counts."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit's beats are judged by: its copy of the lesson, its length and the ends of its sections."""

    progress: UUID
    length_ms: int
    units: tuple[int, ...]
    rules: str


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a person between two messages.

    `visits` holds the open visit and those whose time waits for proof; `question` what an open check asks, None for a
    plain tap, and `wrong` counts its wrong answers; `day_left_ms` what the day's cap still allows.
    """

    live: Live = Live()
    visits: dict[str, Note] = {}
    question: Question | None = None
    wrong: int = 0
    day_left_ms: int = 0


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """An open presence check as the page shows it: without options it is a tap."""

    prompt: str
    options: tuple[str, ...]
    missed: bool


class StudyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a message; `after` is echoed by the next beat, `stop` says why nothing counts any more.

    `refused` names the oddity of a beat that earned nothing.
    """

    seq: int
    reach_ms: int
    length_ms: int
    finished: bool = False
    check: Check | None = None
    stop: str = ""
    refused: str = ""


def draw_due(rules: LedgerRules) -> int:
    """Return after how much study the next check is due: nobody can foresee it."""
    spread = rules.check_most_s - rules.check_least_s + 1
    return (rules.check_least_s + secrets.randbelow(spread)) * MS


async def start_visit(
    session: AsyncSession, principal: Principal, enrolment_id: UUID, lesson_id: UUID, *, at: datetime
) -> UUID:
    """Open a lesson of an enrolment and return the visit's id; whatever the person has open elsewhere is closed.

    Raises LessonStateError, StudyTimeError outside the class's days or before its plan is filed, DayCapError.
    """
    enrolment, lesson = await get_enrolment(session, enrolment_id), await get_lesson(session, lesson_id)
    await _require_time(session, enrolment, lesson, at)
    rules = rules_on(local_date(at))
    row, state = await _lock(session, enrolment, at)
    left = rules.day_cap_s * MS - await studied_on(session, enrolment.person_id, local_date(at))
    if left <= 0:
        raise DayCapError(hours=rules.day_cap_s // rules.hour_s)
    progress = await _ensure_progress(session, enrolment, lesson, at)
    visit = VisitRow(
        id=new_id(),
        progress_id=progress,
        enrolment_id=enrolment.id,
        person_id=enrolment.person_id,
        region=enrolment.region,
        qualification=enrolment.qualification,
        kind=enrolment.kind,
        node=lesson.node,
        part=THEORY,
        length_ms=lesson.length_ms,
        rules=rules.version,
        opened_at=at,
    )
    session.add(visit)
    await session.flush()
    heard = open_visit(state.live, visit.id, at=_ms(at), rules=rules, draw=draw_due)
    note = Note(progress=progress, length_ms=lesson.length_ms, units=lesson.content.ends_ms, rules=rules.version)
    fresh = msgspec.structs.replace(state, visits={**state.visits, str(visit.id): note}, day_left_ms=left)
    await _keep(session, row, fresh, heard, at=at)
    facts = {"enrolment": str(enrolment.id), "lesson": str(lesson.id), "rules": rules.version}
    await record(session, principal, "study.opened", ("visit", visit.id), at=at, region=visit.region, facts=facts)
    await ask_to_settle(session, enrolment.person_id)
    return visit.id


async def _require_time(session: AsyncSession, enrolment: EnrolmentView, lesson: LessonView, at: datetime) -> None:
    one = await get_class(session, enrolment.class_id)
    ours = lesson.organisation_id == one.organisation_id and lesson.qualification == enrolment.qualification
    if lesson.state != "published" or not ours:
        raise LessonStateError
    running = one.state is ClassState.FILED and one.starts_on <= local_date(at) <= one.ends_on
    if enrolment.state is not EnrolmentState.ENROLLED or not running:
        raise StudyTimeError(first=one.starts_on.isoformat(), last=one.ends_on.isoformat())


async def _lock(session: AsyncSession, enrolment: EnrolmentView, at: datetime) -> tuple[LiveRow, State]:
    fresh = {
        "person_id": enrolment.person_id,
        "region": enrolment.region,
        "n": 0,
        "state": msgspec.to_builtins(State()),
        "heard_at": at,
    }
    await session.execute(pg_insert(LiveRow).values(fresh).on_conflict_do_nothing())
    row = await session.get_one(LiveRow, enrolment.person_id, with_for_update=True, populate_existing=True)
    return row, msgspec.convert(row.state, State)


async def _ensure_progress(session: AsyncSession, enrolment: EnrolmentView, lesson: LessonView, at: datetime) -> UUID:
    fresh = {
        "id": new_id(),
        "enrolment_id": enrolment.id,
        "lesson_id": lesson.id,
        "person_id": enrolment.person_id,
        "region": enrolment.region,
        "settled_ms": 0,
        "created_at": at,
    }
    await session.execute(pg_insert(Progress).values(fresh).on_conflict_do_nothing())
    known = select(Progress.id).where(Progress.enrolment_id == enrolment.id, Progress.lesson_id == lesson.id)
    return (await session.execute(known)).scalar_one()


_STANDING = text(
    "select l.state, l.n, l.region, p.settled_ms from training_live l"
    " join training_visit v on v.id = :visit and v.person_id = l.person_id"
    " join training_progress p on p.id = v.progress_id"
    " where l.person_id = :person for update of l"
)


# one statement for what every beat writes: a learner's hour has 240 of them
_WRITE = text(
    "with kept as (update training_live set n = :n, state = cast(:state as jsonb), visit_id = :visit, heard_at = :at"
    " where person_id = :person)"
    " insert into training_trace (person_id, region, n, visit_id, kind, at_ms, seen, idle_s, advance_ms, drift_ms)"
    " select :person, :region, t.n, t.visit_id, t.kind, t.at_ms, t.seen, t.idle_s, t.advance_ms, t.drift_ms"
    " from jsonb_to_recordset(cast(:traces as jsonb)) as t(n int, visit_id uuid, kind text, at_ms bigint,"
    " seen boolean, idle_s int, advance_ms int, drift_ms bigint)"
)


class _Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A person's state as locked for one message about one visit."""

    person: UUID
    visit: UUID
    region: str
    n: int
    state: State
    settled_ms: int

    @property
    def note(self) -> Note | None:
        return self.state.visits.get(str(self.visit))

    @property
    def reach_ms(self) -> int:
        """What has been studied of the visit's lesson, proved or waiting for proof."""
        note = self.note
        if note is None:
            return self.settled_ms
        waiting = (
            each.span.length
            for each in self.state.live.watch.pending
            if self.state.visits[str(each.visit)].progress == note.progress
        )
        return self.settled_ms + sum(waiting)


async def _standing(session: AsyncSession, person: UUID, visit: UUID) -> _Standing:
    row = (await session.execute(_STANDING, {"person": person, "visit": visit})).one_or_none()
    if row is None:
        raise VisitNotFoundError
    state = msgspec.convert(row.state, State)
    return _Standing(person=person, visit=visit, region=row.region, n=row.n, state=state, settled_ms=row.settled_ms)


async def take_beat(
    session: AsyncSession, person: UUID, visit: UUID, beat: Beat, *, genuine: bool, at: datetime
) -> StudyAnswer:
    """Take a beat in; what is odd about it leaves an observation and earns nothing."""
    here = await _standing(session, person, visit)
    note = here.note
    if note is None or here.state.live.watch.visit != visit:
        await _observe(session, here, Oddity.TWO_DEVICES, at)
        return _answer(here, stop="elsewhere")
    if here.state.day_left_ms <= 0:
        return _answer(here, stop="day_cap")
    front = Front(reach_ms=here.reach_ms, length_ms=note.length_ms, units=note.units)
    heard = hear_beat(
        here.state.live,
        beat,
        front,
        recall_rules(note.rules),
        visit=visit,
        at=_ms(at),
        genuine=genuine,
        draw=draw_due,
    )
    if heard.oddity is not None:
        await _observe(session, here, heard.oddity, at)
    if not heard.traces:
        return _answer(here, refused="" if heard.repeated else str(heard.oddity or ""))
    asked = here.state.live.watch.asked_at is None and heard.live.watch.asked_at is not None
    question = await _question(session, here, beat.unit) if asked else here.state.question
    state = msgspec.structs.replace(
        here.state,
        question=question,
        wrong=0 if asked else here.state.wrong,
        day_left_ms=here.state.day_left_ms - _gain(here, heard),
    )
    after = await _write(session, here, state, heard, at=at)
    return _answer(after, refused=str(heard.oddity or ""))


def _gain(here: _Standing, heard: Heard) -> int:
    before, after = here.state.live.watch.pending, heard.live.watch.pending
    return max(sum(each.span.length for each in after) - sum(each.span.length for each in before), 0)


async def _question(session: AsyncSession, here: _Standing, unit: int) -> Question | None:
    """Return the question of the section that was open, if it has one: who was there can answer it."""
    query = (
        select(Lesson.content)
        .join(Progress, Progress.lesson_id == Lesson.id)
        .join(VisitRow, VisitRow.progress_id == Progress.id)
        .where(VisitRow.id == here.visit)
    )
    content = msgspec.convert((await session.execute(query)).scalar_one(), LessonContent)
    return content.units[unit].question if unit < len(content.units) else None


async def take_answer(
    session: AsyncSession, person: UUID, visit: UUID, choice: int | None, *, at: datetime
) -> StudyAnswer:
    """Take in the answer to an open check; a wrong one leaves it open, and guessing lets it run out."""
    here = await _standing(session, person, visit)
    note, question = here.note, here.state.question
    if note is None or here.state.live.watch.visit != visit:
        return _answer(here, stop="elsewhere")
    if question is not None and here.state.wrong >= MOST_WRONG and not here.state.live.watch.missed:
        return _answer(here, refused=Oddity.GUESSED)
    if question is not None and choice != question.right:
        return await _take_wrong(session, here, at=at)
    heard = hear_answer(here.state.live, visit=visit, at=_ms(at), rules=recall_rules(note.rules))
    if not heard.traces:
        return _answer(here)
    if heard.oddity is not None:
        await _observe(session, here, heard.oddity, at)
    state = msgspec.structs.replace(here.state, question=None, wrong=0)
    after = await _write(session, here, state, heard, at=at)
    await ask_to_settle(session, person)
    return _answer(after)


async def _take_wrong(session: AsyncSession, here: _Standing, *, at: datetime) -> StudyAnswer:
    wrong = here.state.wrong + 1
    if wrong == MOST_WRONG:
        await _observe(session, here, Oddity.GUESSED, at)
    state = msgspec.structs.replace(here.state, wrong=wrong)
    after = await _write(session, here, state, Heard(live=here.state.live), at=at)
    return _answer(after, refused=Oddity.GUESSED if wrong >= MOST_WRONG else "wrong")


async def end_visit(session: AsyncSession, person: UUID, visit: UUID, *, at: datetime) -> None:
    """Close a visit if it is open, and let the hours be counted."""
    here = await _standing(session, person, visit)
    note = here.note
    if note is None or here.state.live.watch.visit != visit:
        return
    heard = close_visit(here.state.live, visit, at=_ms(at), rules=recall_rules(note.rules))
    await _write(session, here, here.state, heard, at=at)
    await ask_to_settle(session, person)


async def read_visit(session: AsyncSession, person: UUID, visit: UUID) -> tuple[StudyAnswer, int, LessonView]:
    """Return where a visit stands, the number of its last beat, and its lesson, for the page that shows it."""
    here = await _standing(session, person, visit)
    query = select(Progress.lesson_id).join(VisitRow, VisitRow.progress_id == Progress.id).where(VisitRow.id == visit)
    lesson = await get_lesson(session, (await session.execute(query)).scalar_one())
    open_here = here.note is not None and here.state.live.watch.visit == visit
    answer = _answer(here, stop="" if open_here else "elsewhere")
    length = msgspec.structs.replace(answer, length_ms=lesson.length_ms)
    return length, here.state.live.line.seq if open_here else 0, lesson


async def waiting_by_lesson(session: AsyncSession, person: UUID) -> dict[UUID, int]:
    """Return what of each lesson's copy has been studied and waits for proof, in milliseconds by the copy's id."""
    row = await session.get(LiveRow, person)
    sums: defaultdict[UUID, int] = defaultdict(int)
    if row is not None:
        state = msgspec.convert(row.state, State)
        for each in state.live.watch.pending:
            sums[state.visits[str(each.visit)].progress] += each.span.length
    return dict(sums)


def _answer(here: _Standing, *, stop: str = "", refused: str = "") -> StudyAnswer:
    watch, note = here.state.live.watch, here.note
    check = None
    if watch.asked_at is not None and not stop:
        question = here.state.question
        prompt, options = (question.prompt, question.options) if question else ("", ())
        check = Check(prompt=prompt, options=options, missed=watch.missed)
    length = note.length_ms if note else 0
    return StudyAnswer(
        seq=here.state.live.line.seq,
        reach_ms=here.reach_ms,
        length_ms=length,
        finished=0 < length <= here.settled_ms,
        check=check,
        stop=stop,
        refused=refused,
    )


async def _write(session: AsyncSession, here: _Standing, state: State, heard: Heard, *, at: datetime) -> _Standing:
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


async def _keep(session: AsyncSession, row: LiveRow, state: State, heard: Heard, *, at: datetime) -> None:
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
        if row.finished_at is None and row.settled_ms >= known.length_ms:
            row.finished_at = at
        await session.flush()
    return {UUID(key): sums[note.progress] for key, note in state.visits.items() if note.progress in sums}


async def _observe(session: AsyncSession, here: _Standing, oddity: Oddity, at: datetime) -> None:
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


def _ms(at: datetime) -> int:
    return int(at.timestamp() * MS)


async def run_close_silent(runtime: Runtime) -> None:
    """Close the visits that have not been heard of for a while, so that their time is counted."""
    now = runtime.clock.now()
    silent = select(LiveRow.person_id, LiveRow.visit_id).where(
        LiveRow.visit_id.is_not(None), LiveRow.heard_at < now - SILENT
    )
    async with runtime.databases.session(Scope(region=runtime.settings.root_region)) as session:
        found = [(row.person_id, row.visit_id) for row in await session.execute(silent)]
    for person, visit in found:
        async with runtime.databases.transaction(Scope(person=person)) as session:
            await end_visit(session, person, visit, at=runtime.clock.now())
