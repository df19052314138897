"""Who is asking: the session cookie becomes the principal of the request."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from exam.core.db.scope import NOTHING
from exam.core.principal import ANONYMOUS
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE, OpenedSession, find_session, touch_session
from exam.web.request import LOGIN_ENDS_AT

# the answer path knows its caller by the lease, and files know nobody
UNASKED = ("/api/attempts/", "/api/terminals", "/api/checkin", "/static/", "/health/")


def session_middleware(app: ASGIApp) -> ASGIApp:
    """Put the principal into the scope before the guard asks for it."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {ScopeType.HTTP, ScopeType.WEBSOCKET}:
            runtime: Runtime = scope["litestar_app"].state.runtime
            token = None if scope["path"].startswith(UNASKED) else cookie_of(scope, COOKIE)
            opened = await _opened(runtime, token) if token else None
            scope["user"] = opened.principal if opened else ANONYMOUS
            scope.setdefault("state", {})[LOGIN_ENDS_AT] = opened.expires_at if opened else None
            scope["auth"] = token
        await app(scope, receive, send)

    return middleware


async def _opened(runtime: Runtime, token: str) -> OpenedSession | None:
    at = runtime.clock.now()
    async with runtime.databases.transaction(NOTHING) as session:
        opened = await find_session(session, token, at=at, settings=runtime.settings)
        if opened is not None and opened.stale:
            await touch_session(session, opened.token_digest, at=at)
        return opened


def cookie_of(scope: Scope, name: str) -> str | None:
    """Return a cookie's value from the raw headers."""
    for header, value in scope["headers"]:
        if header == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, content = part.strip().partition("=")
                if key == name and content:
                    return content
    return None
