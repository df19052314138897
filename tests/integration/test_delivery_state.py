"""The state that a terminal asks for again and again: the truth of the database, ended in time, heard by the desk."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.delivery import api as delivery
from exam.delivery.presence import TELL_EVERY_S
from tests.builders.attempts import attempts_in_progress, lease_of
from tests.builders.grading import Examined, opened
from tests.builders.terminals import Terminal, working


@pytest.fixture
async def exam(runtime: Runtime, clock: FrozenClock) -> Examined:
    return await opened(runtime, clock, people=1)


async def _act(runtime: Runtime, exam: Examined, name: str, attempt: str, **words: Any) -> None:
    async with runtime.databases.transaction(exam.scope) as session:
        at = runtime.clock.now()
        await getattr(delivery, name)(session, exam.centre.clerk, UUID(attempt), at=at, **words)


async def _state(here: Terminal) -> dict[str, Any]:
    answer = await here.ask("GET", "state")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_the_state_follows_every_act(
    runtime: Runtime, client: AsyncClient, exam: Examined, clock: FrozenClock
) -> None:
    here = await working(runtime, exam, client, 0)
    fresh = await _state(here)
    duration_ms = fresh["deadline_at"] - fresh["server_now"]
    assert (fresh["state"], fresh["remaining_ms"], fresh["messages"]) == ("in_progress", duration_ms, [])
    assert (fresh["receipt_code"], fresh["digest"], fresh["submitted_at"]) == (None, None, None)

    clock.advance(timedelta(seconds=100))
    await _act(runtime, exam, "pause", here.attempt, reason="network_failed")
    clock.advance(timedelta(seconds=50))
    paused = await _state(here)
    assert (paused["state"], paused["remaining_ms"]) == ("paused", duration_ms - 100_000)
    assert paused["act"] == {
        "act": "paused",
        "reason": "network_failed",
        "extension_ms": 0,
        "at": paused["server_now"] - 50_000,
    }

    await _act(runtime, exam, "resume", here.attempt, reason="cause_removed")
    await _act(runtime, exam, "extend", here.attempt, seconds=60, reason="time_lost")
    assert (await here.ask("POST", "hand", {})).status_code == 204
    going_on = await _state(here)
    assert going_on["remaining_ms"] == duration_ms - 100_000 + 60_000
    assert (going_on["act"]["act"], going_on["act"]["reason"]) == ("extended", "time_lost")
    assert going_on["act"]["extension_ms"] == 60_000
    assert (going_on["deadline_at"], going_on["hand_raised"]) == (fresh["deadline_at"] + 110_000, True)

    handed_in = (await here.ask("POST", "submit", {"answered": 0})).json()
    ended = await _state(here)
    kept = ("state", "receipt_code", "digest", "answered", "submitted_at")
    assert {name: ended[name] for name in kept} == {name: handed_in[name] for name in kept}


async def test_messages_come_oldest_first_with_their_instant(
    runtime: Runtime, client: AsyncClient, exam: Examined, clock: FrozenClock
) -> None:
    here = await working(runtime, exam, client, 0)
    first_at = clock.unix_us() // 1000
    await _act(runtime, exam, "send_message", here.attempt, reason="notice", text='「请」看"这里"。', needs_ack=True)
    clock.advance(timedelta(seconds=1))
    await _act(runtime, exam, "send_message", here.attempt, reason="help", text="第二条", needs_ack=False)
    told = (await _state(here))["messages"]
    assert [(each["reason"], each["text"], each["needs_ack"], each["sent_at"]) for each in told] == [
        ("notice", '「请」看"这里"。', True, first_at),
        ("help", "第二条", False, first_at + 1000),
    ]


async def test_asking_after_the_grace_ends_the_attempt(
    runtime: Runtime, client: AsyncClient, exam: Examined, clock: FrozenClock
) -> None:
    here = await working(runtime, exam, client, 0)
    clock.advance(timedelta(hours=3))
    ended = await _state(here)
    assert (ended["state"], ended["remaining_ms"]) == ("expired", 0)
    assert ended["receipt_code"]


async def test_it_is_refused_without_the_attempt_s_own_lease(client: AsyncClient, runtime: Runtime) -> None:
    own, other = await attempts_in_progress(runtime, 2, slots=2)
    for token in ("", "v1.nonsense", lease_of(runtime, other)):
        answer = await client.get(f"/api/attempts/{own}/state", headers={"Ankao-Lease": token})
        assert (answer.status_code, answer.json()["code"]) == (401, "lease_invalid")


async def test_it_says_when_to_come_again_while_the_database_is_away_and_recovers(
    client: AsyncClient, runtime: Runtime
) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    path, headers = f"/api/attempts/{attempt}/state", {"Ankao-Lease": lease_of(runtime, attempt)}
    assert (await client.get(path, headers=headers)).status_code == 200
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("alter table delivery_attempt rename to delivery_attempt_away"))
    try:
        refused = await client.get(path, headers=headers)
    finally:
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            await session.execute(text("alter table delivery_attempt_away rename to delivery_attempt"))
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert (await client.get(path, headers=headers)).status_code == 200


async def test_the_desk_sees_whom_the_server_has_heard(
    runtime: Runtime, client: AsyncClient, exam: Examined, clock: FrozenClock
) -> None:
    here = await working(runtime, exam, client, 0)
    clock.advance(timedelta(minutes=5))
    await _state(here)
    await asyncio.sleep(TELL_EVERY_S + 0.3)
    async with runtime.databases.session(exam.scope) as session:
        [seen] = await delivery.list_room(session, runtime, exam.registrations[0].room_id)
    assert seen.last_seen_at == clock.now()
