"""The record of an attempt: its timeline for whoever proctors, its video for whoever says why."""

import asyncio
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt
from exam.web.policy import allow
from exam.web.ranges import ranged
from exam.web.request import done
from proctor.evidence.recordings import (
    PLAYBACK_REASONS,
    has_playback,
    list_legal_holds,
    open_playback,
    place_legal_hold,
    read_segment,
    release_legal_hold,
)
from proctor.evidence.retention import deleted_at, kept_until
from proctor.evidence.schemas import Keeping, Opening
from proctor.evidence.timeline import LANE_WORDS, LANES, timeline_of
from proctor.media.remux import MEDIA_TYPES, seekable

REMEMBERED = 4
CLIP_MS = 10_000
"""Of the recording before an observation and after it: the clip that goes with it."""

OpeningForm = Annotated[Opening, Body(media_type=RequestEncodingType.URL_ENCODED)]
KeepingForm = Annotated[Keeping, Body(media_type=RequestEncodingType.URL_ENCODED)]


class RecordController(Controller):
    """What is kept of one attempt."""

    path = "/proctor"
    opt = allow("proctor", "regulator")

    @get("/attempts/{attempt_id:uuid}/record")
    async def record(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        attempt_id: FromPath[UUID],
    ) -> Template:
        now = runtime.clock.now()
        attempt = await get_attempt(session, attempt_id, now=now)
        entries = await timeline_of(session, runtime, attempt)
        context = {
            "attempt": attempt,
            "entries": entries,
            "lanes": [(lane, LANE_WORDS[lane]) for lane in LANES],
            "may_watch": await has_playback(session, principal, attempt_id, at=now),
            "reasons": PLAYBACK_REASONS,
            "kept_until": await kept_until(session, attempt.sitting_id),
            "deleted_at": await deleted_at(session, attempt.sitting_id),
            "holds": await list_legal_holds(session, attempt.sitting_id),
            "decides_holds": principal.has_role("regulator"),
            "clip_ms": CLIP_MS,
        }
        return Template("proctor/record.html", context=context)

    @post("/attempts/{attempt_id:uuid}/record/open")
    async def open(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        attempt_id: FromPath[UUID],
        data: OpeningForm,
    ) -> Redirect:
        now = runtime.clock.now()
        attempt = await get_attempt(session, attempt_id, now=now)
        await open_playback(session, principal, attempt, reason=data.reason, at=now)
        return Redirect(f"/proctor/attempts/{attempt_id}/record", status_code=303)

    @post("/attempts/{attempt_id:uuid}/record/hold", opt=allow("regulator"))
    async def hold(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        attempt_id: FromPath[UUID],
        data: KeepingForm,
    ) -> Redirect:
        now = runtime.clock.now()
        attempt = await get_attempt(session, attempt_id, now=now)
        await place_legal_hold(session, principal, attempt.sitting_id, attempt.region, reason=data.reason, at=now)
        return done(f"/proctor/attempts/{attempt_id}/record", "本场录像延期保存,解除以前不会删除")

    @post("/attempts/{attempt_id:uuid}/record/holds/{hold_id:uuid}/release", opt=allow("regulator"))
    async def release(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        attempt_id: FromPath[UUID],
        hold_id: FromPath[UUID],
        data: KeepingForm,  # noqa: ARG002  # carries the form's token alone
    ) -> Redirect:
        await release_legal_hold(session, principal, hold_id, at=runtime.clock.now())
        return done(f"/proctor/attempts/{attempt_id}/record", "已解除延期保存,录像按规定年限删除")

    @get("/recordings/{segment_id:uuid}")
    async def segment(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        segment_id: FromPath[UUID],
    ) -> Response[bytes]:
        opened = await read_segment(session, runtime, principal, segment_id)
        media = await asyncio.to_thread(_playable, opened.media, opened.head.codec)
        kind = MEDIA_TYPES[opened.head.codec]
        return ranged(media, request.headers.get("range", ""), kind)


@lru_cache(maxsize=REMEMBERED)
def _playable(media: bytes, codec: str) -> bytes:
    """Return the file with its index; a player asks for one file in several ranges."""
    return seekable(media, codec)
