"""Routes of the shell itself: health, language and theme."""

from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Redirect
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.web.i18n import COOKIE, LANGUAGES
from exam.web.policy import PUBLIC
from exam.web.request import THEME_COOKIE, THEMES

YEAR_S = 365 * 24 * 3600


class Health(msgspec.Struct):
    """The answer of the health routes."""

    status: Literal["ok", "degraded", "down"]


class HealthController(Controller):
    """Liveness and readiness, for supervisors and balancers."""

    path = "/health"
    opt = PUBLIC
    tags = ("health",)
    include_in_schema = True

    @get("/live")
    async def live(self) -> Health:
        """Say that this process answers."""
        return Health("ok")

    @get("/ready")
    async def ready(self, state: State) -> Response[Health]:
        """Say whether pages can be served: degraded without the cache, 503 without the database."""
        runtime: Runtime = state.runtime
        try:
            async with runtime.databases.session(NOTHING) as session:
                await session.execute(text("select 1"))
        except (SQLAlchemyError, OSError):
            return Response(Health("down"), status_code=503)
        try:
            await runtime.valkey.ping()
        except (RedisError, OSError):
            return Response(Health("degraded"))
        return Response(Health("ok"))


class PreferenceController(Controller):
    """What a person chooses for the eye: kept in a cookie, for it concerns this browser only."""

    opt = PUBLIC

    @post("/language/{code:str}")
    async def choose_language(self, request: Request[Any, Any, Any], code: FromPath[str]) -> Redirect:
        return _back(request, COOKIE, code if code in LANGUAGES else LANGUAGES[0])

    @post("/theme/{name:str}")
    async def choose_theme(self, request: Request[Any, Any, Any], name: FromPath[str]) -> Redirect:
        return _back(request, THEME_COOKIE, name if name in THEMES else "")


def _back(request: Request[Any, Any, Any], cookie: str, value: str) -> Redirect:
    response = Redirect(_path_of(request.headers.get("referer", "")), status_code=303)
    # an empty value ends the cookie: the device decides again
    response.set_cookie(cookie, value, max_age=YEAR_S if value else 0, samesite="lax", path="/")
    return response


def _path_of(referer: str) -> str:
    """Return path and query of the page left, never its host: a front server may have rewritten it."""
    parts = urlsplit(referer)
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else "/"
    return f"{path}?{parts.query}" if parts.query else path
