"""A client of the whole application in the test's own event loop."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from httpx import ASGITransport, AsyncClient, Response

from exam.app import create_app
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE

BASE = "http://testserver.local"
PAGE = {"accept": "text/html"}


@asynccontextmanager
async def browsing(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    """Open a client that takes pages and has a CSRF cookie, as a browser does after its first page."""
    app = create_app(runtime)
    async with (
        app.lifespan(),
        AsyncClient(transport=ASGITransport(cast("Any", app)), base_url=BASE, headers=PAGE) as client,
    ):
        await client.get("/login")
        yield client


def wear(client: AsyncClient, cookie: Mapping[str, str]) -> AsyncClient:
    """Let the client carry another session."""
    client.cookies.delete(COOKIE) if COOKIE in client.cookies else None
    client.cookies.update(dict(cookie))
    return client


async def send(client: AsyncClient, path: str, data: Mapping[str, str] | None = None) -> Response:
    """Post a form of one of our own pages."""
    return await client.post(path, data={"_csrf_token": client.cookies["csrftoken"], **(data or {})})
