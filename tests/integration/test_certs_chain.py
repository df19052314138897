"""What a credential was worth on a past day, and the versions before and after it."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from certs.grounds import Ground
from certs.lifecycle import confirm, propose, suspend
from exam.core.audit.proof import parse_proof
from exam.core.clock import FrozenClock
from exam.core.runtime import Runtime
from tests.builders.certs import HERE, NAME, Certified, certified, regulator
from tests.builders.log import signing
from tests.builders.web import browsing, send

ISSUED = date(2026, 11, 23)


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened:
        yield opened


async def _status(client: AsyncClient, holder: Certified, on: date | None, *, by_name: bool = False) -> dict[str, Any]:
    asked = {"name": NAME, "number": holder.number} if by_name else {"qr": holder.qr_text}
    told = await client.post("/api/verify", json={**asked, "on": on.isoformat() if on else None})
    assert told.status_code == 200, told.text
    decoded: dict[str, Any] = told.json()
    return decoded


async def test_each_day_has_the_status_that_it_had(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    holder = await certified(runtime, clock)
    clock.advance(timedelta(days=10))
    async with runtime.databases.transaction(HERE) as session:
        await suspend(session, regulator(), holder.credential_id, reason="核查", at=clock.now())
    clock.advance(timedelta(days=10))
    async with runtime.databases.transaction(HERE) as session:
        at = clock.now()
        asked = await propose(session, regulator(), holder.credential_id, Ground.CLEARED, reason="清楚", at=at)
        await confirm(session, regulator(), asked, at=at)
    clock.advance(timedelta(days=1))
    days = {-1: "not_yet", 0: "valid", 9: "valid", 10: "suspended", 19: "suspended", 20: "valid"}
    for days_after, status in days.items():
        on = ISSUED + timedelta(days=days_after)
        for by_name in (False, True):
            told = await _status(client, holder, on, by_name=by_name)
            assert (on, told["status"], told["valid"]) == (on, status, status == "valid")
            assert told["status_as_of"] is not None
    now = await _status(client, holder, None)
    assert (now["status"], now["status_as_of"]) == ("valid", None)
    assert [each["version"] for each in now["credentials"][0]["versions"]] == [1]
    page = await send(client, "/verify", {"code": holder.qr_text, "on": (ISSUED + timedelta(days=10)).isoformat()})
    assert "那天处于暂停" in page.text


@pytest.mark.parametrize(("on", "code"), [("2027-01-01", "day_ahead"), ("gestern", "day_malformed")])
async def test_days_to_come_and_no_days_are_refused(client: AsyncClient, on: str, code: str) -> None:
    page = await send(client, "/verify", {"code": "A" * 22, "on": on})
    assert (page.status_code, code in page.text) == (400, True)


async def test_the_asker_gets_the_log_proof_for_the_code_they_typed(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    holder = await certified(runtime, clock)
    async with signing(runtime) as log:
        await log.turn()
    assert "下载日志证明" in (await send(client, "/verify", {"code": holder.qr_text})).text
    for code in (holder.qr_text, holder.public_id):
        proof = parse_proof((await send(client, "/verify/proof", {"code": code})).content)
        assert b'"act":"credential.issued"' in (proof.leaf or b"")
