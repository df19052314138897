"""Who is asking: the session cookie becomes the principal of the request."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from exam.core.db.scope import NOTHING
from exam.core.principal import ANONYMOUS, Principal
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE, find_session, touch_session

# the answer path knows its caller by the lease, and files know nobody
UNASKED = ("/api/attempts/", "/api/terminals", "/api/checkin", "/static/", "/health/")


def session_middleware(app: ASGIApp) -> ASGIApp:
    """Put the principal into the scope before the guard asks for it."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {ScopeType.HTTP, ScopeType.WEBSOCKET}:
            runtime: Runtime = scope["litestar_app"].state.runtime
            token = None if scope["path"].startswith(UNASKED) else cookie_of(scope, COOKIE)
            scope["user"] = await _principal(runtime, token) if token else ANONYMOUS
            scope["auth"] = token
        await app(scope, receive, send)

    return middleware


async def _principal(runtime: Runtime, token: str) -> Principal:
    at = runtime.clock.now()
    async with runtime.databases.transaction(NOTHING) as session:
        opened = await find_session(session, token, at=at, settings=runtime.settings)
        if opened is None:
            return ANONYMOUS
        if opened.stale:
            await touch_session(session, opened.token_digest, at=at)
        return opened.principal


def cookie_of(scope: Scope, name: str) -> str | None:
    """Return a cookie's value from the raw headers."""
    for header, value in scope["headers"]:
        if header == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, content = part.strip().partition("=")
                if key == name and content:
                    return content
    return None
