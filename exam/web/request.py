"""What every template may ask of the request: theme, CSRF value, and the word that an act has been done."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, unquote

from litestar import Request
from litestar.response import Redirect
from litestar.utils.empty import value_or_default
from litestar.utils.scope.state import ScopeState

from exam.core.runtime import Runtime

THEME_COOKIE: Final = "theme"
THEMES: Final = ("light", "dark", "contrast")
FLASH_COOKIE: Final = "done"
CSRF_COOKIE: Final = "csrftoken"
LOGIN_ENDS_AT: Final = "login_ends_at"
"""Where the session's last instant stands in the request's state; None for nobody."""

AnyRequest = Request[Any, Any, Any]


def address_of(request: AnyRequest) -> str:
    """Return the address that a request comes from; the server trusts its own front server alone."""
    return request.client.host if request.client else "unknown"


def theme(request: AnyRequest) -> str:
    """Return the chosen theme, or an empty text where the device decides."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def csrf_value(request: AnyRequest) -> str:
    """Return the token that forms send back; pages of unknown addresses never passed the CSRF check and read the cookie."""
    fresh = value_or_default(ScopeState.from_scope(request.scope).csrf_token, "")
    return fresh or request.cookies.get(CSRF_COOKIE, "")


def login_left_s(request: AnyRequest) -> int:
    """Return for how many seconds the session can last at most; 0 for nobody."""
    ends_at: datetime | None = request.scope.get("state", {}).get(LOGIN_ENDS_AT)
    runtime: Runtime = request.app.state.runtime
    return max(0, int((ends_at - runtime.clock.now()).total_seconds())) if ends_at else 0


def flash(request: AnyRequest) -> str:
    """Return the Chinese msgid that the last act left for this page, or an empty text; shell headers forget it."""
    return unquote(request.cookies.get(FLASH_COOKIE, ""))


def done(path: str, message: str = "") -> Redirect:
    """Answer an act with Post/Redirect/Get; `message` is a Chinese msgid shown once on the next page."""
    response = Redirect(path, status_code=303)
    if message:
        response.set_cookie(FLASH_COOKIE, quote(message), max_age=60, httponly=True, samesite="lax", path="/")
    return response
