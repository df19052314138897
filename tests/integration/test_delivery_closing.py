"""A sitting is not closed behind somebody's back: whoever checks in at that moment is seen by the close."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from exam.core.clock import FrozenClock
from exam.core.runtime import Runtime
from exam.delivery.api import open_attempts
from exam.desks.stages import Stage, stage_of
from exam.sitting.api import close_sitting, get_sitting
from exam.sitting.errors import AttemptsOpenError
from grading.tables import build_table
from tests.builders.grading import Examined, opened
from tests.builders.terminals import at_seat, check_in

OVERTAKE_S = 0.5
"""Time enough for a close that nothing holds back."""


@pytest.fixture
async def exam(runtime: Runtime, clock: FrozenClock) -> Examined:
    return await opened(runtime, clock, people=2)


async def _close(runtime: Runtime, exam: Examined) -> None:
    async with runtime.databases.transaction(exam.scope) as session:
        at = runtime.clock.now()
        await close_sitting(session, exam.centre.clerk, exam.sitting_id, at, open_attempts=open_attempts)


async def test_a_close_waits_for_whoever_is_checking_in_and_is_refused(
    runtime: Runtime, client: AsyncClient, exam: Examined, monkeypatch: pytest.MonkeyPatch
) -> None:
    closings: list[asyncio.Task[None]] = []

    async def read_then_be_overtaken(*args: Any, **kwargs: Any) -> Any:
        found = await get_sitting(*args, **kwargs)
        closings.append(asyncio.create_task(_close(runtime, exam)))
        await asyncio.wait(closings, timeout=OVERTAKE_S)
        return found

    monkeypatch.setattr("exam.delivery.checkin.get_sitting", read_then_be_overtaken)
    terminal = await at_seat(runtime, exam, client, 0)
    assert (await check_in(runtime, exam, terminal, 0)).status_code == 200
    [closing] = closings
    with pytest.raises(AttemptsOpenError):
        await closing


async def test_whoever_never_began_is_absent_and_holds_up_nothing(
    runtime: Runtime, client: AsyncClient, exam: Examined, clock: FrozenClock
) -> None:
    terminal = await at_seat(runtime, exam, client, 0)
    assert (await check_in(runtime, exam, terminal, 0)).status_code == 200
    async with runtime.databases.session(exam.scope) as session:
        sitting = await get_sitting(session, exam.sitting_id)
    clock.instant = sitting.ends_at
    with pytest.raises(AttemptsOpenError):
        await _close(runtime, exam)
    clock.instant = sitting.ends_at + timedelta(seconds=1)
    await _close(runtime, exam)
    async with runtime.databases.session(exam.scope) as session:
        table = await build_table(session, exam.sitting_id, now=runtime.clock.now())
        [came] = [row.attempt for row in table.rows if row.attempt]
        assert stage_of(sitting, came, [], now=runtime.clock.now()) is Stage.ABSENT
    assert (table.absent, table.taken, table.standing.unscored) == (2, 0, 0)


async def test_whoever_checks_in_after_the_close_is_turned_away(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    terminal = await at_seat(runtime, exam, client, 0)
    await _close(runtime, exam)
    answer = await check_in(runtime, exam, terminal, 0)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_open_yet")
