"""Routes of video in the web process: offers and answers, and what the node tells a terminal."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.valkey import require_allowance
from exam.delivery.api import AttemptState, AttemptView, Lease, get_attempt, require_lease, require_seat
from exam.web.i18n import Catalogue
from exam.web.policy import BY_KEY, allow
from proctor.analysis.terminal import note_conduct
from proctor.desk.reasons import reason_words
from proctor.media.commands import CommandBus
from proctor.media.errors import NotInExamError, OriginError, ProbeTooLargeError
from proctor.media.listening import asked_of, end_all, note_microphone
from proctor.media.schemas import (
    Answered,
    CameraCheck,
    Conduct,
    ConsentFacts,
    Heard,
    Microphone,
    Probed,
    Publish,
    Watch,
)
from proctor.media.seats import check_of, record_consent
from proctor.media.signalling import Exchange

OFFERS_PER_MINUTE = 30
WATCHES_PER_MINUTE = 120
PROBES_PER_MINUTE = 10
REPORTS_PER_MINUTE = 60
PROBE_BYTES = 256 * 1024


class TerminalMediaController(Controller):
    """A terminal sends video while it holds the lease of its attempt; what is told and tried before is open to who waits."""

    path = "/api/media/attempts/{attempt_id:uuid}"
    opt = BY_KEY

    @post("/publish", status_code=200)
    async def publish(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
        data: JSONBody[Publish],
    ) -> Answered:
        require_own_origin(request)
        lease = require_lease(request.scope, runtime, attempt_id)
        await require_allowance(runtime.valkey, f"publish:{attempt_id}", limit=OFFERS_PER_MINUTE, window_s=60)
        exchange: Exchange = request.app.state.media_exchange
        return await exchange.publish(lease, data)

    @get("/check")
    async def check(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
    ) -> CameraCheck:
        require_own_origin(request)
        require_seat(request.scope, runtime, attempt_id)
        catalogue: Catalogue = request.app.state.catalogue
        async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
            attempt = await get_attempt(session, attempt_id, now=runtime.clock.now())
            return await check_of(session, attempt, catalogue.gettext)

    @post("/consent", status_code=204)
    async def consent(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
        data: JSONBody[ConsentFacts],
    ) -> None:
        require_own_origin(request)
        lease = require_seat(request.scope, runtime, attempt_id)
        await require_allowance(runtime.valkey, f"consent:{attempt_id}", limit=OFFERS_PER_MINUTE, window_s=60)
        now = runtime.clock.now()
        async with _held(runtime, lease, now) as (session, attempt):
            await record_consent(session, attempt, data, at=now)
            if not data.agreed:
                await end_all(session, attempt, "withdrawn", at=now)

    @post("/conduct", status_code=204)
    async def conduct(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
        data: JSONBody[Conduct],
    ) -> None:
        require_own_origin(request)
        lease = require_lease(request.scope, runtime, attempt_id)
        await require_allowance(runtime.valkey, f"conduct:{attempt_id}", limit=REPORTS_PER_MINUTE, window_s=60)
        now = runtime.clock.now()
        async with _held(runtime, lease, now) as (session, attempt):
            if attempt.state != AttemptState.IN_PROGRESS:
                raise NotInExamError
            await note_conduct(session, attempt, data, at=now)

    @post("/probe", status_code=200)
    async def probe(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
    ) -> Probed:
        require_own_origin(request)
        require_seat(request.scope, runtime, attempt_id)
        await require_allowance(runtime.valkey, f"probe:{attempt_id}", limit=PROBES_PER_MINUTE, window_s=60)
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > PROBE_BYTES:
                raise ProbeTooLargeError
        return Probed(size, int(runtime.clock.now().timestamp() * 1000))

    @get("/listening")
    async def listening(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
    ) -> Heard:
        require_own_origin(request)
        lease = require_lease(request.scope, runtime, attempt_id)
        catalogue: Catalogue = request.app.state.catalogue
        now = runtime.clock.now()
        async with _held(runtime, lease, now) as (session, attempt):
            asked = await asked_of(session, attempt, at=now)
        left_s = (asked.until_at - now).total_seconds() if asked.until_at else 0.0
        return Heard(asked.ids, catalogue.gettext(reason_words("listened", asked.reason)) if asked.ids else "", left_s)

    @post("/microphone", status_code=204)
    async def microphone(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
        data: JSONBody[Microphone],
    ) -> None:
        require_own_origin(request)
        lease = require_lease(request.scope, runtime, attempt_id)
        await require_allowance(runtime.valkey, f"microphone:{attempt_id}", limit=REPORTS_PER_MINUTE, window_s=60)
        now = runtime.clock.now()
        async with _held(runtime, lease, now) as (session, attempt):
            await note_microphone(session, attempt, data.ids, data.state, at=now)

    @get("/commands")
    async def commands(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
    ) -> Stream:
        require_own_origin(request)
        require_lease(request.scope, runtime, attempt_id)
        bus: CommandBus = request.app.state.media_commands
        lines: AsyncGenerator[str] = bus.stream(attempt_id)
        return Stream(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})


@asynccontextmanager
async def _held(runtime: Runtime, lease: Lease, now: datetime) -> AsyncGenerator[tuple[AsyncSession, AttemptView]]:
    """Open a transaction on the attempt of a lease; raises NotInExamError where another terminal holds it by now."""
    # the verified lease is the scope: the attempt's own region is read from it
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        attempt = await get_attempt(session, lease.attempt_id, now=now)
        if attempt.epoch != lease.epoch:
            raise NotInExamError
        yield session, attempt


class WallMediaController(Controller):
    """A proctor's page watches pictures of a room."""

    path = "/api/proctor/rooms/{room_id:uuid}"
    opt = allow("proctor")

    @post("/watch", status_code=200)
    async def watch(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        room_id: FromPath[UUID],
        data: JSONBody[Watch],
    ) -> Answered:
        require_own_origin(request)
        await require_allowance(runtime.valkey, f"watch:{principal.account}", limit=WATCHES_PER_MINUTE, window_s=60)
        exchange: Exchange = request.app.state.media_exchange
        return await exchange.watch(session, principal, room_id, data)


def require_own_origin(request: "Request[Any, Any, Any]") -> None:
    """Refuse a browser's call from a page of another origin; a program sends no origin and has its key."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise OriginError


HANDLERS = (TerminalMediaController, WallMediaController)
