"""Neighbouring systems for tests: a real receiver on a port of this machine, and administrators who let it in."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import uvicorn
from httpx import AsyncClient, Response
from sqlalchemy import text

from certs.events import CredentialRestored, CredentialSuspended
from exam.cli.exchange import ReceiverApp
from exam.core.clock import Clock
from exam.core.db.scope import Scope
from exam.core.events import Event, publish
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.records.api import Receiver, Verdict
from exam.records.exchange.neighbours import admit, register
from exam.records.exchange.secrets import change_secret
from exam.records.nodes.identity import create_keys
from tests.builders.desks import session_of
from tests.builders.records import hold, make_person
from tests.builders.sitting import COUNTY
from tests.builders.web import send

HOME = "/admin/exchange"
OPERATOR = "special.1.1"
NOBODYS = "whsec_AAAA"
PROVINCE = "33"
_ID = re.compile(rf"{HOME}/([0-9a-f-]{{36}})")
SECRET = re.compile(r'id="secret">([^<]+)<')


class Hook:
    """A neighbour's side: what it has judged so far; its secret may be wrong for a while."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.verdicts: list[Verdict] = []
        self.address = ""
        self.trust(NOBODYS)

    def trust(self, secret: str) -> None:
        """Begin with this secret."""
        self.app = ReceiverApp(Receiver(secret), self.verdicts.append, self._clock)

    @property
    def told(self) -> list[tuple[str, int]]:
        return [(each.verdict, each.sequence) for each in self.verdicts]


@asynccontextmanager
async def listening(app: Any, **options: Any) -> AsyncIterator[str]:
    """Serve an application in the test's own loop, under more of uvicorn's options if any; yield its address."""
    config = uvicorn.Config(app, port=0, lifespan="off", log_level="critical", **options)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    serving = asyncio.create_task(server.main_loop())
    try:
        yield f"{'https' if config.is_ssl else 'http'}://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        await server.shutdown()


@asynccontextmanager
async def hooked(clock: Clock) -> AsyncIterator[Hook]:
    """Serve a receiver."""
    hook = Hook(clock)

    async def app(scope: Any, receive: Any, send_: Any) -> None:
        await hook.app(scope, receive, send_)

    async with listening(app) as address:
        hook.address = f"{address}/hook"
        yield hook


async def be(runtime: Runtime, client: AsyncClient, role: str, region: str = "33") -> None:
    """Let the client be an administrator of their own."""
    _, token = await session_of(runtime, role=role, region=region)
    client.cookies.set(COOKIE, token)


async def registered(
    runtime: Runtime,
    client: AsyncClient,
    address: str,
    *,
    region: str = "33",
    form: str = "json",
    kinds: str = "credential.changed",
) -> tuple[UUID, str]:
    """Register a neighbour on the page; return its id and the secret that the page shows once."""
    await be(runtime, client, "system_admin", region)
    typed = {"name": "企业基础数据库", "region": region, "address": address, "form": form, "kinds": kinds}
    page = (await send(client, HOME, typed)).text
    found, secret = _ID.search(page), SECRET.search(page)
    assert found, page
    assert secret
    return UUID(found[1]), secret[1]


async def admitted(
    runtime: Runtime, client: AsyncClient, address: str, *, region: str = "33", form: str = "json"
) -> tuple[UUID, str]:
    """Register a neighbour and let a security administrator admit it."""
    neighbour, secret = await registered(runtime, client, address, region=region, form=form)
    await be(runtime, client, "security_admin", region)
    assert (await send(client, f"{HOME}/{neighbour}/admit")).status_code == 303
    return neighbour, secret


async def issued(client: AsyncClient, neighbour: UUID, *, scopes: str, days: str = "90") -> Response:
    """Ask for a token of a neighbour as its system administrator."""
    form = {"name": "取数程序", "scopes": scopes, "days": days}
    return await send(client, f"{HOME}/{neighbour}/tokens", form)


async def token_of(client: AsyncClient, neighbour: UUID, scopes: str) -> str:
    """Return a new token as the page shows it once."""
    found = SECRET.search((await issued(client, neighbour, scopes=scopes)).text)
    assert found
    return found[1]


def bearer(token: str) -> dict[str, str]:
    """Return the headers of a program that calls with a token."""
    return {"authorization": f"Bearer {token}", "accept": "application/json"}


async def fetching(runtime: Runtime, kind: str = "credential.changed") -> UUID:
    """Let two administrators admit a neighbour that fetches what it is told of one kind; return its id.

    Its secret has been changed once, and this node has keys.
    """
    operator, approver = [
        Principal(account=(await session_of(runtime, role=role, region=PROVINCE))[0], grants=(Grant(role, PROVINCE),))
        for role in ("system_admin", "security_admin")
    ]
    kinds, at = [kind], runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        neighbour, _ = await register(
            session, operator, runtime, name="数据平台", region=PROVINCE, address="", form="json", kinds=kinds
        )
        await admit(session, approver, neighbour, at=at)
        await change_secret(session, operator, runtime, neighbour, role="system_admin")
        await create_keys(session, operator, runtime)
    return neighbour


async def held(runtime: Runtime, number: int) -> tuple[UUID, UUID]:
    """Return a credential and its holder."""
    person = await make_person(runtime, number=number)
    return await hold(runtime, person, OPERATOR, ends_in=300), person


async def turned(runtime: Runtime, credential: tuple[UUID, UUID], *turns: str) -> None:
    """Let it be heard that a credential was suspended or restored."""
    kinds: dict[str, type[CredentialSuspended | CredentialRestored]] = {
        "suspended": CredentialSuspended,
        "restored": CredentialRestored,
    }
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        for turn in turns:
            event: Event = kinds[turn](
                region=COUNTY, credential_id=credential[0], person_id=credential[1], qualification=OPERATOR
            )
            await publish(session, event, at=runtime.clock.now())


async def states(runtime: Runtime) -> list[tuple[str, int]]:
    """Return state and number of every message, in the order they were written."""
    async with runtime.databases.session(Scope(region="33")) as session:
        query = text("select state, sequence from records_exchange_message order by neighbour_id, position")
        return [tuple(row) for row in await session.execute(query)]
