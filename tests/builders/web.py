"""A client of the whole application in the test's own event loop."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from exam.app import create_app
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.web.shell import bind_runtime

BASE = "http://testserver.local"
PAGE = {"accept": "text/html"}


_idle: dict[tuple[bytes, bool], list[Litestar]] = defaultdict(list)


@contextmanager
def application(runtime: Runtime) -> Iterator[Litestar]:
    """Lend the whole application over a runtime; building one takes longer than most tests, so they are used again."""
    idle = _idle[runtime.secrets.cookie, runtime.settings.base_url.startswith("https:")]
    app = idle.pop() if idle else create_app(runtime)
    bind_runtime(app, runtime)
    try:
        yield app
    finally:
        idle.append(app)


@asynccontextmanager
async def serving_within(runtime: Runtime) -> AsyncIterator[Litestar]:
    """Run the application's lifespan in the test's own event loop."""
    with application(runtime) as app:
        async with app.lifespan():
            yield app


@asynccontextmanager
async def browsing(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    """Open a client that takes pages and has a CSRF cookie, as a browser does after its first page."""
    async with (
        serving_within(runtime) as app,
        AsyncClient(transport=ASGITransport(cast("Any", app)), base_url=BASE, headers=PAGE) as client,
    ):
        await client.get("/login")
        yield client


def wear(client: AsyncClient, cookie: Mapping[str, str]) -> AsyncClient:
    """Let the client carry another session."""
    client.cookies.delete(COOKIE) if COOKIE in client.cookies else None
    client.cookies.update(dict(cookie))
    return client


async def send(client: AsyncClient, path: str, data: Mapping[str, str | list[str]] | None = None) -> Response:
    """Post a form of one of our own pages."""
    return await client.post(path, data={"_csrf_token": client.cookies["csrftoken"], **(data or {})})
