"""Routes of the shell itself: health, language and theme."""

from typing import Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.response import Redirect
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.web.i18n import COOKIE, LANGUAGES
from exam.web.policy import PUBLIC

YEAR_S = 365 * 24 * 3600


class Health(msgspec.Struct):
    """The answer of the health routes."""

    status: Literal["ok", "degraded", "down"]


class HealthController(Controller):
    """Liveness and readiness, for supervisors and balancers."""

    path = "/health"
    opt = PUBLIC

    @get("/live")
    async def live(self) -> Health:
        return Health("ok")

    @get("/ready")
    async def ready(self, state: State) -> Response[Health]:
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
    async def choose_language(self, request: Request[Any, Any, Any], code: str) -> Redirect:
        return _back(request, COOKIE, code if code in LANGUAGES else LANGUAGES[0])

    @post("/theme/{name:str}")
    async def choose_theme(self, request: Request[Any, Any, Any], name: str) -> Redirect:
        return _back(request, "theme", name if name in {"light", "dark", "contrast"} else "light")


def _back(request: Request[Any, Any, Any], cookie: str, value: str) -> Redirect:
    target = request.headers.get("referer", "/")
    own = str(request.base_url)
    response = Redirect(target.removeprefix(own.rstrip("/")) if target.startswith(own) else "/", status_code=303)
    response.set_cookie(cookie, value, max_age=YEAR_S, samesite="lax", path="/")
    return response
