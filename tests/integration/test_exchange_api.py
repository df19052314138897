"""What a neighbour's programs call: messages by position with a token for certain acts, for a time, and revocable."""

import re
from datetime import timedelta
from uuid import UUID

from httpx import AsyncClient, Response
from sqlalchemy import text

from exam.core.clock import FrozenClock
from exam.core.crypto import digest
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.records.api import Receiver
from tests.builders.exchange import HOME, SECRET, admitted, be, held, registered, states, turned
from tests.builders.grading import work_off
from tests.builders.identity import regions
from tests.builders.web import send

MESSAGES, RECEIPTS = "/api/exchange/messages", "/api/exchange/receipts"


async def issued(client: AsyncClient, neighbour: UUID, *, scopes: str, days: str = "90") -> Response:
    form = {"name": "取数程序", "scopes": scopes, "days": days}
    return await send(client, f"{HOME}/{neighbour}/tokens", form)


async def token_of(client: AsyncClient, neighbour: UUID, scopes: str) -> str:
    found = SECRET.search((await issued(client, neighbour, scopes=scopes)).text)
    assert found
    return found[1]


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "accept": "application/json"}


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
    assert set(document["paths"]) >= {MESSAGES, RECEIPTS, "/api/verify", "/api/enterprises"}
    assert all(path.startswith("/api/") for path in document["paths"])
    assert document["paths"][MESSAGES]["get"]["security"] == [{"token": []}]
    assert (await client.get("/api/exchange/schema.json")).json()["oneOf"]
    assert b"urn:ankao:exchange:1" in (await client.get("/api/exchange/schema.xsd")).content
