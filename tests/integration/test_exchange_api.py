"""What a neighbour's programs call: messages by position with a token for certain acts, for a time, and revocable."""

import re
from datetime import timedelta
from uuid import UUID

from httpx import AsyncClient
from sqlalchemy import text

from exam.core.clock import FrozenClock
from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.records.api import Receiver
from tests.builders.exchange import HOME, admitted, be, bearer, held, issued, registered, states, token_of, turned
from tests.builders.grading import work_off
from tests.builders.identity import regions
from tests.builders.records import unified_code
from tests.builders.web import send

MESSAGES, RECEIPTS = "/api/exchange/messages", "/api/exchange/receipts"
BY_TOKEN = (f"GET {MESSAGES}", f"POST {RECEIPTS}", "POST /api/enterprises")
_INCOMING = "POST /api/exchange/incoming/{neighbour_id}"
BY_SIGNATURE = {_INCOMING, *(f"{_INCOMING}/{each}" for each in ("rows", "parts", "answers", "batches"))}
OPEN = {
    "GET /api/exchange/schema.json",
    "GET /api/exchange/schema.xsd",
    "POST /api/verify",
    "POST /api/verify/batch",
    "GET /verify/keys.json",
    "GET /verify/proof/{public_id}",
    "GET /verify/status-list",
    "GET /api/draws",
    "GET /api/draws/{sitting_id}",
    "GET /draws/{sitting_id}/proofs/{entry_id}",
    "GET /log/checkpoint",
    "GET /log/witnessed",
    "GET /log/policy",
    "GET /log/tile/{where}",
    "GET /health/live",
    "GET /health/ready",
    "POST /api/login",
    "POST /api/login/second-factor",
}


async def revoked(client: AsyncClient, neighbour: UUID) -> None:
    page = (await client.get(f"{HOME}/{neighbour}")).text
    for found in set(re.findall(rf"{HOME}/{neighbour}/tokens/[0-9a-f-]+/revoke", page)):
        assert (await send(client, found, {"reason": "换新"})).status_code == 303


async def test_a_caller_fetches_in_order_from_where_it_was_and_confirms(
    runtime: Runtime, client: AsyncClient, clock: FrozenClock
) -> None:
    await regions(runtime)
    neighbour, secret = await admitted(runtime, client, "")
    await be(runtime, client, "system_admin")
    reading = bearer(await token_of(client, neighbour, "messages:read"))
    writing = bearer(await token_of(client, neighbour, "receipts:write"))
    first = await held(runtime, 1)
    await turned(runtime, first, "suspended", "restored")
    await turned(runtime, await held(runtime, 2), "suspended")
    await work_off(runtime)
    client.cookies.clear()
    page = (await client.get(f"{MESSAGES}?limit=2", headers=reading)).json()
    again = (await client.get(f"{MESSAGES}?limit=2", headers=reading)).json()
    assert (page, page["position"], page["more"]) == (again, 2, True)
    rest = (await client.get(f"{MESSAGES}?after=2", headers=reading)).json()
    assert (len(rest["messages"]), rest["position"], rest["more"]) == (1, 3, False)
    receiver, now_s = Receiver(secret), int(clock.now().timestamp())
    for each in (*page["messages"], *rest["messages"]):
        headers = {
            "webhook-id": each["id"],
            "webhook-timestamp": str(each["timestamp"]),
            "webhook-signature": each["signature"],
            "content-type": each["content_type"],
        }
        assert receiver.receive(headers, each["body"].encode(), now_s=now_s).verdict == "accepted"
    assert (await client.post(RECEIPTS, headers=reading, json={"position": 2})).status_code == 403
    assert (await client.get(MESSAGES, headers=writing)).status_code == 403
    assert (await client.post(RECEIPTS, headers=writing, json={"position": 4})).status_code == 400
    assert (await client.post(RECEIPTS, headers=writing, json={"position": 2, "all": True})).status_code == 400
    for confirmed in (2, 0):
        assert (await client.post(RECEIPTS, headers=writing, json={"position": 2})).json() == {"confirmed": confirmed}
    assert await states(runtime) == [("delivered", 1), ("delivered", 2), ("waiting", 1)]


async def test_a_token_ends_by_its_term_by_revocation_and_with_its_neighbour(
    runtime: Runtime, client: AsyncClient, clock: FrozenClock
) -> None:
    await regions(runtime)
    waiting, _ = await registered(runtime, client, "")
    assert (await issued(client, waiting, scopes="messages:read")).status_code == 409
    neighbour, _ = await admitted(runtime, client, "")
    assert (await issued(client, neighbour, scopes="messages:read")).status_code == 403
    await be(runtime, client, "system_admin")
    for scopes, days in (("everything", "90"), ("messages:read", "0"), ("messages:read", "401"), ("", "90")):
        assert (await issued(client, neighbour, scopes=scopes, days=days)).status_code == 400

    async def status(token: str) -> int:
        return (await client.get(MESSAGES, headers=bearer(token))).status_code

    token = await token_of(client, neighbour, "messages:read")
    assert (await status(token), await status(token[:-1]), await status("")) == (200, 401, 401)
    assert (await client.get(MESSAGES, headers={"authorization": f"Basic {token}"})).status_code == 401
    async with runtime.databases.session(Scope(region="33")) as session:
        (kept,) = await session.scalars(text("select digest from records_exchange_token"))
    assert kept == digest(token.encode())
    assert "2026-11-23" in (await client.get(f"{HOME}/{neighbour}")).text.partition("最近使用")[2][:40]
    await revoked(client, neighbour)
    assert await status(token) == 401
    other = await token_of(client, neighbour, "messages:read")
    clock.advance(timedelta(days=90))
    assert await status(other) == 401
    await be(runtime, client, "system_admin")
    last = await token_of(client, neighbour, "messages:read")
    assert await status(last) == 200
    assert (await send(client, f"{HOME}/{neighbour}/close", {"reason": "系统下线"})).status_code == 303
    assert await status(last) == 401


async def test_the_interfaces_are_described_and_the_pages_are_not(client: AsyncClient) -> None:
    document = (await client.get("/api/openapi")).json()
    acts = {f"{verb.upper()} {path}": act for path, each in document["paths"].items() for verb, act in each.items()}
    assert set(acts) == OPEN | set(BY_TOKEN) | BY_SIGNATURE
    assert all(act["description"] and act["summary"] != act["operationId"] for act in acts.values())
    assert all(set(act["responses"]) <= {"200", "204", "default"} for act in acts.values())
    assert {name for name, act in acts.items() if act.get("security") == [{"token": []}]} == set(BY_TOKEN)
    assert {name for name, act in acts.items() if "signature" in str(act.get("security"))} == BY_SIGNATURE
    assert all(acts[name]["requestBody"]["content"] for name in BY_SIGNATURE)
    problem = document["components"]["schemas"]["Problem"]["properties"]
    refused = await client.get(MESSAGES)
    assert set(refused.json()) <= set(problem)
    assert refused.headers["content-type"] in acts[f"GET {MESSAGES}"]["responses"]["default"]["content"]
    assert (await client.get("/api/exchange/schema.json")).json()["oneOf"]
    assert b"urn:ankao:exchange:1" in (await client.get("/api/exchange/schema.xsd")).content


async def test_a_neighbour_that_only_brings_enterprises_is_told_nothing(runtime: Runtime, client: AsyncClient) -> None:
    await regions(runtime)
    await be(runtime, client, "system_admin")
    typed = {"name": "企业库", "region": "33"}
    for more in ({"address": "https://neighbour.example/hook"}, {"carriage": "batch"}):
        assert (await send(client, HOME, typed | more)).status_code == 400
    answer = await send(client, HOME, typed)
    assert answer.status_code == 303
    neighbour = UUID(answer.headers["location"].rpartition("/")[2])
    await be(runtime, client, "security_admin")
    assert (await send(client, f"{HOME}/{neighbour}/admit")).status_code == 303
    await turned(runtime, await held(runtime, 1), "suspended")
    await work_off(runtime)
    assert await states(runtime) == []
    await be(runtime, client, "system_admin")
    page = (await client.get(f"{HOME}/{neighbour}")).text
    assert ("enterprises:write" in page, "messages:read" in page) == (True, False)
    assert (await issued(client, neighbour, scopes="messages:read")).status_code == 400
    headers = bearer(await token_of(client, neighbour, "enterprises:write"))
    body = {"enterprises": [{"uscc": unified_code(1), "name": "甲", "region": "330106"}]}
    client.cookies.clear()
    assert (await client.post("/api/enterprises", json=body, headers=headers)).json()["accepted"] == 1
