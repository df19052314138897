"""A quiz as a lesson: planned from released items, time by heartbeats alone, finished by time and pass mark."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.training.classes.views import EnrolmentView
from exam.training.ledger.judging import Beat
from exam.training.lessons.service import list_lessons
from exam.training.lessons.study import take_answer, take_beat
from exam.training.quizzes.models import QuizRound
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from tests.builders.questionbank import publish_bank, some_drafts
from tests.builders.training import (
    OFFICER,
    School,
    cookie_of,
    learner_cookie,
    make_class,
    make_learner,
)
from tests.builders.web import send, wear

PLAN = {"target": f"{OFFICER} 1.1", "title": "法律小测", "items": "3", "needed_percent": "67", "minutes": "1"}
HOME = "/centre/training/lessons"


async def release(runtime: Runtime) -> None:
    """Publish judgements of node 1.1, of which four are open for practice."""
    bank = await publish_bank(runtime, qualification=OFFICER, drafts=some_drafts(each=8))
    async with runtime.databases.transaction(Scope(region="33"), Role.BANK) as session:
        await act_on_items(session, bank.makers.publisher, ItemAct.RELEASED, bank.item_ids[:4], at=runtime.clock.now())


async def plan(runtime: Runtime, school: School, client: AsyncClient) -> UUID:
    """Plan a quiz as a clerk and publish it as another."""
    wear(client, await cookie_of(runtime, school.clerk))
    assert "练习题有 0 道" in (await send(client, f"{HOME}/quiz", PLAN)).text
    await release(runtime)
    assert "练习题有 4 道" in (await send(client, f"{HOME}/quiz", {**PLAN, "items": "5"})).text
    lesson = (await send(client, f"{HOME}/quiz", PLAN)).headers["location"]
    assert "67" in (await client.get(lesson)).text
    wear(client, await cookie_of(runtime, school.clerk2))
    assert (await send(client, f"{lesson}/publish")).status_code == 303
    async with runtime.databases.session(school.scope) as session:
        [found] = await list_lessons(session, school.id)
        return found.id


class Taker:
    """A learner in front of the quiz, who knows the keys or does not."""

    def __init__(self, runtime: Runtime, clock: FrozenClock, client: AsyncClient, learner: EnrolmentView) -> None:
        self.runtime, self.clock, self.client, self.learner = runtime, clock, client, learner
        self.visit, self.seq = "", 0

    @property
    def scope(self) -> Scope:
        return Scope(person=self.learner.person_id)

    async def open(self, lesson: UUID) -> None:
        opened = await send(self.client, f"/learn/enrolments/{self.learner.id}/lessons/{lesson}")
        self.visit, self.seq = opened.headers["location"], 0

    async def ask(self, what: str = "") -> str:
        return (await self.client.get(f"{self.visit}/quiz{what}")).text

    async def answer(self, *, right: bool) -> str:
        """Answer the item that is asked, rightly or not, and return what the page is told."""
        page = await self.ask()
        version = re.findall(r'name="version" value="([0-9a-f]{64})"', page)[0]
        async with self.runtime.databases.session(Scope(region="33"), Role.BANK) as session:
            asked = text("select content->'key'->>0 from questionbank_item_version where digest = :digest")
            true = (await session.execute(asked, {"digest": version})).scalar_one() == "T"
        wanted = "正确" if true is right else "错误"
        [choice] = re.findall(rf'value="([A-Z])".*<span>{wanted}</span>', page)
        return (await send(self.client, f"{self.visit}/quiz", {"version": version, "choice": choice})).text

    async def study(self, beats: int) -> None:
        """Stay for some beats and answer what is asked."""
        visit = UUID(self.visit.rpartition("/")[2])
        for _ in range(beats):
            self.clock.advance(timedelta(seconds=15))
            self.seq += 1
            beat = Beat(seq=self.seq, after="", seen=True, idle_s=0, clock_ms=self.seq * 15_000)
            async with self.runtime.databases.transaction(self.scope) as session:
                now = self.clock.now()
                told = await take_beat(session, self.learner.person_id, visit, beat, genuine=True, at=now)
                if told.check is not None:
                    await take_answer(session, self.learner.person_id, visit, None, at=now)


async def test_quiz_is_finished_by_its_time_and_its_pass_mark_together(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    lesson = await plan(runtime, school, client)
    learner = await make_learner(runtime, school, await make_class(runtime, school), number=1)
    clock.advance(timedelta(days=1))
    wear(client, await learner_cookie(runtime, learner))
    taker = Taker(runtime, clock, client, learner)
    await taker.open(lesson)
    assert "答错了" in await taker.answer(right=False)
    assert "答错了" in await taker.answer(right=False)
    assert "看结果" in await taker.answer(right=True)
    assert "没有通过" in await taker.ask()
    await taker.study(5)
    assert "还没有通过" in (await client.get("/learn")).text  # the whole minute was studied
    again = await taker.ask("?turn=next")
    assert "第 1 题" in again
    assert "答对 3 题通过" in await taker.ask()
    for _ in range(3):
        assert "答对了" in await taker.answer(right=True)
    assert "没有通过" not in await taker.ask()
    assert "已学完" in (await client.get("/learn")).text
    await _nothing_is_taken_back(runtime, taker)


async def _nothing_is_taken_back(runtime: Runtime, taker: Taker) -> None:
    async with runtime.databases.session(taker.scope) as session:
        rounds = await session.execute(text("select passed from training_quiz_round order by started_at"))
        assert [row.passed for row in rounds] == [False, True]
    with pytest.raises(DBAPIError, match="is fixed"):
        async with runtime.databases.transaction(taker.scope) as session:
            await session.execute(text("update training_quiz_round set right_answers = 3"))


async def test_quiz_that_is_open_elsewhere_takes_no_answer(
    runtime: Runtime, clock: FrozenClock, school: School, client: AsyncClient
) -> None:
    lesson = await plan(runtime, school, client)
    learner = await make_learner(runtime, school, await make_class(runtime, school), number=1)
    clock.advance(timedelta(days=1))
    wear(client, await learner_cookie(runtime, learner))
    first, second = (Taker(runtime, clock, client, learner) for _ in range(2))
    await first.open(lesson)
    await second.open(lesson)
    await second.answer(right=True)
    closed = await send(client, f"{first.visit}/quiz", {"version": "x", "choice": "A"})
    assert closed.status_code == 409
    async with runtime.databases.session(first.scope) as session:
        [row] = await session.scalars(select(QuizRound))
        assert len(row.answers) == 1
