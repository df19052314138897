"""Appeals: by the candidate against a told result, within the rule set's days, answered once by the centre."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from grading.api import decide_appeal, file_appeal, find_result, list_appeals, release_sitting
from grading.errors import AppealFiledError, AppealTextError, AppealWindowError, NotOwnSittingError, ResultNotFoundError
from tests.builders.grading import Examined, candidate, close_and_score, examined
from tests.builders.sitting import make_centre


async def _told(runtime: Runtime, clock: FrozenClock) -> tuple[Examined, list[UUID]]:
    exam = await examined(runtime, clock, right=[7, 9])
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, clock.now())
        found = [await find_result(session, attempt) for attempt in exam.attempts]
    return exam, [each.id for each in found if each]


async def _file(runtime: Runtime, exam: Examined, result: UUID, *, grounds: str = "第 5 题答案有误") -> UUID:
    person = candidate(exam.registrations[0])
    async with runtime.databases.transaction(Scope(person=person.person)) as session:
        return await file_appeal(session, person, result, grounds=grounds, at=runtime.clock.now())


async def test_a_candidate_appeals_and_the_centre_answers(runtime: Runtime, clock: FrozenClock) -> None:
    exam, (result, _) = await _told(runtime, clock)
    appeal = await _file(runtime, exam, result)
    async with runtime.databases.transaction(exam.scope) as session:
        clerk, at = exam.centre.clerk, clock.now()
        await decide_appeal(session, clerk, appeal, decision="dismissed", answer="经复核,评分无误。", at=at)
    async with runtime.databases.session(Scope(person=exam.registrations[0].person_id)) as session:
        (seen,) = await list_appeals(session, [result])
    assert (seen.state, seen.answer) == ("dismissed", "经复核,评分无误。")


async def test_somebody_elses_result_cannot_be_appealed(runtime: Runtime, clock: FrozenClock) -> None:
    exam, (_, other) = await _told(runtime, clock)
    with pytest.raises(ResultNotFoundError):
        await _file(runtime, exam, other)


async def test_a_result_is_appealed_once(runtime: Runtime, clock: FrozenClock) -> None:
    exam, (result, _) = await _told(runtime, clock)
    await _file(runtime, exam, result)
    with pytest.raises(AppealFiledError):
        await _file(runtime, exam, result)


@pytest.mark.parametrize(("days", "late"), [(14, False), (15, True)])
async def test_the_window_is_ten_working_days(runtime: Runtime, clock: FrozenClock, days: int, *, late: bool) -> None:
    exam, (result, _) = await _told(runtime, clock)
    clock.advance(timedelta(days=days))
    if late:
        with pytest.raises(AppealWindowError):
            await _file(runtime, exam, result)
    else:
        assert await _file(runtime, exam, result)


@pytest.mark.parametrize("grounds", ["", "   ", "长" * 2001])
async def test_grounds_are_words_of_a_bounded_length(runtime: Runtime, clock: FrozenClock, grounds: str) -> None:
    exam, (result, _) = await _told(runtime, clock)
    with pytest.raises(AppealTextError):
        await _file(runtime, exam, result, grounds=grounds)


async def test_another_centre_does_not_answer(runtime: Runtime, clock: FrozenClock) -> None:
    exam, (result, _) = await _told(runtime, clock)
    appeal = await _file(runtime, exam, result)
    other = await make_centre(runtime, name="第二考点")
    async with runtime.databases.session(exam.scope) as session:
        with pytest.raises(NotOwnSittingError):
            await decide_appeal(session, other.clerk, appeal, decision="upheld", answer="好", at=clock.now())


async def test_an_answer_is_final_in_the_database_too(runtime: Runtime, clock: FrozenClock) -> None:
    exam, (result, _) = await _told(runtime, clock)
    appeal = await _file(runtime, exam, result)
    async with runtime.databases.transaction(exam.scope) as session:
        await decide_appeal(session, exam.centre.clerk, appeal, decision="upheld", answer="将重评。", at=clock.now())
    async with runtime.databases.session(exam.scope) as session:
        with pytest.raises(DBAPIError, match="is decided"):
            await session.execute(text("update grading_appeal set state = 'dismissed'"))
