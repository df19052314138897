"""Studying at home against the real database: what counts, what is noticed, and that a replay always agrees."""

import asyncio
import random
from datetime import date, timedelta

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.runtime import Runtime
from exam.sitting.facts import gather_facts
from exam.training.api import list_hours
from exam.training.classes.service import get_class
from exam.training.ledger.judging import Oddity
from exam.training.lessons.errors import DayCapError, LessonStateError, StudyTimeError
from exam.training.lessons.models import Progress
from exam.training.lessons.standing import StudyAnswer
from exam.training.lessons.study import run_close_silent
from tests.builders.student import LONG, Student
from tests.builders.training import (
    OFFICER,
    School,
    make_lesson,
    make_school,
)


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
