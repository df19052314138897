"""Answers in words: two mark apart, a third decides where they differ, and nothing is scored before."""

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import list_attempts, void_attempt
from exam.identity.errors import RegionForbiddenError
from exam.identity.sessions import COOKIE
from grading.api import find_unfaithful_scores
from grading.errors import AnswerMarkedError, AnswerSettledError, AnswerWithdrawnError
from grading.jobs import score_sitting
from grading.marking import AnswerMarksError
from grading.models import Answer, Score
from grading.written import list_piles, mark_answer
from tests.builders.grading import Examined, assessor, close_and_score, examined, work_off
from tests.builders.sitting import make_staff
from tests.builders.web import send, wear

WRITTEN = "先断电,再验电,<b>后挂接地线</b>"


async def answers_of(runtime: Runtime, exam: Examined) -> list[Answer]:
    """Return the answers in the order of their candidates."""
    async with runtime.databases.session(exam.scope) as session:
        found = {row.attempt_id: row for row in await session.scalars(select(Answer))}
    return [found[attempt] for attempt in exam.attempts]


async def give(runtime: Runtime, exam: Examined, row: Answer, who: Principal, marks: int) -> str:
    async with runtime.databases.transaction(exam.scope) as session:
        return await mark_answer(session, who, row.id, marks=marks, note="", at=runtime.clock.now())


async def scored(runtime: Runtime, exam: Examined) -> list[int]:
    async with runtime.databases.session(exam.scope) as session:
        return list(await session.scalars(select(Score.marks).order_by(Score.marks)))


async def become(runtime: Runtime, client: AsyncClient, exam: Examined, role: str) -> None:
    wear(client, {COOKIE: (await make_staff(runtime, role=role, organisation=exam.centre.id))[1]})


async def test_two_mark_apart_and_a_third_decides_before_anything_is_scored(
    runtime: Runtime, clock: FrozenClock
) -> None:
    exam = await examined(runtime, clock, right=[9, 9], written=WRITTEN)
    await close_and_score(runtime, exam)
    agreed, differing = await answers_of(runtime, exam)
    assert (await scored(runtime, exam), agreed.tolerance) == ([], 200)
    first, second, third = assessor(), assessor(), assessor()
    with pytest.raises(RegionForbiddenError):
        await give(runtime, exam, agreed, assessor(region="33/3302"), 600)
    for bad in (1050, -50, 625):
        with pytest.raises(AnswerMarksError):
            await give(runtime, exam, agreed, first, bad)
    assert await give(runtime, exam, agreed, first, 600) == "open"
    with pytest.raises(AnswerMarkedError):
        await give(runtime, exam, agreed, first, 800)
    assert await give(runtime, exam, agreed, second, 750) == "settled"
    with pytest.raises(AnswerSettledError):
        await give(runtime, exam, agreed, third, 0)
    # what is settled is scored at the next sweep, the other waits on
    await score_sitting(runtime, sitting_id=str(exam.sitting_id))
    assert await scored(runtime, exam) == [1000 + 675]
    assert await give(runtime, exam, differing, first, 900) == "open"
    assert await give(runtime, exam, differing, second, 650) == "disputed"
    with pytest.raises(AnswerMarkedError):
        await give(runtime, exam, differing, second, 900)
    async with runtime.databases.session(exam.scope) as session:
        piles = await list_piles(session, third.account or exam.sitting_id)
        assert sum(pile.settled for pile in piles) == 1
        first_pile = piles[0]
        assert (first_pile.disputed, first_pile.waiting, first_pile.next_id) == (1, 1, differing.id)
    assert await give(runtime, exam, differing, third, 700) == "settled"
    await work_off(runtime)
    assert await scored(runtime, exam) == [1675, 1700]
    async with runtime.databases.session(exam.scope) as session:
        attempts = await list_attempts(session, exam.sitting_id, now=clock.now())
        assert await find_unfaithful_scores(session, runtime, attempts, at=clock.now()) == []
        acts = await session.scalars(select(AuditRow.act).where(AuditRow.act.startswith("answer.")))
        assert sorted(acts) == ["answer.disputed", *["answer.marked"] * 5, *["answer.settled"] * 2]
    async with runtime.databases.session(Scope(region="34")) as session:
        assert list(await session.scalars(select(Answer.id))) == []
    for change in ("update grading_answer set marks = 1000", "update grading_answer_mark set marks = 1000"):
        with pytest.raises(DBAPIError):
            async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
                await session.execute(text(change))


async def test_nobody_sees_a_name_or_the_other_mark_before_two_are_in(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    exam = await examined(runtime, clock, right=[9], written=WRITTEN)
    await close_and_score(runtime, exam)
    (answer,) = await answers_of(runtime, exam)
    page, pages = f"/assess/answers/{answer.id}", []
    await become(runtime, client, exam, "centre")
    assert "1 份答卷的简答题等待考评员评阅" in (await client.get(f"/centre/sittings/{exam.sitting_id}/results")).text
    assert (await client.get(page)).status_code == 403
    for marks in ("9.5", "4", "7"):
        await become(runtime, client, exam, "assessor")
        assert page in (await client.get("/assess/answers")).text
        pages.append((await client.get(page)).text)
        refused = await send(client, page, {"marks": "很好", "note": ""})
        assert (refused.status_code, "0 到 10 分" in refused.text) == (400, True)
        given = await send(client, page, {"marks": marks, "note": f"评{marks}"})
        assert (given.status_code, given.headers["location"]) == (303, "/assess/answers")
    # whoever comes second is told nothing of the first; the third sees both, with what they wrote
    assert ["评9.5" in each for each in pages] == [False, False, True]
    assert ["9.5" in each for each in pages] == [False, False, True]
    assert all("&lt;b&gt;后挂接地线" in each and "要点甲" in each for each in pages)
    assert not [each for each in pages if "张三" in each or "张*" in each]
    assert ">7</b>" in (await client.get(page)).text
    await work_off(runtime)
    assert await scored(runtime, exam) == [1700]


async def test_answer_of_a_voided_attempt_is_marked_no_more_and_keeps_nobody_waiting(
    runtime: Runtime, clock: FrozenClock
) -> None:
    exam = await examined(runtime, clock, right=[9, 9], written=WRITTEN)
    await close_and_score(runtime, exam)
    voided, kept = await answers_of(runtime, exam)
    first, second = assessor(), assessor()
    assert await give(runtime, exam, voided, first, 600) == "open"
    for who in (first, second):
        await give(runtime, exam, kept, who, 700)
    assert await scored(runtime, exam) == []
    async with runtime.databases.transaction(exam.scope) as session:
        await void_attempt(session, second, voided.attempt_id, reason="替考", at=clock.now())
    await work_off(runtime)
    assert await scored(runtime, exam) == [1700]
    async with runtime.databases.session(exam.scope) as session:
        (pile,) = await list_piles(session, second.account or exam.sitting_id)
        assert (pile.answers, pile.settled, pile.waiting, pile.next_id) == (1, 1, 0, None)
    with pytest.raises(AnswerWithdrawnError):
        await give(runtime, exam, voided, second, 600)
