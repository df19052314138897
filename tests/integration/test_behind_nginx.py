"""nginx before the web as the guide has it: nodes by mutual TLS, nobody by a header, bodies and pages as the product wants."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import UUID

import httpx
import msgspec
import pytest

from exam.app import compose_runtime
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.records.exchange.models import Neighbour
from exam.records.exchange.secrets import secrets_of
from exam.records.exchange.signing import headers_of
from exam.records.nodes.batches import make_batch
from exam.records.nodes.carrying import carry
from tests.builders.exchange import held, listening, turned
from tests.builders.grading import work_off
from tests.builders.identity import regions
from tests.builders.nodes import ROOT, Authority, Node, connect, regulator
from tests.builders.proxy import proxied
from tests.builders.sitting import COUNTY
from tests.builders.web import PAGE, application
from tests.services import Services

ARRIVED = "select number, state from records_node_arrival"


class Fronted(msgspec.Struct, frozen=True):
    """A county, and a city behind nginx, which people and other nodes reach at different ports."""

    county: Node
    city: Node
    plain: str
    people: str
    nodes: str
    upper: UUID

    def client(self, shown: Settings | None = None) -> httpx.AsyncClient:
        """Return a client that shows a node's certificate, or none."""
        context = ssl.create_default_context(cafile=str(self.city.runtime.settings.exchange_roots))
        if shown:
            context.load_cert_chain(shown.exchange_certificate, shown.exchange_key)
        return httpx.AsyncClient(verify=context, headers=PAGE, timeout=30)

    async def ask(self, base: str, shown: Settings | None = None) -> int:
        """Ask the city what it says, signed by the county's secret and with its certificate in the header that nginx owns."""
        county, body = self.county.runtime, b'{"after":0}'
        async with county.databases.session(ROOT) as session:
            upper = await session.get_one(Neighbour, self.upper)
        said = headers_of(secrets_of(county, upper).now, "answers", int(county.clock.now().timestamp()), body)
        said["Client-Cert"] = quote(self.county.certificate)
        async with self.client(shown) as client:
            answer = await client.post(f"{base}{urlsplit(upper.address).path}/answers", content=body, headers=said)
        return answer.status_code


@pytest.fixture
async def fronted(services: Services, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Fronted]:
    authority = Authority(tmp_path)
    async with AsyncExitStack() as stack:
        county, city = [
            compose_runtime(authority.issue(stack.enter_context(services.database()), name), clock=clock)
            for name in ("county", "city")
        ]
        for each in (county, city):
            stack.push_async_callback(each.close)
        settings = msgspec.structs.replace(
            city.settings, exchange_peer_header="Client-Cert", base_url="https://x.example"
        )
        object.__setattr__(city, "settings", settings)
        web = await stack.enter_async_context(listening(stack.enter_context(application(city))))
        plain, people, nodes = stack.enter_context(proxied(settings, tmp_path, urlsplit(web).port or 0))
        object.__setattr__(city, "settings", msgspec.structs.replace(settings, base_url=f"https://127.0.0.1:{nodes}"))
        await regions(county)
        upper = await connect(Node(county), Node(city), COUNTY)
        yield Fronted(
            county=Node(county),
            city=Node(city),
            plain=f"http://127.0.0.1:{plain}",
            people=f"https://127.0.0.1:{people}",
            nodes=f"https://127.0.0.1:{nodes}",
            upper=upper,
        )


async def test_nodes_come_in_by_their_certificate_and_people_by_tls(fronted: Fronted, tmp_path: Path) -> None:
    county, city = fronted.county.runtime, fronted.city
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other").issue(county.settings, "x")
    # the county's certificate is named in a header by who has another, one of strangers, or none
    assert await fronted.ask(fronted.people) == 401
    assert await fronted.ask(fronted.nodes) == 400
    assert await fronted.ask(fronted.nodes, stranger) == 400
    assert await fronted.ask(fronted.nodes, city.runtime.settings) == 401
    assert await fronted.ask(fronted.nodes, county.settings) == 200

    await turned(county, await held(county, 1), "suspended")
    await work_off(county)
    async with county.databases.transaction(ROOT) as session:
        await make_batch(session, county, regulator(COUNTY), fronted.upper)
    await carry(county, neighbour_id=str(fronted.upper))
    assert await city.rows(ARRIVED) == [(1, "arrived")]
    async with fronted.client(county.settings) as node:
        assert (await node.get(f"{fronted.nodes}/login")).status_code == 404
        parts = f"{fronted.nodes}/api/exchange/incoming/{fronted.upper}/parts"
        assert (await node.post(parts, content=bytes(2 * 1024 * 1024 + 1))).status_code == 413

    async with fronted.client() as browser:
        moved = await browser.get(f"{fronted.plain}/verify?a=b")
        assert (moved.status_code, moved.headers["location"]) == (301, "https://127.0.0.1/verify?a=b")
        for path in ("/verify", "/query", "/login", "/health/ready", "/static/web/shell.css"):
            page = await browser.get(f"{fronted.people}{path}")
            assert page.status_code == 200, path
            assert page.headers["strict-transport-security"] == "max-age=31536000"
        form = {"x-csrftoken": browser.cookies["csrftoken"], "content-type": "application/x-www-form-urlencoded"}
        # the product's own page says what is wrong up to 64 MiB, and nginx above it
        for size, by in ((13, "uvicorn"), (67, "nginx")):
            large = await browser.post(f"{fronted.people}/login", content=bytes(size * 1024 * 1024), headers=form)
            assert large.status_code == 413, by
            assert ("<center>nginx</center>" in large.text) is (by == "nginx")
