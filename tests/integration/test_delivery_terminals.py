"""Terminals before and beside the exam: enrolled in great number, forgotten when nobody binds them, messages to the right one."""

from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.delivery.api import bind_terminal, list_messages, list_terminals, send_message, transfer
from exam.delivery.controllers import ENROLMENTS
from exam.delivery.errors import TerminalBusyError, TerminalElsewhereError
from exam.delivery.jobs import forget_terminals
from exam.sitting.api import list_rooms
from tests.builders.grading import Examined, opened
from tests.builders.sitting import make_sitting
from tests.builders.terminals import Terminal, at_seat, bind, check_in, working

ROOM_OF_TERMINALS = 150


@pytest.fixture
async def exam(runtime: Runtime, clock: FrozenClock) -> Examined:
    return await opened(runtime, clock, people=2)


async def _states(runtime: Runtime) -> list[str]:
    async with runtime.databases.session(NOTHING, Role.OWNER) as session:
        return list(await session.scalars(text("select state from delivery_terminal order by state")))


async def test_a_hall_of_terminals_behind_one_address_enrols_at_once(runtime: Runtime, client: AsyncClient) -> None:
    for _ in range(ROOM_OF_TERMINALS):
        await Terminal(client).enrol()
    assert await _states(runtime) == ["pending"] * ROOM_OF_TERMINALS


async def test_an_address_that_goes_on_enrolling_is_stopped(runtime: Runtime, client: AsyncClient) -> None:
    await Terminal(client).enrol()
    [counter] = [key async for key in runtime.valkey.scan_iter("rate:enrol:*")]
    await runtime.valkey.set(counter, ENROLMENTS, keepttl=True)
    with pytest.raises(AssertionError, match="too_many"):
        await Terminal(client).enrol()


async def test_a_terminal_that_nobody_binds_is_forgotten_after_a_day_and_enrols_again(
    runtime: Runtime, client: AsyncClient, exam: Examined, clock: FrozenClock
) -> None:
    await at_seat(runtime, exam, client, 0)
    stray = Terminal(client)
    await stray.enrol()
    clock.advance(timedelta(hours=23))
    await forget_terminals(runtime)
    assert await _states(runtime) == ["bound", "pending"]
    clock.advance(timedelta(hours=2))
    await forget_terminals(runtime)
    assert await _states(runtime) == ["bound"]
    assert (await client.get(f"/api/terminals/{stray.id}")).status_code == 404
    await stray.enrol()
    assert await _states(runtime) == ["bound", "pending"]


async def test_a_terminal_that_has_stood_in_a_room_stays_on_record(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    await at_seat(runtime, exam, client, 0)
    with pytest.raises(DBAPIError, match="has stood in a room"):
        async with runtime.databases.transaction(NOTHING, Role.ANSWER) as session:
            await session.execute(text("delete from delivery_terminal"))


async def test_only_the_terminal_that_holds_the_attempt_acknowledges_its_messages(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    old = await working(runtime, exam, client, 0)
    new = Terminal(client)
    await new.enrol()
    await bind(runtime, exam, new, exam.registrations[1])
    attempt, at = UUID(old.attempt), runtime.clock.now()
    async with runtime.databases.transaction(exam.scope) as session:
        message = await send_message(
            session, exam.centre.clerk, attempt, reason="discipline", text="请坐好。", needs_ack=True, at=at
        )
        to = UUID(new.id)
        await transfer(session, exam.centre.clerk, attempt, to_terminal_id=to, reason="terminal_failed", at=at)
    await new.ask_for_lease(old.attempt)
    new.attempt = old.attempt

    refused = await old.ask("POST", f"messages/{message}/ack", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "lease_stale")
    assert [each["text"] for each in (await new.ask("GET", "state")).json()["messages"]] == ["请坐好。"]
    assert (await new.ask("POST", f"messages/{message}/ack", {})).status_code == 204
    async with runtime.databases.session(exam.scope) as session:
        assert await list_messages(session, attempt, unread_only=True) == []


async def test_an_attempt_needs_a_registration(runtime: Runtime, client: AsyncClient, exam: Examined) -> None:
    here = await working(runtime, exam, client, 0)
    made_up = f"update delivery_attempt set sitting_id = gen_random_uuid() where id = '{here.attempt}'"
    with pytest.raises(DBAPIError, match="delivery_attempt_sitting_id_fkey"):
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            await session.execute(text(made_up))


async def _move(runtime: Runtime, exam: Examined, attempt: str, to: Terminal) -> None:
    async with runtime.databases.transaction(exam.scope) as session:
        at, terminal = runtime.clock.now(), UUID(to.id)
        await transfer(
            session, exam.centre.clerk, UUID(attempt), to_terminal_id=terminal, reason="terminal_failed", at=at
        )


async def test_a_candidate_who_was_moved_checks_in_at_the_new_place_and_goes_on(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    old = await working(runtime, exam, client, 0)
    assert (await old.save(1, 1, ["T"])).status_code == 200
    new = await at_seat(runtime, exam, client, 1)
    early = await check_in(runtime, exam, new, 0)
    assert (early.status_code, early.json()["code"]) == (409, "wrong_room")
    await _move(runtime, exam, old.attempt, new)
    moved = await check_in(runtime, exam, new, 0)
    assert (moved.status_code, moved.json()["attempt_id"], moved.json()["state"]) == (200, old.attempt, "in_progress")
    assert (await new.ask_for_lease()).json()["epoch"] == 2
    assert (await new.save(1, 2, ["F"])).status_code == 200


async def test_nobody_is_moved_to_a_terminal_that_another_works_at(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    here, there = [await working(runtime, exam, client, number) for number in range(2)]
    with pytest.raises(TerminalBusyError):
        await _move(runtime, exam, here.attempt, there)
    assert (await there.save(1, 1, ["T"])).status_code == 200
    async with runtime.databases.session(exam.scope) as session:
        room = exam.registrations[0].room_id
        assert [each.busy for each in await list_terminals(session, room)] == [True, True]


async def test_nobody_is_moved_to_a_terminal_of_another_room(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    here, there = await working(runtime, exam, client, 0), Terminal(client)
    await there.enrol()
    other = await make_sitting(runtime, exam.centre, rooms=[("别处", 1)])
    async with runtime.databases.transaction(exam.scope) as session:
        (room,) = await list_rooms(session, other)
        await bind_terminal(
            session,
            exam.centre.clerk,
            code=there.code,
            room_id=room.id,
            sitting_id=other,
            seat="A-01",
            at=runtime.clock.now(),
        )
    with pytest.raises(TerminalElsewhereError):
        await _move(runtime, exam, here.attempt, there)
    assert (await here.save(1, 1, ["T"])).status_code == 200


async def test_the_owner_of_a_seat_finds_it_taken_while_somebody_was_moved_there(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    moved = await working(runtime, exam, client, 0)
    place = await at_seat(runtime, exam, client, 1)
    await _move(runtime, exam, moved.attempt, place)
    refused = await check_in(runtime, exam, place, 1)
    assert (refused.status_code, refused.json()["code"]) == (409, "terminal_busy")
