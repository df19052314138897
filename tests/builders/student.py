"""A learner at a lesson's page, for tests that study: what it sends, and what the ledger says of it afterwards."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.api import list_hours, replay
from exam.training.classes.views import EnrolmentView
from exam.training.ledger.judging import Beat
from exam.training.lessons.models import ObservationRow
from exam.training.lessons.opening import start_visit
from exam.training.lessons.standing import StudyAnswer
from exam.training.lessons.study import end_visit, take_answer, take_beat
from exam.training.settling import run_settle
from tests.builders.training import (
    OFFICER,
    School,
    make_class,
    make_learner,
    make_lesson,
)

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


async def make_student(runtime: Runtime, clock: FrozenClock, school: School) -> Student:
    """Enrol a learner in a class whose first day comes, with a short lesson."""
    class_id = await make_class(runtime, school, sessions=((9, "1.1", "theory"),))
    learner = await make_learner(runtime, school, class_id, number=1)
    clock.advance(timedelta(days=1))
    return Student(runtime, clock, learner, await make_lesson(runtime, school))
