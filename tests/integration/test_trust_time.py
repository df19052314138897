"""The server's clock and the moment of arrival decide, and nobody loses for a slow server (TRUST.md A7–A9, A11, A12)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.delivery.api import extend_room
from exam.delivery.attempts import finalise_if_due, list_final_responses
from exam.delivery.jobs import finalise_overdue
from exam.delivery.timing import DRAIN_S
from grading.api import find_result
from tests.builders.attempts import attempts_in_progress, lease_of
from tests.builders.grading import close_and_score, opened, right_answer, scoring_form
from tests.builders.terminals import working
from tests.builders.web import browsing

DURATION_S = 3600
GRACE_S = 60
"""Of the attempts that `attempts_in_progress` makes."""
MILLISECOND = timedelta(milliseconds=1)
TIME_UP = {"answered": 0, "cause": "time_up"}


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened_client:
        yield opened_client


@pytest.fixture
async def attempt(runtime: Runtime) -> UUID:
    return (await attempts_in_progress(runtime, 1, slots=5, duration_s=DURATION_S))[0]


class Seat:
    """One candidate who is working, as the server hears of it."""

    def __init__(self, client: AsyncClient, runtime: Runtime, attempt: UUID) -> None:
        self._client = client
        self._path = f"/api/attempts/{attempt}"
        self._headers = {"Ankao-Lease": lease_of(runtime, attempt), "content-type": "application/json"}

    async def post(self, path: str, body: Any, **headers: str) -> Response:
        content = body if isinstance(body, AsyncIterator) else msgspec.json.encode(body)
        return await self._client.post(f"{self._path}/{path}", content=content, headers=self._headers | headers)

    async def save(self, response: str = "B", *, seq: int = 1, slot: int = 1, **headers: str) -> Response:
        return await self.post("responses", _batch(response, seq=seq, slot=slot), **headers)

    async def submit(self, body: Any = None) -> Response:
        return await self.post("submit", body or {"answered": 1})


def _batch(response: str, *, seq: int = 1, slot: int = 1) -> dict[str, Any]:
    return {"saves": [{"slot": slot, "seq": seq, "response": [response]}]}


@pytest.fixture
def seat(client: AsyncClient, runtime: Runtime, attempt: UUID) -> Seat:
    return Seat(client, runtime, attempt)


async def _final(runtime: Runtime, attempt: UUID) -> dict[int, Any]:
    async with runtime.databases.session(NOTHING, Role.ANSWER) as session:
        return {slot: each.response for slot, each in (await list_final_responses(session, attempt)).items()}


async def _state(runtime: Runtime, attempt: UUID) -> str:
    async with runtime.databases.session(NOTHING, Role.OWNER) as session:
        found = await session.scalar(text("select state from delivery_attempt where id = :id"), {"id": attempt})
    return str(found)


async def _later(runtime: Runtime, clock: FrozenClock, attempt: UUID, asked: Any) -> Response:
    """Keep the attempt locked until twenty seconds past every limit, as a server in trouble would."""
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("select 1 from delivery_attempt where id = :id for update"), {"id": attempt})
        asking = asyncio.create_task(asked)
        await asyncio.sleep(0.3)
        assert not asking.done(), "it waits for the lock"
        clock.advance(timedelta(seconds=GRACE_S + 20))
    answer: Response = await asking
    return answer


async def test_a_save_that_arrived_in_time_counts_however_long_the_server_takes(
    runtime: Runtime, clock: FrozenClock, seat: Seat, attempt: UUID
) -> None:
    clock.advance(timedelta(seconds=DURATION_S) - MILLISECOND)
    answer = await _later(runtime, clock, attempt, seat.save())
    assert (answer.status_code, len(answer.json()["accepted"])) == (200, 1)
    assert await _final(runtime, attempt) == {1: ("B",)}


async def test_a_hand_in_that_arrived_in_time_is_one_however_long_the_server_takes(
    runtime: Runtime, clock: FrozenClock, seat: Seat, attempt: UUID
) -> None:
    clock.advance(timedelta(seconds=DURATION_S + GRACE_S))
    answer = await _later(runtime, clock, attempt, seat.submit())
    assert (answer.status_code, answer.json()["state"]) == (200, "submitted")


@pytest.mark.parametrize(("held_s", "status"), [(4, 200), (6, 409)])
async def test_a_request_that_is_held_open_does_not_stretch_the_time(
    runtime: Runtime, clock: FrozenClock, seat: Seat, attempt: UUID, held_s: int, status: int
) -> None:
    """Whoever sends the head before the deadline and decides on the answer long after it is late."""

    async def body() -> AsyncIterator[bytes]:
        clock.advance(timedelta(seconds=held_s))
        yield msgspec.json.encode(_batch("B"))

    clock.advance(timedelta(seconds=DURATION_S) - MILLISECOND)
    assert (await seat.post("responses", body())).status_code == status
    assert await _final(runtime, attempt) == ({1: ("B",)} if status == 200 else {})


@pytest.mark.parametrize("told", ["Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"])
@pytest.mark.parametrize(("late", "status"), [(-MILLISECOND, 200), (MILLISECOND, 409)])
async def test_no_clock_of_a_client_is_asked(
    clock: FrozenClock, seat: Seat, told: str, late: timedelta, status: int
) -> None:
    clock.advance(timedelta(seconds=DURATION_S) + late)
    assert (await seat.save(date=told)).status_code == status


@pytest.mark.parametrize(
    ("late", "state"), [(-MILLISECOND, "submitted"), (timedelta(0), "submitted"), (MILLISECOND, "expired")]
)
async def test_handing_in_is_possible_through_the_last_millisecond_of_grace(
    runtime: Runtime, clock: FrozenClock, seat: Seat, attempt: UUID, late: timedelta, state: str
) -> None:
    assert (await seat.save("B")).status_code == 200
    clock.advance(timedelta(seconds=DURATION_S + GRACE_S) + late)
    changed = await seat.save("C", seq=2)
    assert (changed.status_code, changed.json()["code"]) == (409, "deadline_passed")
    answer = await seat.submit()
    assert (answer.status_code, answer.json()["state"], answer.json()["answered"]) == (200, state, 1)
    assert await _final(runtime, attempt) == {1: ("B",)}


@pytest.mark.parametrize(("late", "status"), [(-MILLISECOND, 409), (timedelta(0), 200), (MILLISECOND, 200)])
async def test_a_terminal_whose_time_is_up_too_early_is_told_to_go_on(
    runtime: Runtime, clock: FrozenClock, seat: Seat, attempt: UUID, late: timedelta, status: int
) -> None:
    clock.advance(timedelta(seconds=DURATION_S) + late)
    answer = await seat.submit(TIME_UP)
    assert answer.status_code == status
    if status == 409:
        assert (answer.json()["code"], answer.json()["fields"]) == ("time_left", {"remaining_ms": 1})
    assert await _state(runtime, attempt) == ("in_progress" if status == 409 else "submitted")


async def test_a_candidate_may_hand_in_at_any_time(seat: Seat) -> None:
    assert (await seat.submit({"answered": 0, "cause": "candidate"})).json()["state"] == "submitted"


async def test_time_given_in_the_last_seconds_beats_thirty_terminals_that_hand_in_by_themselves(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    attempts = await attempts_in_progress(runtime, 30, slots=5, duration_s=DURATION_S)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(
            text("update delivery_attempt set room_id = (select min(room_id::text)::uuid from delivery_attempt)")
        )
        room_id = await session.scalar(text("select min(room_id::text)::uuid from delivery_attempt"))
    clock.advance(timedelta(seconds=DURATION_S - 2))
    async with runtime.databases.transaction(Scope(region="33")) as session:
        given = await extend_room(session, SYSTEM, room_id, seconds=600, reason="time_lost", at=clock.now())
    assert given == 30
    clock.advance(timedelta(seconds=2))
    seats = [Seat(client, runtime, attempt) for attempt in attempts]
    refused = await asyncio.gather(*(seat.submit(TIME_UP) for seat in seats))
    assert {(answer.status_code, answer.json()["fields"]["remaining_ms"]) for answer in refused} == {(409, 600_000)}
    await finalise_overdue(runtime)
    assert {await _state(runtime, attempt) for attempt in attempts} == {"in_progress"}
    clock.advance(timedelta(seconds=600))
    assert {(await seat.save()).status_code for seat in seats} == {200}


async def test_the_server_ends_nothing_while_a_save_that_came_in_time_may_still_wait_for_its_commit(
    runtime: Runtime, clock: FrozenClock, attempt: UUID
) -> None:
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("update delivery_attempt set grace_s = 0"))
    ended = []
    for step in (timedelta(seconds=DURATION_S), timedelta(seconds=DRAIN_S), MILLISECOND):
        clock.advance(step)
        async with runtime.databases.transaction(NOTHING, Role.ANSWER) as session:
            ended.append(await finalise_if_due(session, runtime, attempt))
    assert ended == [False, False, True]


async def test_nobody_who_vanished_is_blank(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    random = Random(11)
    attempts = await attempts_in_progress(runtime, 100, slots=5, duration_s=DURATION_S)
    answered = {attempt: random.randint(1, 5) for attempt in attempts}
    for attempt in attempts:
        seat = Seat(client, runtime, attempt)
        for slot in range(1, answered[attempt] + 1):
            assert (await seat.save("ABCD"[slot % 4], seq=slot, slot=slot)).status_code == 200
    clock.advance(timedelta(seconds=DURATION_S + GRACE_S + 1))
    await finalise_overdue(runtime)
    query = text(
        "select id, state, answered, receipt_code is not null, response_digest is not null from delivery_attempt"
    )
    async with runtime.databases.session(NOTHING, Role.OWNER) as session:
        rows = (await session.execute(query)).all()
        events = await session.scalar(text("select count(*) from core_event where name = 'AttemptSubmitted'"))
    assert {row[0]: tuple(row[1:]) for row in rows} == {
        attempt: ("expired", count, True, True) for attempt, count in answered.items()
    }
    assert events == len(attempts)


async def test_the_last_valid_answer_is_graded_when_a_malformed_one_follows(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    exam = await opened(runtime, clock, people=1)
    terminal = await working(runtime, exam, client, 0)
    form = await scoring_form(runtime, UUID(terminal.attempt))
    for seq, slot in enumerate(form.slots, 1):
        assert (await terminal.save(slot.slot, seq, list(right_answer(form, slot.slot)))).status_code == 200
    for seq, slot in enumerate(form.slots, 100):
        assert (await terminal.save(slot.slot, seq, ["Z"])).json()["code"] == "response_invalid"
    assert (await terminal.ask("POST", "submit", {"answered": 9})).json()["answered"] == 9
    await close_and_score(runtime, exam)
    async with runtime.databases.session(exam.scope) as session:
        result = await find_result(session, UUID(terminal.attempt))
    assert result is not None
    assert (result.marks, result.passed) == (10_000, True)
