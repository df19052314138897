"""The save of answers: what counts, what is refused, and what the database itself forbids (TRUST.md A7–A14, C3)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from litestar.testing import AsyncTestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.delivery import room
from exam.delivery.attempts import finalise_if_due, list_final_responses
from exam.delivery.batcher import PendingSave
from exam.delivery.receipt import Revision, is_save_receipt, response_digest
from tests.builders.attempts import attempts_in_progress, lease_of
from tests.builders.web import application, serving_within

REGION = Scope(region="33")
DURATION_S = 3600


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncTestClient[Any]]:
    with application(runtime) as app:
        async with AsyncTestClient(app, base_url="http://testserver.local") as opened:
            yield opened


@pytest.fixture
async def attempt(runtime: Runtime) -> UUID:
    return (await attempts_in_progress(runtime, 1, slots=5, duration_s=DURATION_S))[0]


async def save(
    client: AsyncTestClient[Any],
    runtime: Runtime,
    attempt: UUID,
    *saves: tuple[int, int, Any],
    epoch: int = 1,
) -> tuple[int, dict[str, Any]]:
    body = {"saves": [{"slot": slot, "seq": seq, "response": response} for slot, seq, response in saves]}
    lease = lease_of(runtime, attempt, epoch=epoch)
    answer = await client.post(f"/api/attempts/{attempt}/responses", json=body, headers={"Ankao-Lease": lease})
    return answer.status_code, answer.json()


async def final(runtime: Runtime, attempt: UUID) -> dict[int, Any]:
    async with runtime.databases.session(NOTHING, Role.ANSWER) as session:
        return {slot: each.response for slot, each in (await list_final_responses(session, attempt)).items()}


async def _owner(runtime: Runtime, statement: str) -> None:
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text(statement))


async def test_a_save_is_acknowledged_with_a_receipt_that_proves_it(
    client: AsyncTestClient[Any], runtime: Runtime, attempt: UUID, clock: FrozenClock
) -> None:
    status, body = await save(client, runtime, attempt, (1, 1, ["B"]))
    assert status == 200
    assert (body["state"], body["remaining_ms"], body["refused"]) == ("in_progress", DURATION_S * 1000, [])
    arrived = clock.unix_us() // 1000
    revision = Revision(slot=1, seq=1, response_digest=response_digest(b'["B"]'), arrived_at_ms=arrived)
    assert is_save_receipt(body["accepted"][0]["receipt"], [runtime.secrets.lease], attempt, revision)
    assert await final(runtime, attempt) == {1: ("B",)}


async def test_the_greatest_seq_counts_in_whatever_order_saves_arrive(
    client: AsyncTestClient[Any], runtime: Runtime, attempt: UUID
) -> None:
    await save(client, runtime, attempt, (1, 3, ["C"]))
    await save(client, runtime, attempt, (1, 2, ["B"]), (1, 1, ["A"]))
    assert await final(runtime, attempt) == {1: ("C",)}


async def test_sending_again_gives_the_same_receipt_and_stores_nothing_more(
    client: AsyncTestClient[Any], runtime: Runtime, attempt: UUID, clock: FrozenClock
) -> None:
    _, first = await save(client, runtime, attempt, (1, 1, ["B"]))
    clock.advance(timedelta(seconds=9))
    status, again = await save(client, runtime, attempt, (1, 1, ["B"]))
    assert (status, again["accepted"]) == (200, first["accepted"])


async def test_a_seq_that_comes_again_with_another_response_is_refused(
    client: AsyncTestClient[Any], runtime: Runtime, attempt: UUID
) -> None:
    await save(client, runtime, attempt, (1, 1, ["B"]))
    _, body = await save(client, runtime, attempt, (1, 1, ["C"]), (2, 2, ["A"]))
    assert [refused["code"] for refused in body["refused"]] == ["seq_reused"]
    assert await final(runtime, attempt) == {1: ("B",), 2: ("A",)}


async def test_the_last_valid_response_is_kept_when_a_malformed_one_follows(
    client: AsyncTestClient[Any], runtime: Runtime, attempt: UUID
) -> None:
    await save(client, runtime, attempt, (1, 1, ["B"]))
    status, body = await save(client, runtime, attempt, (1, 2, ["B", "C"]))
    assert (status, body["code"]) == (400, "response_invalid")
    assert await final(runtime, attempt) == {1: ("B",)}


@pytest.mark.parametrize(
    ("late_us", "status", "code"), [(-1000, 200, ""), (0, 200, ""), (1000, 409, "deadline_passed")]
)
async def test_arrival_decides_at_the_deadline(
    client: AsyncTestClient[Any],
    runtime: Runtime,
    attempt: UUID,
    clock: FrozenClock,
    late_us: int,
    status: int,
    code: str,
) -> None:
    clock.advance(timedelta(seconds=DURATION_S, microseconds=late_us))
    got, body = await save(client, runtime, attempt, (1, 1, ["B"]))
    assert (got, body.get("code", "")) == (status, code)


async def test_an_extension_in_the_last_second_reopens_answering(
    client: AsyncTestClient[Any], runtime: Runtime, attempt: UUID, clock: FrozenClock
) -> None:
    clock.advance(timedelta(seconds=DURATION_S - 1))
    async with runtime.databases.transaction(REGION) as session:
        await room.extend(session, SYSTEM, attempt, seconds=600, reason="time_lost", at=clock.now())
    clock.advance(timedelta(seconds=2))
    status, body = await save(client, runtime, attempt, (1, 1, ["B"]))
    assert (status, body["remaining_ms"]) == (200, 599_000)
    async with runtime.databases.transaction(NOTHING, Role.ANSWER) as session:
        assert not await finalise_if_due(session, runtime, attempt)


async def test_a_paused_attempt_takes_no_answer_and_loses_no_time(
    client: AsyncTestClient[Any], runtime: Runtime, attempt: UUID, clock: FrozenClock
) -> None:
    async with runtime.databases.transaction(REGION) as session:
        await room.pause(session, SYSTEM, attempt, reason="power_failed", at=clock.now())
    clock.advance(timedelta(minutes=20))
    assert (await save(client, runtime, attempt, (1, 1, ["B"])))[1]["code"] == "attempt_paused"
    async with runtime.databases.transaction(REGION) as session:
        await room.resume(session, SYSTEM, attempt, reason="cause_removed", at=clock.now())
    _, body = await save(client, runtime, attempt, (1, 1, ["B"]))
    assert body["remaining_ms"] == DURATION_S * 1000


async def test_an_old_lease_is_refused_and_its_answers_are_kept_as_evidence(
    client: AsyncTestClient[Any], runtime: Runtime, attempt: UUID
) -> None:
    await _owner(runtime, f"update delivery_attempt set epoch = 2 where id = '{attempt}'")
    status, body = await save(client, runtime, attempt, (1, 1, ["B"]))
    assert (status, body["code"]) == (409, "lease_stale")
    async with runtime.databases.session(NOTHING, Role.ANSWER) as session:
        kept = await session.execute(text("select response, reason from delivery_refused_save"))
        assert kept.all() == [('["B"]', "lease_stale")]
    assert await final(runtime, attempt) == {}


async def test_a_finished_attempt_never_fails_its_neighbour(runtime: Runtime) -> None:
    over, running = await attempts_in_progress(runtime, 2, slots=5)
    await _owner(runtime, f"update delivery_attempt set state = 'submitted', finalised_at = now() where id = '{over}'")
    at = runtime.clock.unix_us()
    async with serving_within(runtime) as app:
        verdicts = await app.state.batcher.save(
            [PendingSave(over, 1, 1, 1, '["A"]', at), PendingSave(running, 1, 1, 1, '["A"]', at)],
        )
    assert [verdict.code for verdict in verdicts] == ["attempt_finalised", ""]


async def test_no_role_can_write_a_response_to_a_finished_attempt(runtime: Runtime, attempt: UUID) -> None:
    await _owner(
        runtime, f"update delivery_attempt set state = 'submitted', finalised_at = now() where id = '{attempt}'"
    )
    async with runtime.databases.session(NOTHING, Role.ANSWER) as session:
        with pytest.raises(DBAPIError, match="does not take any"):
            await session.execute(
                text(
                    "insert into delivery_response_revision (attempt_id, slot, seq, response, arrived_at, epoch)"
                    " values (:attempt, 1, 1, '[]', now(), 1)",
                ),
                {"attempt": attempt},
            )


@pytest.mark.parametrize(
    "change",
    ["deadline_at = now()", "epoch = 9", "state = 'in_progress'", "receipt_code = 'X'", "extension_ms = 5"],
)
async def test_nothing_of_a_finished_attempt_changes_in_the_database(
    runtime: Runtime, attempt: UUID, change: str
) -> None:
    await _owner(
        runtime, f"update delivery_attempt set state = 'submitted', finalised_at = now() where id = '{attempt}'"
    )
    async with runtime.databases.session(REGION) as session:
        with pytest.raises(DBAPIError, match=r"is final|cannot become"):
            await session.execute(text(f"update delivery_attempt set {change} where id = '{attempt}'"))


@pytest.mark.parametrize(
    "statement", ["update delivery_response_revision set seq = 9", "delete from delivery_response_revision"]
)
async def test_stored_responses_cannot_be_changed_by_the_answer_role(
    client: AsyncTestClient[Any], runtime: Runtime, attempt: UUID, statement: str
) -> None:
    await save(client, runtime, attempt, (1, 1, ["B"]))
    async with runtime.databases.session(NOTHING, Role.ANSWER) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(text(statement))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "batch_invalid"),
        (b'{"saves":[]}', 400, "batch_invalid"),
        (b'{"saves":[{"slot":1,"seq":1,"response":["B"],"score":100}]}', 400, "batch_invalid"),
        (b'{"saves":[{"slot":1,"seq":NaN,"response":["B"]}]}', 400, "batch_invalid"),
        (b'{"saves":[{"slot":1,"seq":99999999999999999999,"response":["B"]}]}', 400, "batch_invalid"),
        (b'{"saves":[{"slot":99,"seq":1,"response":["B"]}]}', 400, "response_invalid"),
        (b'{"saves":[{"slot":1,"seq":1,"response":["Z"]}]}', 400, "response_invalid"),
        (b'{"saves":[{"slot":1,"seq":1,"response":["\xff"]}]}', 400, "batch_invalid"),
        (b" " * 20_000, 413, "batch_too_large"),
    ],
)
async def test_bad_input_is_refused_with_a_code_and_stores_nothing(
    client: AsyncTestClient[Any], runtime: Runtime, attempt: UUID, body: bytes, status: int, code: str
) -> None:
    lease = {"Ankao-Lease": lease_of(runtime, attempt), "content-type": "application/json"}
    answer = await client.post(f"/api/attempts/{attempt}/responses", content=body, headers=lease)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await final(runtime, attempt) == {}


@pytest.mark.parametrize("lease", ["", "v1.x.y.z.w", "v1.00.1.a.b"])
async def test_without_its_lease_an_attempt_takes_nothing(
    client: AsyncTestClient[Any], attempt: UUID, lease: str
) -> None:
    body = {"saves": [{"slot": 1, "seq": 1, "response": ["B"]}]}
    answer = await client.post(f"/api/attempts/{attempt}/responses", json=body, headers={"Ankao-Lease": lease})
    assert (answer.status_code, answer.json()["code"]) == (401, "lease_invalid")


async def test_the_lease_of_one_attempt_opens_no_other(client: AsyncTestClient[Any], runtime: Runtime) -> None:
    mine, other = await attempts_in_progress(runtime, 2, slots=5)
    body = {"saves": [{"slot": 1, "seq": 1, "response": ["B"]}]}
    lease = {"Ankao-Lease": lease_of(runtime, mine)}
    for method, path in (("POST", "responses"), ("GET", "responses"), ("GET", "form"), ("GET", "state")):
        answer = await client.request(method, f"/api/attempts/{other}/{path}", json=body, headers=lease)
        assert answer.status_code == 401, path
