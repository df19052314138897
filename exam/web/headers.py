"""Security headers of every answer, and the language of every request."""

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from exam.core.errors import ForbiddenError
from exam.web.i18n import COOKIE, choose_language
from exam.web.request import FLASH_COOKIE

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self';"
    " font-src 'self'; media-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
}
STATIC = "/static/"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITE = frozenset({b"", b"same-origin", b"none"})


class CrossSiteError(ForbiddenError):
    """Another site's page tries to act in the visitor's name."""

    code = "cross_site"
    message = "这个请求来自别的网站,没有执行。请从本系统的页面操作。"


def same_site_only(app: ASGIApp) -> ASGIApp:
    """Refuse acts that the browser says come from another site (Fetch Metadata); CSRF tokens stand behind it."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] not in SAFE_METHODS:
            site = next((value for name, value in scope["headers"] if name == b"sec-fetch-site"), b"")
            if site not in OWN_SITE:
                raise CrossSiteError
        await app(scope, receive, send)

    return middleware


def apart(host: str, app: ASGIApp) -> ASGIApp:
    """Let a host serve static files and nothing else of the framework: strangers' scripts live there, and nobody may log in."""

    async def layer(scope: Scope, receive: Receive, send: Send) -> None:
        named = host and (b"host", host.encode()) in scope.get("headers", ())
        if named and not scope["path"].startswith(STATIC):
            if scope["type"] == ScopeType.HTTP:
                await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await app(scope, receive, send)

    return layer


def shell_middleware(app: ASGIApp) -> ASGIApp:
    """Add the security headers and choose the language; HTTPS itself is the front server's part."""

    async def middleware(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        cookies = headers.get(b"cookie", b"").decode("latin-1")
        choose_language(_cookie(cookies, COOKIE), headers.get(b"accept-language", b"").decode("latin-1"))
        caching = _caching(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                out = MutableScopeHeaders.from_message(message)
                for name, value in HEADERS.items():
                    out.setdefault(name, value)
                out.setdefault("Cache-Control", caching)
                if _cookie(cookies, FLASH_COOKIE) and out.get("content-type", "").startswith("text/html"):
                    out.add("set-cookie", f"{FLASH_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=lax")
            await send(message)

        await app(scope, receive, send_with_headers)

    return middleware


def _caching(scope: HTTPScope) -> str:
    if not scope["path"].startswith(STATIC):
        return "no-store"
    # an address with a digest never changes its content
    return "public, max-age=31536000, immutable" if scope["query_string"].startswith(b"v=") else "public, max-age=3600"


def _cookie(cookies: str, wanted: str) -> str | None:
    for part in cookies.split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return None
