"""One write lease for an attempt, whoever asks and however often; a move is a person's act (TRUST.md A13, A14)."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.delivery.api import transfer
from tests.builders.grading import Examined, opened
from tests.builders.terminals import Terminal, admitted, at_seat, bind, check_in, working

MANY = 50


@pytest.fixture
async def exam(runtime: Runtime, clock: FrozenClock) -> Examined:
    return await opened(runtime, clock, people=3)


async def _count(runtime: Runtime, query: str) -> int:
    async with runtime.databases.session(NOTHING, Role.OWNER) as session:
        return int(await session.scalar(text(query)) or 0)


async def _move(runtime: Runtime, exam: Examined, attempt: str, to: Terminal) -> None:
    async with runtime.databases.transaction(exam.scope) as session:
        at = runtime.clock.now()
        await transfer(
            session, exam.centre.clerk, UUID(attempt), to_terminal_id=UUID(to.id), reason="terminal_broken", at=at
        )


async def test_checking_in_at_once_and_again_makes_one_attempt(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    terminal = await at_seat(runtime, exam, client, 0)
    answers = await asyncio.gather(*(check_in(runtime, exam, terminal, 0) for _ in range(12)))
    assert {answer.status_code for answer in answers} <= {200, 401}, "a repeated signature may be refused, no more"
    assert len({answer.json()["attempt_id"] for answer in answers if answer.status_code == 200}) == 1
    assert await _count(runtime, "select count(*) from delivery_attempt") == 1


async def test_of_fifty_terminals_that_ask_at_once_one_gets_the_lease(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    holder = await admitted(runtime, exam, client, 0)
    others = [Terminal(client) for _ in range(MANY - 1)]
    for other in others:
        await other.enrol()
    # one of them stands at another seat of the room, the others nowhere
    await bind(runtime, exam, others[0], exam.registrations[1])
    asked = await asyncio.gather(*(each.ask_for_lease(holder.attempt) for each in [holder, *others]))
    assert Counter(answer.status_code for answer in asked) == {200: 1, 409: MANY - 1}
    assert {answer.json()["code"] for answer in asked if answer.status_code == 409} == {"lease_elsewhere"}
    assert [each.lease for each in others if each.lease] == []


async def test_one_terminal_that_asks_fifty_times_holds_one_lease(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    holder = await admitted(runtime, exam, client, 0)
    asked = await asyncio.gather(*(holder.ask_for_lease() for _ in range(MANY)))
    leases = {answer.json()["lease"] for answer in asked if answer.status_code == 200}
    assert leases == {holder.lease}
    assert await _count(runtime, "select max(epoch) from delivery_attempt") == 1


async def test_the_ticket_opens_nothing_at_another_seat(runtime: Runtime, client: AsyncClient, exam: Examined) -> None:
    await admitted(runtime, exam, client, 0)
    elsewhere = await at_seat(runtime, exam, client, 1)
    refused = await check_in(runtime, exam, elsewhere, 0)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_room")


async def test_after_a_transfer_the_old_terminal_s_saves_are_refused_and_kept_as_evidence(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    old = await working(runtime, exam, client, 0)
    assert (await old.save(1, 1, ["T"])).status_code == 200
    new = Terminal(client)
    await new.enrol()
    await bind(runtime, exam, new, exam.registrations[1])
    await _move(runtime, exam, old.attempt, new)
    assert (await new.ask_for_lease(old.attempt)).status_code == 200
    new.attempt = old.attempt

    late = await old.save(1, 2, ["F"])
    assert (late.status_code, late.json()["code"]) == (409, "lease_stale")
    assert (await old.ask_for_lease()).json()["code"] == "lease_elsewhere"
    for path, body in (("start", {}), ("submit", {"answered": 1}), ("hand", {})):
        assert (await old.ask("POST", path, body)).json()["code"] == "lease_stale", path
    for path in ("form", "responses", "state"):
        assert (await old.ask("GET", path)).json()["code"] == "lease_stale", path
    kept = (
        "select count(*) from delivery_refused_save where response = '[\"F\"]' and reason = 'lease_stale' and epoch = 1"
    )
    assert await _count(runtime, kept) == 1

    carried = (await new.ask("GET", "responses")).json()["responses"]
    assert [(each["slot"], each["response"]) for each in carried] == [(1, ["T"])]
    assert (await new.save(1, 3, ["F"])).status_code == 200


async def test_a_transfer_costs_and_gives_no_time(
    runtime: Runtime, client: AsyncClient, exam: Examined, clock: FrozenClock
) -> None:
    old = await working(runtime, exam, client, 0)
    before = (await old.ask("GET", "state")).json()["deadline_at"]
    new = Terminal(client)
    await new.enrol()
    await bind(runtime, exam, new, exam.registrations[1])
    await _move(runtime, exam, old.attempt, new)
    told = (await new.ask_for_lease(old.attempt)).json()
    assert (told["deadline_at"], told["epoch"]) == (before, 2)
    assert told["remaining_ms"] == before - clock.unix_us() // 1000
    assert await _count(runtime, "select count(*) from delivery_act where act = 'transferred' and reason <> ''") == 1
    assert await _count(runtime, "select count(*) from core_audit_entry where act = 'attempt.transferred'") == 1


async def test_the_fencing_number_never_falls(runtime: Runtime, client: AsyncClient, exam: Examined) -> None:
    holder = await working(runtime, exam, client, 0)
    first, second = Terminal(client), Terminal(client)
    epochs = []
    for number, each in enumerate((first, second), 1):
        await each.enrol()
        await bind(runtime, exam, each, exam.registrations[number])
    for each in (first, second, first):
        await _move(runtime, exam, holder.attempt, each)
        epochs.append((await each.ask_for_lease(holder.attempt)).json()["epoch"])
    assert epochs == [2, 3, 4]


async def test_what_is_handed_in_on_one_terminal_is_final_on_every_other(
    runtime: Runtime, client: AsyncClient, exam: Examined
) -> None:
    holder = await working(runtime, exam, client, 0)
    assert (await holder.save(1, 1, ["T"])).status_code == 200
    second_tab = Terminal(client)
    second_tab.attempt, second_tab.lease = holder.attempt, holder.lease
    done = await holder.ask("POST", "submit", {"answered": 1})
    assert done.json()["state"] == "submitted"
    late = await second_tab.save(1, 2, ["F"])
    assert (late.status_code, late.json()["code"]) == (409, "attempt_finalised")
    again = await second_tab.ask("POST", "submit", {"answered": 0})
    assert (again.status_code, again.json()["receipt_code"]) == (200, done.json()["receipt_code"])
    assert again.json()["answered"] == 1
    kept = "select count(*) from delivery_refused_save where response = '[\"F\"]' and reason = 'attempt_finalised'"
    assert await _count(runtime, kept) == 1
    assert await _count(runtime, "select count(*) from delivery_response_revision") == 1


async def test_fifty_hand_ins_at_once_are_one(runtime: Runtime, client: AsyncClient, exam: Examined) -> None:
    holder = await working(runtime, exam, client, 0)
    await holder.save(1, 1, ["T"])
    done = await asyncio.gather(*(holder.ask("POST", "submit", {"answered": 1}) for _ in range(MANY)))
    assert {answer.status_code for answer in done} == {200}
    assert len({answer.json()["receipt_code"] for answer in done}) == 1
    for table, where in (
        ("core_event", "name = 'AttemptSubmitted'"),
        ("core_audit_entry", "act = 'attempt.finalised'"),
    ):
        assert await _count(runtime, f"select count(*) from {table} where {where}") == 1
