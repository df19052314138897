"""Raw routes: the few that must be cheaper than the framework, served in front of it, with their policy declared."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from exam.web.policy import Policy

RawHandler = Callable[[str, Scope, Receive, Send], Awaitable[None]]
"""Called with the part of the path between prefix and suffix."""


@dataclass(frozen=True, kw_only=True)
class RawRoute:
    """One route outside the framework: `POST <prefix><one segment><suffix>`, or everything below a prefix.

    Its handler owns everything: authorisation, decoding, errors. `policy` stands in the policy table like any other.
    """

    method: str
    prefix: str
    suffix: str
    policy: Policy
    make: Callable[[Litestar], RawHandler]

    @property
    def path(self) -> str:
        """The path as the policy table shows it."""
        return f"{self.prefix}{{id}}{self.suffix}"


async def read_body(receive: Receive, *, most: int, too_large: Callable[[], Exception]) -> bytes:
    """Read the whole body of a raw route, but no further than `most` bytes: then raise what `too_large` makes."""
    message: Any = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= most:
        message = await receive()
        body += message.get("body", b"")
    if len(body) > most:
        raise too_large()
    return body


class FrontDoor:
    """Takes the requests of one raw route and passes all others on.

    The route's handler is made at the first request, when the application's lifespan has filled its state.
    """

    def __init__(self, route: RawRoute) -> None:
        self._route = route
        self._handlers: list[RawHandler] = []

    @asynccontextmanager
    async def open(self, _app: Litestar) -> AsyncIterator[None]:
        """Keep the handler for one lifespan of the application."""
        yield
        self._handlers.clear()

    def before(self, inner: ASGIApp) -> ASGIApp:
        """Return an application that asks here first."""
        route, handlers = self._route, self._handlers
        method, prefix, suffix = route.method, route.prefix, route.suffix

        async def door(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.HTTP and scope["method"] == method:
                path = scope["path"]
                if path.startswith(prefix) and path.endswith(suffix):
                    if not handlers:
                        handlers.append(route.make(scope["litestar_app"]))
                    await handlers[0](path[len(prefix) : len(path) - len(suffix)], scope, receive, send)
                    return
            await inner(scope, receive, send)

        return door
