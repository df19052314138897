"""County, city and province, each with a database of its own: what happens below arrives above once, whoever is killed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import text

from exam.app import compose_runtime
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.records.exchange import receiving, reconciling, sending
from exam.records.exchange.contract import from_json, to_json
from exam.records.exchange.controllers import ExchangeController
from exam.records.exchange.errors import UpperSilentError
from exam.records.exchange.neighbours import admit, register
from exam.records.exchange.receiving import address_of
from exam.records.exchange.reconciling import Difference, Reconciliation, reconcile
from exam.records.exchange.sending import sweep
from exam.records.exchange.signing import headers_of
from exam.web.plugin import Plugin
from exam.web.shell import build_shell
from tests.builders.exchange import HOME, be, held, listening, states, turned
from tests.builders.grading import work_off
from tests.builders.identity import CITY, regions
from tests.builders.sitting import COUNTY
from tests.builders.web import browsing, send
from tests.services import Services

KIND = "credential.changed"
TURNS = ("suspended", "restored", "suspended")
Killed = Callable[[pytest.MonkeyPatch], None]


class Node(msgspec.Struct, frozen=True):
    """One instance."""

    runtime: Runtime

    async def neighbour(
        self, region: str, address: str = "", *, sends: bool = False, given: str = ""
    ) -> tuple[UUID, str]:
        """Register and admit a neighbour by two people."""
        kinds = [KIND] if address else []
        async with self.runtime.databases.transaction(Scope(region="33")) as session:
            found = await register(
                session,
                _admin("system_admin"),
                self.runtime,
                name="节点",
                region=region,
                address=address,
                form="json",
                kinds=kinds,
                sends=sends,
                given=given,
            )
            await admit(session, _admin("security_admin"), found[0], at=self.runtime.clock.now())
        return found

    async def received(self) -> list[tuple[str, int]]:
        """Return subject and number of everything that was received, in order."""
        async with self.runtime.databases.session(Scope(region="33")) as session:
            query = text("select subject, sequence from records_exchange_incoming order by id")
            return [tuple(row) for row in await session.execute(query)]


def _admin(role: str) -> Principal:
    return Principal(account=new_id(), grants=(Grant(role, "33"),), second_factor=True)


@asynccontextmanager
async def node(services: Services, clock: FrozenClock) -> AsyncIterator[Node]:
    """Run an instance that takes messages on a port of its own."""
    with services.database() as fresh:
        settings = msgspec.structs.replace(fresh, exchange_inside="127.0.0.1")
        runtime = compose_runtime(settings, clock=clock)
        app = build_shell(runtime, (Plugin(package="exam.records", handlers=(ExchangeController,)),))
        async with listening(app) as address:
            object.__setattr__(runtime, "settings", msgspec.structs.replace(settings, base_url=address))
            yield Node(runtime)
        await runtime.close()


@pytest.fixture
async def line(services: Services, clock: FrozenClock) -> AsyncIterator[tuple[Node, Node, Node]]:
    """Connect county to city and city to province, as their administrators do: the upper side hands over the secret."""
    async with AsyncExitStack() as stack:
        county, city, province = [await stack.enter_async_context(node(services, clock)) for _ in range(3)]
        await regions(county.runtime)
        for lower, upper, region in ((county, city, COUNTY), (city, province, CITY)):
            sender, secret = await upper.neighbour(region, sends=True)
            await lower.neighbour(region, address_of(upper.runtime, sender), given=secret)
        yield county, city, province


async def work(nodes: tuple[Node, ...]) -> None:
    """Let every instance do what is due, from the county up."""
    for each in nodes:
        await sweep(each.runtime)
        await work_off(each.runtime)


def killed_before_noting(patched: pytest.MonkeyPatch) -> None:
    """Let the sender die when the answer has come."""

    async def die(*_: object) -> None:
        raise KeyboardInterrupt

    patched.setattr(sending, "_note", die)


def killed_before_keeping(patched: pytest.MonkeyPatch) -> None:
    """Let the receiver die inside its transaction, when the message is written and nothing is told on."""

    async def die(*_: object, **__: object) -> None:
        raise ConnectionError

    patched.setattr(receiving, "offer", die)


def killed_before_answering(patched: pytest.MonkeyPatch) -> None:
    """Let the receiver die after its commit."""
    keep = receiving.receive

    async def die(*args: object) -> None:
        await keep(*args)  # type: ignore[arg-type]  # passed on as it came
        raise ConnectionError

    patched.setattr("exam.records.exchange.controllers.receive", die)


@pytest.mark.parametrize("kill", [killed_before_noting, killed_before_keeping, killed_before_answering])
async def test_what_happens_in_the_county_arrives_above_once_and_in_order_whoever_is_killed(
    line: tuple[Node, Node, Node], clock: FrozenClock, kill: Killed
) -> None:
    county, city, province = line
    credentials = [await held(county.runtime, number) for number in (1, 2)]
    for turn in TURNS:
        for credential in credentials:
            await turned(county.runtime, credential, turn)
    for each in line:
        with pytest.MonkeyPatch.context() as patched:
            kill(patched)
            await _until_killed(work((each,)))
        clock.advance(timedelta(seconds=5))
    for _ in range(4):
        await work(line)
        clock.advance(timedelta(minutes=10))
    wanted = {f"credential:{credential}": [1, 2, 3] for credential, _ in credentials}
    for upper in (city, province):
        found: dict[str, list[int]] = {}
        for subject, sequence in await upper.received():
            found.setdefault(subject, []).append(sequence)
        assert found == wanted
    for lower in (county, city):
        assert {state for state, _ in await states(lower.runtime)} == {"delivered"}


async def _until_killed(work: Awaitable[None]) -> None:
    try:
        await work
    except KeyboardInterrupt:
        await asyncio.sleep(0)


async def test_a_node_takes_nothing_from_strangers_of_other_regions_or_changed(line: tuple[Node, Node, Node]) -> None:
    county, city, _ = line
    await turned(county.runtime, await held(county.runtime, 1), "suspended", "restored")
    await work((county,))
    sender, secret = await city.neighbour(COUNTY, sends=True)
    async with county.runtime.databases.session(Scope(region="33")) as session:
        first, second = await session.scalars(text("select body from records_exchange_message order by position"))
    now_s = int(city.runtime.clock.now().timestamp())

    async def answer(body: str, *, key: str = secret, to: UUID = sender) -> int:
        headers = headers_of(key, str(from_json(body).id), now_s, body.encode())
        async with AsyncClient() as client:
            return (await client.post(address_of(city.runtime, to), content=body, headers=headers)).status_code

    def changed(body: str, **values: object) -> str:
        return to_json(msgspec.structs.replace(from_json(body), **values))

    stranger, _ = await city.neighbour(COUNTY, county.runtime.settings.base_url)
    assert await answer(first, to=new_id()) == 401
    assert await answer(first, to=stranger) == 401
    assert await answer(first, key="whsec_AAAA") == 401
    assert await answer(changed(first, region=CITY)) == 400
    assert await answer(changed(first, data={})) == 400
    assert await answer(second) == 204
    assert await answer(second) == 204
    assert await answer(changed(second, source="elsewhere")) == 409
    assert await answer(first) == 409
    assert len([each for each in await city.received() if each[1] == 2]) == 2  # one from each of the two senders


async def test_both_sides_are_equal_or_the_rows_are_named(line: tuple[Node, Node, Node]) -> None:
    county, city, _ = line
    credential = await held(county.runtime, 1)
    await turned(county.runtime, credential, *TURNS)
    await work((county,))

    async with county.runtime.databases.session(Scope(region="33")) as session:
        (upper,) = await session.scalars(text("select id from records_exchange_neighbour"))

    async def found() -> Reconciliation:
        async with county.runtime.databases.session(Scope(region="33")) as session:
            return await reconcile(session, county.runtime, upper)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reconciling, "STEP", 2)
        assert await found() == Reconciliation(3, [])
    async with city.runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("alter table records_exchange_incoming disable trigger user"))
        await session.execute(text("delete from records_exchange_incoming where sequence = 1"))
        await session.execute(text("update records_exchange_incoming set digest = sha256('x') where sequence = 2"))
        await session.execute(text("update records_exchange_incoming set sequence = 4 where sequence = 3"))
    subject = f"credential:{credential[0]}"
    assert await found() == Reconciliation(
        0,
        [
            Difference(subject, 1, "missing_above"),
            Difference(subject, 2, "changed"),
            Difference(subject, 3, "missing_above"),
            Difference(subject, 4, "unknown_here"),
        ],
    )
    async with browsing(county.runtime) as client:
        await be(county.runtime, client, "system_admin")
        assert f"{HOME}/{upper}/reconcile" in (await client.get(f"{HOME}/{upper}")).text
        page = (await send(client, f"{HOME}/{upper}/reconcile")).text
        assert [page.count(word) for word in ("上级没有", "本级没有", "内容不同")] == [2, 1, 1]
    async with city.runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("update records_exchange_neighbour set state = 'closed', closed_at = now()"))
    with pytest.raises(UpperSilentError):
        await found()
