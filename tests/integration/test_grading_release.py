"""Release: holds, voids, facts for the packages below, events for those above, and what a candidate may read when."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.db.scope import Scope
from exam.core.events import EventRow
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt, place_hold, release_hold, void_attempt
from exam.identity.errors import RegionForbiddenError
from exam.sitting.api import get_sitting, list_passes
from exam.sitting.models import AttemptFact
from grading.api import (
    find_released_result,
    find_result,
    list_person_results,
    list_results,
    list_versions,
    release_sitting,
)
from grading.errors import NotOwnSittingError, SittingNotClosedError
from grading.models import Release, Result
from tests.builders.grading import Examined, close, close_and_score, examined, score_now, work_off
from tests.builders.sitting import COUNTY, ELECTRICIAN, make_centre


async def _release(runtime: Runtime, exam: Examined, principal: Principal | None = None) -> int:
    async with runtime.databases.transaction(exam.scope) as session:
        by = principal or exam.centre.clerk
        return await release_sitting(session, by, runtime, exam.sitting_id, runtime.clock.now())


async def _events(runtime: Runtime) -> list[dict[str, object]]:
    async with runtime.databases.session(Scope(region="33")) as session:
        query = select(EventRow.payload).where(EventRow.name == "ResultReleased").order_by(EventRow.id)
        return list(await session.scalars(query))


async def _state(runtime: Runtime, exam: Examined) -> str:
    async with runtime.databases.session(exam.scope) as session:
        return (await get_sitting(session, exam.sitting_id)).state.value


async def test_release_tells_every_result_and_records_its_facts(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 0])
    await close_and_score(runtime, exam)
    assert await _release(runtime, exam) == 2
    passed, failed = exam.registrations
    async with runtime.databases.session(exam.scope) as session:
        passes = await list_passes(session, passed.person_id, ELECTRICIAN)
        used = {row.attempt_id for row in await session.scalars(select(AttemptFact))}
        assert await list_passes(session, failed.person_id, ELECTRICIAN) == []
        states = [(await get_attempt(session, attempt, now=clock.now())).state for attempt in exam.attempts]
    assert [(each.part, each.passed_on.isoformat(), each.valid_until.isoformat()) for each in passes] == [
        ("theory", "2026-11-23", "2027-11-23")
    ]
    assert used == set(exam.attempts)
    assert states == ["released", "released"]
    assert await _state(runtime, exam) == "released"


async def test_every_told_result_is_one_event(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 0])
    await close_and_score(runtime, exam)
    await _release(runtime, exam)
    events = {each["attempt_id"]: (each["passed"], each["part"], each["version"]) for each in await _events(runtime)}
    assert events == {str(exam.attempts[0]): (True, "theory", 1), str(exam.attempts[1]): (False, "theory", 1)}


async def test_releasing_again_tells_nothing_twice(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 0])
    await close_and_score(runtime, exam)
    assert [await _release(runtime, exam), await _release(runtime, exam)] == [2, 0]
    assert len(await _events(runtime)) == 2


async def test_a_held_result_waits_until_the_hold_is_lifted(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 9])
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        clerk = exam.centre.clerk
        hold = await place_hold(session, clerk, exam.attempts[0], reason="核查", at=clock.now())
    assert await _release(runtime, exam) == 1
    async with runtime.databases.transaction(exam.scope) as session:
        held = await find_result(session, exam.attempts[0])
        assert held is not None
        assert held.released_at is None
        await release_hold(session, clerk, hold, reason="无问题", at=clock.now())
    assert await _release(runtime, exam) == 1
    assert len(await _events(runtime)) == 2


async def test_the_database_itself_keeps_a_held_result_back(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await place_hold(session, exam.centre.clerk, exam.attempts[0], reason="核查", at=clock.now())
    async with runtime.databases.session(exam.scope) as session:
        result = (await session.scalars(select(Result))).one()
        session.add(
            Release(result_id=result.id, person_id=result.person_id, region=result.region, released_at=clock.now())
        )
        with pytest.raises(DBAPIError, match="is held"):
            await session.flush()


async def test_an_open_sitting_is_not_released(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    with pytest.raises(SittingNotClosedError):
        await _release(runtime, exam)


async def test_release_before_the_worker_has_scored_leaves_the_sitting_closed(
    runtime: Runtime, clock: FrozenClock
) -> None:
    exam = await examined(runtime, clock, right=[9])
    await close(runtime, exam)
    assert await _release(runtime, exam) == 0
    assert await _state(runtime, exam) == "closed"
    await work_off(runtime)
    await score_now(runtime, exam)
    assert await _release(runtime, exam) == 1
    assert await _state(runtime, exam) == "released"


async def test_another_centre_cannot_release(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    await close_and_score(runtime, exam)
    other = await make_centre(runtime, name="第二考点")
    with pytest.raises(NotOwnSittingError):
        await _release(runtime, exam, other.clerk)


@pytest.mark.parametrize("role", ["proctor", "regulator", "assessor"])
async def test_other_roles_cannot_release(runtime: Runtime, clock: FrozenClock, role: str) -> None:
    exam = await examined(runtime, clock, right=[9])
    await close_and_score(runtime, exam)
    with pytest.raises(RegionForbiddenError):
        await _release(runtime, exam, Principal(account=exam.centre.id, grants=(Grant(role, COUNTY, exam.centre.id),)))


async def test_a_candidate_reads_the_own_result_from_its_release_on(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 0])
    await close_and_score(runtime, exam)
    mine = Scope(person=exam.registrations[0].person_id)
    async with runtime.databases.session(mine) as session:
        assert list(await session.scalars(select(Result))) == []
    await _release(runtime, exam)
    async with runtime.databases.session(mine) as session:
        told = await list_person_results(session, exam.registrations[0].person_id)
        assert [(each.attempt_id, each.marks) for each in told] == [(exam.attempts[0], 10000)]
        assert list(await session.scalars(text("select 1 from grading_score"))) == []


async def test_voiding_after_the_release_takes_the_pass_back(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    await close_and_score(runtime, exam)
    await _release(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await void_attempt(session, exam.centre.clerk, exam.attempts[0], reason="替考", at=clock.now())
    await work_off(runtime)
    async with runtime.databases.session(exam.scope) as session:
        result = await find_released_result(session, exam.attempts[0])
        assert result is not None
        assert (result.version, result.marks, result.passed, result.reason) == (2, 0, False, "attempt_voided")
        assert [each.marks for each in await list_versions(session, exam.attempts[0])] == [10000, 0]
    assert [(each["version"], each["passed"]) for each in await _events(runtime)] == [(1, True), (2, False)]


async def test_an_attempt_voided_before_the_release_is_never_told(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9])
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await void_attempt(session, exam.centre.clerk, exam.attempts[0], reason="替考", at=clock.now())
    await work_off(runtime)
    assert await _release(runtime, exam) == 0
    assert await _events(runtime) == []
    async with runtime.databases.session(exam.scope) as session:
        assert [each.released_at for each in await list_results(session, exam.sitting_id)] == [None]
