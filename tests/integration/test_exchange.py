"""Messages to neighbouring systems: let in by two, told in order, again after a failure, dead and brought back."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import create_organisation
from exam.records.exchange import sending
from exam.records.exchange.contract import check
from exam.records.exchange.models import OutgoingMessage
from exam.records.exchange.restating import restated
from exam.records.exchange.sending import push, sweep
from exam.records.exchange.state import DELAYS
from exam.records.exchange.subscribers import EXPORTED
from exam.records.exchange.xml import read_body
from tests.builders.exchange import HOME, OPERATOR, Hook, admitted, be, held, hooked, registered, states, turned
from tests.builders.grading import work_off
from tests.builders.identity import CITY, regions
from tests.builders.records import hold, make_person, unified_code
from tests.builders.sitting import COUNTY
from tests.builders.web import send
from tests.services import Services

OTHER_COUNTY = "33/3301/330105"


@pytest.fixture
def settings(services: Services) -> Iterator[Settings]:
    """Let messages go to this machine."""
    with services.database() as fresh:
        yield msgspec.structs.replace(fresh, exchange_inside="127.0.0.1")


@pytest.fixture
async def hook(runtime: Runtime) -> AsyncIterator[Hook]:
    await regions(runtime)
    async with hooked(runtime.clock) as receiver:
        yield receiver


async def message_ids(runtime: Runtime) -> list[UUID]:
    async with runtime.databases.session(Scope(region="33")) as session:
        return list(await session.scalars(text("select id from records_exchange_message order by position")))


async def test_what_happens_after_two_have_let_a_neighbour_in_arrives_in_order(
    runtime: Runtime, client: AsyncClient, hook: Hook
) -> None:
    first = await held(runtime, 1)
    neighbour, secret = await registered(runtime, client, hook.address)
    hook.trust(secret)
    await turned(runtime, first, "suspended")
    await work_off(runtime)
    assert hook.told == []
    assert secret not in (await client.get(f"{HOME}/{neighbour}")).text
    assert (await send(client, f"{HOME}/{neighbour}/admit")).status_code == 403
    await be(runtime, client, "security_admin")
    assert (await send(client, f"{HOME}/{neighbour}/admit")).status_code == 303
    assert (await send(client, f"{HOME}/{neighbour}/admit")).status_code == 409
    await turned(runtime, first, "restored", "suspended")
    await turned(runtime, await held(runtime, 2), "suspended")
    await work_off(runtime)
    assert sorted(hook.told) == [("accepted", 1), ("accepted", 1), ("accepted", 2)]
    assert await states(runtime) == [("delivered", 1), ("delivered", 2), ("delivered", 1)]
    page = (await client.get(f"{HOME}/messages/{(await message_ids(runtime))[0]}")).text
    assert "HTTP 204" in page
    assert "对方已接收" in page
    assert (await send(client, f"{HOME}/{neighbour}/close", {"reason": "系统下线"})).status_code == 303
    await turned(runtime, first, "restored")
    await work_off(runtime)
    assert len(hook.verdicts) == 3


async def test_a_neighbour_is_told_in_xml_and_of_its_own_region_only(
    runtime: Runtime, client: AsyncClient, hook: Hook
) -> None:
    _, secret = await admitted(runtime, client, hook.address, region=COUNTY, form="xml")
    other, _ = await admitted(runtime, client, hook.address, region=OTHER_COUNTY)
    hook.trust(secret)
    await turned(runtime, await held(runtime, 1), "suspended")
    await work_off(runtime)
    assert hook.told == [("accepted", 1)]
    assert (await client.get(f"{HOME}/{other}")).status_code == 200
    await be(runtime, client, "system_admin", COUNTY)
    assert (await client.get(f"{HOME}/{other}")).status_code == 404
    assert "企业基础数据库" in (await client.get(HOME)).text
    for role in ("auditor", "regulator", "centre"):
        await be(runtime, client, role, COUNTY)
        assert (await client.get(HOME)).status_code == 403


async def test_the_level_above_is_told_who_issued_by_which_rules_and_that_the_record_is_provincial(
    runtime: Runtime, client: AsyncClient
) -> None:
    await regions(runtime)
    neighbour, _ = await registered(runtime, client, "", form="xml", kinds=EXPORTED)
    await be(runtime, client, "security_admin")
    assert (await send(client, f"{HOME}/{neighbour}/admit")).status_code == 303
    async with runtime.databases.transaction(Scope(region="33")) as session:
        bureau: dict[str, Any] = {"kind": "authority", "name": "杭州市应急管理局", "region": CITY}
        at = runtime.clock.now()
        issuer = await create_organisation(session, SYSTEM, **bureau, uscc=unified_code(7), at=at)
    person = await make_person(runtime, number=1)
    credential = await hold(runtime, person, OPERATOR, ends_in=300, issuer=issuer)
    await turned(runtime, (credential, person), "suspended")
    await work_off(runtime)
    async with runtime.databases.session(Scope(region="33")) as session:
        (row,) = await session.scalars(select(OutgoingMessage))
        told, now = read_body(row.body), await restated(session, runtime, row)
    assert (told.kind, told.sequence, check(told)) == (EXPORTED, 1, [])
    assert now is not None
    wanted = {"origin": "provincial", "issuer_region": "330100", "issuer_uscc": unified_code(7), "rule_set": "test"}
    for data, status in ((told.data, "suspended"), (now.data, "issued")):
        assert data.items() >= (wanted | {"credential_id": str(credential), "status": status}).items()
    assert "发证数据上报" in (await client.get(f"{HOME}/{neighbour}")).text


async def test_a_dead_letter_holds_its_subject_back_until_somebody_decides(
    runtime: Runtime, client: AsyncClient, hook: Hook, clock: FrozenClock
) -> None:
    neighbour, secret = await admitted(runtime, client, hook.address)
    await turned(runtime, await held(runtime, 1), "suspended", "restored")
    await work_off(runtime)
    assert await states(runtime) == [("waiting", 1), ("waiting", 2)]
    for number, delay in enumerate(DELAYS, start=2):
        clock.advance(delay - timedelta(seconds=1))
        await sweep(runtime)
        await work_off(runtime)
        assert len(hook.verdicts) == number - 1
        clock.advance(timedelta(seconds=1))
        await sweep(runtime)
        await work_off(runtime)
        assert len(hook.verdicts) == number
    assert {each.verdict for each in hook.verdicts} == {"signature"}
    assert await states(runtime) == [("dead", 1), ("waiting", 2)]
    hook.trust(secret)
    hook.verdicts.clear()
    await turned(runtime, await held(runtime, 2), "suspended")
    await work_off(runtime)
    assert hook.told == [("accepted", 1)]
    await be(runtime, client, "system_admin")
    assert "死信" in (await client.get(f"{HOME}/{neighbour}?show=dead")).text
    dead, waiting, _ = await message_ids(runtime)
    assert (await send(client, f"{HOME}/messages/{waiting}/replay")).status_code == 409
    assert (await send(client, f"{HOME}/messages/{dead}/replay")).status_code == 303
    await work_off(runtime)
    assert hook.told == [("accepted", 1), ("accepted", 1), ("accepted", 2)]
    assert (await client.get(f"{HOME}/messages/{dead}")).text.count("对方拒收") == len(DELAYS) + 1


async def test_a_neighbour_that_is_gone_is_not_tried_again_and_what_is_set_aside_lets_the_next_go(
    runtime: Runtime, client: AsyncClient, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    neighbour, secret = await admitted(runtime, client, hook.address)
    monkeypatch.setattr(sending, "GONE", 401)
    await turned(runtime, await held(runtime, 1), "suspended", "restored")
    await work_off(runtime)
    assert await states(runtime) == [("dead", 1), ("waiting", 2)]
    hook.trust(secret)
    await be(runtime, client, "system_admin")
    dead, _ = await message_ids(runtime)
    assert (await send(client, f"{HOME}/messages/{dead}/set-aside", {"reason": ""})).status_code == 400
    assert (await send(client, f"{HOME}/messages/{dead}/set-aside", {"reason": "对方已登记"})).status_code == 303
    await work_off(runtime)
    assert hook.told[-1] == ("accepted", 2)
    await push(runtime, neighbour_id=str(neighbour))
    assert await states(runtime) == [("set_aside", 1), ("delivered", 2)]


async def test_who_is_killed_after_the_answer_sends_the_same_bytes_again(
    runtime: Runtime, client: AsyncClient, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    neighbour, secret = await admitted(runtime, client, hook.address)
    hook.trust(secret)
    await turned(runtime, await held(runtime, 1), "suspended")
    with monkeypatch.context() as patched:

        async def killed(*_: object) -> None:
            raise KeyboardInterrupt

        patched.setattr(sending, "_note", killed)
        with pytest.raises(KeyboardInterrupt):
            await work_off(runtime)
    await push(runtime, neighbour_id=str(neighbour))
    assert hook.told == [("accepted", 1), ("duplicate", 1)]
    assert await states(runtime) == [("delivered", 1)]


async def test_an_address_that_leads_inside_is_neither_registered_nor_called(
    runtime: Runtime, client: AsyncClient, hook: Hook
) -> None:
    await be(runtime, client, "system_admin")
    typed = {"name": "内网", "region": "33", "address": "https://169.254.169.254/", "kinds": "result.released"}
    assert (answer := await send(client, HOME, typed)).status_code == 400
    assert "ANKAO_EXCHANGE_INSIDE" in answer.text
    assert (await send(client, HOME, {**typed, "address": "", "kinds": "score.leaked"})).status_code == 400
    await admitted(runtime, client, hook.address)
    await turned(runtime, await held(runtime, 1), "suspended")
    # the operator takes the address off the list
    object.__setattr__(runtime, "settings", msgspec.structs.replace(runtime.settings, exchange_inside=""))
    await work_off(runtime)
    assert hook.told == []
    assert "地址不允许" in (await client.get(f"{HOME}/messages/{(await message_ids(runtime))[0]}")).text


REFUSED = (
    "update records_exchange_message set state = 'set_aside', ended_at = now()",
    "update records_exchange_message set body = '{}'",
    "delete from records_exchange_message",
    "delete from records_exchange_receipt",
    "update records_exchange_neighbour set state = 'proposed', decided_by = null, decided_at = null",
    "update records_exchange_neighbour set address = 'https://elsewhere.example'",
    "delete from records_exchange_neighbour",
)


async def test_the_database_refuses_the_same_steps(runtime: Runtime, client: AsyncClient, hook: Hook) -> None:
    await admitted(runtime, client, hook.address)
    await turned(runtime, await held(runtime, 1), "suspended")
    await work_off(runtime)
    for statement in REFUSED:
        with pytest.raises(DBAPIError):
            async with runtime.databases.transaction(Scope(region="33")) as session:
                await session.execute(text(statement))
