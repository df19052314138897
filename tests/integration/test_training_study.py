"""Studying at home against the real database: what counts, what is noticed, and that a replay always agrees."""

import asyncio
import random
import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock, local_date, local_midnight
from exam.core.db.scope import Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import login_of
from exam.sitting.facts import gather_facts
from exam.training.api import list_hours, replay
from exam.training.classes.enrolments import list_enrolments_of, transfer, withdraw
from exam.training.classes.service import add_session, file_class, get_class
from exam.training.classes.views import EnrolmentView
from exam.training.ledger.judging import Beat, Oddity
from exam.training.lessons.errors import DayCapError, LessonStateError, StudyTimeError
from exam.training.lessons.lease import StudyLease, chain, mint
from exam.training.lessons.models import ObservationRow, Progress
from exam.training.lessons.opening import start_visit
from exam.training.lessons.standing import StudyAnswer
from exam.training.lessons.study import end_visit, read_visit, run_close_silent, take_answer, take_beat
from exam.training.settling import run_settle
from tests.builders.training import (
    OFFICER,
    School,
    learner_cookie,
    make_class,
    make_learner,
    make_lesson,
    make_programme,
    make_school,
)
from tests.builders.web import browsing, send, wear

LONG = "# 长课\n" + "读" * 6 * 3000
"""Fifty minutes of reading in one section, without a question."""


class Student:
    """A learner at a page: honest unless a test says otherwise."""

    def __init__(self, runtime: Runtime, clock: FrozenClock, learner: EnrolmentView, lesson: UUID) -> None:
        self.runtime, self.clock, self.learner, self.lesson = runtime, clock, learner, lesson
        self.person = learner.person_id
        self.visit = UUID(int=0)
        self.seq, self.unit, self.clock_ms = 0, 0, 0

    @property
    def scope(self) -> Scope:
        return Scope(person=self.person)

    async def open(self) -> None:
        principal = Principal(account=self.person, person=self.person)
        async with self.runtime.databases.transaction(self.scope) as session:
            at = self.clock.now()
            self.visit = await start_visit(session, principal, self.learner.id, self.lesson, at=at)
        self.seq = 0

    async def beat(self, *, genuine: bool = True, visit: UUID | None = None, **said: Any) -> StudyAnswer:
        beat = Beat(
            **{
                "seq": self.seq + 1,
                "after": "",
                "unit": self.unit,
                "seen": True,
                "idle_s": 0,
                "clock_ms": self.clock_ms,
                **said,
            }
        )
        async with self.runtime.databases.transaction(self.scope) as session:
            answer = await take_beat(
                session, self.person, visit or self.visit, beat, genuine=genuine, at=self.clock.now()
            )
        if visit is None:
            self.seq = answer.seq
        return answer

    async def study(self, beats: int, *, answer: bool = True) -> StudyAnswer:
        """Stay on the page for some beats of 15 seconds, and answer what is asked."""
        told = StudyAnswer(seq=0, reach_ms=0, length_ms=0)
        for _ in range(beats):
            self.pass_time(15)
            told = await self.beat()
            if told.check and answer:
                told = await self.answer()
        return told

    def pass_time(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.clock_ms += seconds * 1000

    async def answer(self, choice: int | None = 1) -> StudyAnswer:
        async with self.runtime.databases.transaction(self.scope) as session:
            return await take_answer(session, self.person, self.visit, choice, at=self.clock.now())

    async def close(self) -> None:
        async with self.runtime.databases.transaction(self.scope) as session:
            await end_visit(session, self.person, self.visit, at=self.clock.now())

    async def counted(self) -> int:
        """Let the worker count, check the ledger against a replay, and return the seconds online."""
        await run_settle(self.runtime, person_id=str(self.person))
        async with self.runtime.databases.session(self.scope) as session:
            found = await replay(session, self.person)
            assert found.equal
            return sum(entry.seconds for entry in await list_hours(session, self.person, OFFICER))

    async def noticed(self) -> list[str]:
        async with self.runtime.databases.session(self.scope) as session:
            return sorted(await session.scalars(select(ObservationRow.kind)))


@pytest.fixture
async def school(runtime: Runtime) -> School:
    made = await make_school(runtime)
    await make_programme(runtime, made)
    return made


@pytest.fixture
async def student(runtime: Runtime, clock: FrozenClock, school: School) -> Student:
    class_id = await make_class(runtime, school, sessions=((9, "1.1", "theory"),))
    learner = await make_learner(runtime, school, class_id, number=1)
    clock.advance(timedelta(days=1))
    return Student(runtime, clock, learner, await make_lesson(runtime, school))


async def test_short_lesson_is_studied_proved_and_counted_under_its_node(student: Student) -> None:
    await student.open()
    assert not (await student.study(1)).finished
    student.unit = 1
    told = await student.study(2)
    assert told.finished
    assert told.reach_ms == told.length_ms
    assert await student.counted() == told.length_ms // 1000
    async with student.runtime.databases.session(student.scope) as session:
        [entry] = await list_hours(session, student.person, OFFICER)
        assert entry.begun_on == (await get_class(session, student.learner.class_id)).starts_on
        assert (entry.node, entry.part, entry.origin) == ("1.1", "theory", "online")
        assert (await session.scalars(select(Progress.finished_at))).one() is not None


async def test_refusal_of_a_registration_knows_what_each_node_still_misses(student: Student, school: School) -> None:
    student.lesson = await make_lesson(student.runtime, school, title="长课", text=LONG)
    await student.open()
    await student.study(45)
    assert await student.counted() == 675
    async with student.runtime.databases.session(student.scope) as session:
        facts = await gather_facts(session, student.person, OFFICER, birth_on=date(1980, 5, 1), on=date(2026, 11, 24))
    assert [(gap.code, gap.hours) for gap in facts.gaps] == [("1.1", 1575), ("1.2", 1600)]
    assert facts.hours == 25


async def test_lesson_without_its_last_proof_is_not_finished_and_does_not_count(student: Student) -> None:
    await student.open()
    await student.study(1)
    student.unit = 1
    told = await student.study(2, answer=False)
    assert told.check is not None
    assert not told.finished
    assert await student.counted() == 0
    assert (await student.answer()).finished
    assert await student.counted() == told.length_ms // 1000


async def asked(student: Student) -> StudyAnswer:
    """Open the lesson and let a check come at the first beat."""
    await student.open()
    live = "update training_live set state = jsonb_set(state, '{live,due_ms}', '1')"
    async with student.runtime.databases.transaction(student.scope) as session:
        await session.execute(text(live))
    return await student.study(1, answer=False)


async def test_wrong_answer_leaves_the_check_open(student: Student) -> None:
    told = await asked(student)
    assert told.check is not None
    assert told.check.options == ("灭火器在有效期内", "配电箱门损坏敞开")
    again = await student.answer(0)
    assert (again.refused, again.check is not None) == ("wrong", True)
    assert (await student.answer(1)).check is None


async def test_guessing_lets_the_check_run_out_and_the_time_before_it_is_lost(student: Student) -> None:
    await asked(student)
    assert [(await student.answer(0)).refused for _ in range(2)] == ["wrong", "guessed"]
    assert (await student.answer(1)).refused == "guessed"  # even the right one, until the minute is over
    told = await student.study(5, answer=False)
    assert (told.reach_ms, told.check and told.check.missed) == (0, True)
    assert (await student.answer(1)).check is None
    assert await student.counted() == 0
    assert await student.noticed() == ["guessed"]


async def test_section_that_is_locked_earns_nothing_and_is_noticed(student: Student) -> None:
    await student.open()
    student.unit = 1
    student.pass_time(15)
    told = await student.beat()
    assert (told.refused, told.reach_ms) == (Oddity.SKIPPED_AHEAD, 0)
    assert await student.noticed() == ["skipped_ahead"]


async def test_second_device_takes_over_and_the_first_is_noticed(student: Student) -> None:
    await student.open()
    await student.study(1)
    first = student.visit
    await student.open()
    student.pass_time(15)
    told = await student.beat(visit=first, seq=2)
    assert told.stop == "elsewhere"
    assert await student.noticed() == ["two_devices"]


async def test_flood_of_beats_leaves_one_observation_and_earns_wall_time_only(student: Student) -> None:
    await student.open()
    for _ in range(20):
        student.pass_time(1)
        await student.beat(seq=1)
    for _ in range(10):
        await student.beat()
    assert await student.counted() <= 20
    assert await student.noticed() == ["too_fast"]


async def test_forged_and_replayed_beats_earn_nothing(student: Student) -> None:
    await student.open()
    await student.study(1)
    student.pass_time(15)
    assert (await student.beat(genuine=False)).refused == Oddity.FORGED
    assert (await student.beat(seq=9)).refused == Oddity.FORGED
    await student.study(1)
    assert (await student.beat(seq=1)).refused == Oddity.REPLAYED
    assert await student.noticed() == ["forged", "replayed"]


async def test_beat_whose_answer_was_lost_is_answered_again_and_counted_once(student: Student) -> None:
    await student.open()
    told = await student.study(1)
    again = await student.beat(seq=1)
    assert (again.seq, again.reach_ms, again.refused) == (told.seq, told.reach_ms, "")
    assert await student.noticed() == []


async def test_parallel_beats_are_taken_one_after_the_other(student: Student) -> None:
    await student.open()
    student.pass_time(15)
    await asyncio.gather(*(student.beat(seq=1) for _ in range(4)))
    async with student.runtime.databases.session(student.scope) as session:
        assert await session.scalar(text("select count(*) from training_trace where kind = 'beat'")) == 1


async def test_lost_network_and_silence_cost_only_their_own_time(student: Student, school: School) -> None:
    student.lesson = await make_lesson(student.runtime, school, title="长课", text=LONG)
    await student.open()
    await student.study(10)
    student.pass_time(600)
    await student.beat()
    await student.study(4)
    student.pass_time(301)
    await run_close_silent(student.runtime)
    assert await student.counted() == 14 * 15
    assert (await student.beat()).stop == "elsewhere"


async def test_missed_check_takes_time_back_and_the_lesson_with_it(student: Student, school: School) -> None:
    student.lesson = await make_lesson(student.runtime, school, title="长课", text=LONG)
    await student.open()
    before = await student.study(20)
    for _ in range(60):
        told = await student.study(1, answer=False)
        if told.check and told.check.missed:
            break
    assert told.reach_ms < before.reach_ms + 60 * 15_000
    assert await student.counted() == told.reach_ms // 1000
    assert (await student.answer(None)).check is None
    await student.study(2)
    await student.close()
    assert await student.counted() == told.reach_ms // 1000 + 30


def _asked_to_count(runtime: Runtime) -> int:
    with psycopg.connect(runtime.settings.database_url) as connection:
        query = "select count(*) from jobs.procrastinate_jobs where task_name = 'training.settle'"
        return int((connection.execute(query).fetchone() or (0,))[0])


async def test_hours_are_counted_now_and_then_in_a_long_lesson_and_whenever_one_ends(
    student: Student, school: School, runtime: Runtime
) -> None:
    short = student.lesson
    student.lesson = await make_lesson(runtime, school, title="长课", text=LONG)
    before = _asked_to_count(runtime)
    await student.open()
    assert _asked_to_count(runtime) == before
    await student.study(4 * 45)
    assert before + 1 <= _asked_to_count(runtime) <= before + 2
    counted = _asked_to_count(runtime)
    student.lesson = short
    await student.open()
    assert _asked_to_count(runtime) == counted + 1
    await student.study(1)
    student.unit = 1
    assert (await student.study(2)).finished
    assert _asked_to_count(runtime) == counted + 2
    await student.close()
    assert _asked_to_count(runtime) == counted + 2
    await student.open()
    await student.close()
    assert _asked_to_count(runtime) == counted + 2


async def test_day_ends_at_its_cap(student: Student, school: School) -> None:
    student.lesson = await make_lesson(student.runtime, school, title="长课", text=LONG)
    await student.open()
    async with student.runtime.databases.transaction(student.scope) as session:
        await session.execute(text("update training_live set state = jsonb_set(state, '{day_left_ms}', '20000')"))
    await student.study(2)
    student.pass_time(15)
    assert (await student.beat()).stop == "day_cap"


async def test_whole_day_of_class_leaves_no_room_online(student: Student, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> int:
        return 6 * 3600 * 1000

    monkeypatch.setattr("exam.training.lessons.opening.studied_on", full)
    with pytest.raises(DayCapError):
        await student.open()


async def test_study_counts_only_while_the_class_runs_and_only_its_lessons(
    student: Student, school: School, clock: FrozenClock
) -> None:
    other = await make_school(student.runtime, name="另一机构")
    lesson, student.lesson = student.lesson, await make_lesson(student.runtime, other)
    with pytest.raises(Exception, match="lesson_not_found"):
        await student.open()
    student.lesson = lesson
    clock.advance(timedelta(days=40))
    with pytest.raises(StudyTimeError):
        await student.open()
    async with student.runtime.databases.transaction(school.scope) as session:
        await session.execute(text("update training_lesson set state = 'retired' where id = :id"), {"id": lesson})
    with pytest.raises(LessonStateError):
        await student.open()


async def test_traces_cannot_be_changed_and_a_published_lesson_is_fixed(student: Student, school: School) -> None:
    await student.open()
    for statement in ("update training_trace set at_ms = 0", "delete from training_trace"):
        async with student.runtime.databases.session(student.scope) as session:
            with pytest.raises(DBAPIError, match="permission denied"):
                await session.execute(text(statement))
    async with student.runtime.databases.session(school.scope) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text("update training_lesson set length_ms = 15000"))


@pytest.mark.parametrize("seed", range(4))
async def test_replay_agrees_whatever_happens(student: Student, school: School, seed: int) -> None:
    """Random learners: two lessons, forged beats, gaps, answers, silence; and never more than wall time."""
    draw = random.Random(seed)
    lessons = [student.lesson, await make_lesson(student.runtime, school, title="长课", text=LONG)]
    begun = student.clock.now()
    await student.open()
    for _ in range(60):
        match draw.choice(["study", "study", "study", "gap", "open", "answer", "close", "forge"]):
            case "study":
                await student.study(draw.randint(1, 3), answer=draw.random() < 0.6)
            case "gap":
                student.pass_time(draw.randint(1, 400))
            case "open":
                student.lesson, student.unit = draw.choice(lessons), draw.randint(0, 1)
                await student.open()
            case "answer":
                await student.answer(draw.randint(0, 1))
            case "close":
                await student.close()
            case _:
                student.pass_time(draw.randint(0, 20))
                await student.beat(
                    seq=max(student.seq + draw.randint(-1, 2), 0),
                    genuine=draw.random() < 0.5,
                    clock_ms=draw.randint(0, 10**9),
                )
    assert await student.counted() <= (student.clock.now() - begun).total_seconds()


async def _header(student: Student, runtime: Runtime) -> dict[str, str]:
    """Log the learner in, and return the lease of the page that this log-in opens."""
    [token] = (await learner_cookie(runtime, student.learner)).values()
    return {
        "ankao-study": mint(StudyLease(student.visit, student.person, login_of(token), "33"), runtime.secrets.lease)
    }


async def _post(client: AsyncClient, student: Student, header: dict[str, str], seq: int, after: str) -> Response:
    beat = Beat(seq=seq, after=after, seen=True, idle_s=0, clock_ms=seq * 15_000)
    path = f"/api/study/{student.visit}/beat"
    return await client.post(path, content=msgspec.json.encode(beat), headers=header)


async def test_route_takes_a_genuine_lease_and_the_chain_of_its_answers(student: Student, runtime: Runtime) -> None:
    await student.open()
    header = await _header(student, runtime)
    async with browsing(runtime) as client:
        student.pass_time(15)
        first = await _post(client, student, header, 1, chain(student.visit, 0, runtime.secrets.lease))
        assert first.status_code == 200
        assert first.json()["study"]["reach_ms"] == 15_000
        student.pass_time(15)
        guessed = await _post(client, student, header, 2, "AAAAAAAAAAAA")
        assert guessed.json()["study"]["refused"] == "forged"
        second = await _post(client, student, header, 2, first.json()["after"])
        assert second.json()["study"]["refused"] == ""
        assert (await _post(client, student, {}, 3, "")).status_code == 401
        path = f"/api/study/{student.visit}/beat"
        assert (await client.post(path, content=b"{", headers=header)).status_code == 400
        assert (await client.post(path, content=b'{"seq": 1, "x": 2}', headers=header)).status_code == 400
        assert (await client.post(path, content=b" " * 3000, headers=header)).status_code == 400


async def test_page_earns_nothing_once_its_log_in_has_ended(student: Student, runtime: Runtime) -> None:
    await student.open()
    async with browsing(runtime) as client:
        wear(client, await learner_cookie(runtime, student.learner))
        page = (await client.get(f"/learn/visits/{student.visit}")).text
        lease, after = (re.findall(f'data-{name}="([^"]*)"', page)[0] for name in ("lease", "after"))
        header = {"ankao-study": lease}
        student.pass_time(15)
        first = await _post(client, student, header, 1, after)
        assert first.json()["study"]["reach_ms"] == 15_000
        await send(client, "/logout")
        student.pass_time(15)
        second = await _post(client, student, header, 2, first.json()["after"])
        assert (second.json()["study"]["stop"], second.json()["study"]["reach_ms"]) == ("login", 15_000)
        answered = await client.post(f"/api/study/{student.visit}/answer", content=b"{}", headers=header)
        assert answered.json()["study"]["stop"] == "login"
    assert await student.noticed() == [Oddity.LOGGED_OUT]


async def test_page_earns_nothing_beyond_the_end_of_its_log_in(student: Student, runtime: Runtime) -> None:
    await student.open()
    header = await _header(student, runtime)
    async with browsing(runtime) as client:
        student.pass_time(runtime.settings.session_max_h * 3600)
        late = await _post(client, student, header, 1, chain(student.visit, 0, runtime.secrets.lease))
    assert late.json()["study"]["stop"] == "login"


@pytest.mark.parametrize(
    ("way", "stop"), [("withdrawn", "over"), ("moved", "over"), ("ended", "over"), ("changed", "unfiled")]
)
async def test_page_earns_nothing_once_its_learner_has_left_the_class_or_it_does_not_run(
    student: Student, runtime: Runtime, clock: FrozenClock, school: School, way: str, stop: str
) -> None:
    if way == "ended":  # half a minute before the class's last day is over
        clock.advance(local_midnight(date(2026, 12, 14)) - clock.now() - timedelta(seconds=30))
    student.lesson = await make_lesson(runtime, school, title="长课", text=LONG)
    await student.open()
    assert (await student.study(1)).reach_ms == 15_000
    await _leave(student, runtime, school, way)
    student.pass_time(15)
    late = await student.beat()
    assert (late.stop, late.reach_ms, late.check) == (stop, 15_000, None)
    assert (await student.answer()).stop == stop
    async with runtime.databases.transaction(student.scope) as session:
        shown, _, _ = await read_visit(session, student.person, student.visit, at=clock.now())
    assert shown.stop == stop
    assert await student.noticed() == []


async def test_study_goes_on_where_it_was_once_the_changed_plan_is_filed_again(
    student: Student, runtime: Runtime, clock: FrozenClock, school: School
) -> None:
    student.lesson = await make_lesson(runtime, school, title="长课", text=LONG)
    await student.open()
    await student.study(2)
    await _leave(student, runtime, school, "changed")
    await student.study(2)
    async with runtime.databases.transaction(school.scope) as session:
        await file_class(session, school.clerk, student.learner.class_id, at=clock.now())
    await student.open()
    assert (await student.study(1)).reach_ms == 45_000
    await student.close()
    assert await student.counted() == 45


async def _leave(student: Student, runtime: Runtime, school: School, way: str) -> None:
    left, at = student.learner, runtime.clock.now()
    if way == "moved":
        other = await make_class(runtime, school, sessions=((10, "1.1", "theory"),), title="另一班")
        async with runtime.databases.transaction(school.scope) as session:
            await transfer(session, school.clerk, runtime, left.class_id, left.id, to_class=other, reason="加班", at=at)
    elif way == "withdrawn":
        async with runtime.databases.transaction(school.scope) as session:
            await withdraw(session, school.clerk, left.class_id, left.id, reason="离职", at=at)
    elif way == "changed":
        await _change(runtime, school, left.class_id)


async def _change(runtime: Runtime, school: School, class_id: UUID) -> None:
    """Put another session on a class's timetable, which takes its filing back."""
    at = runtime.clock.now()
    starts_at = local_midnight(local_date(at)) + timedelta(days=5, hours=9)
    async with runtime.databases.transaction(school.scope) as session:
        await add_session(
            session,
            school.clerk,
            class_id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=45),
            venue_id=school.venue_id,
            teacher_id=school.teacher.account or school.id,
            node="1.1",
            part="theory",
            at=at,
        )


async def test_time_before_a_move_is_proved_in_the_new_class(
    student: Student, runtime: Runtime, school: School
) -> None:
    student.lesson = await make_lesson(runtime, school, title="长课", text=LONG)
    await student.open()
    await student.study(8)
    await _leave(student, runtime, school, "moved")
    await student.study(4)
    student.clock.advance(timedelta(days=2))
    async with runtime.databases.session(student.scope) as session:
        [fresh] = [each for each in await list_enrolments_of(session, student.person) if each.state == "enrolled"]
    student.learner = fresh
    await student.open()
    told = await student.study(200)
    await student.close()
    assert told.finished
    assert await student.counted() == 3000 + 120
