"""The wall and its drawer, and what its script asks for."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt, list_messages, list_terminals
from exam.sitting.api import get_sitting
from exam.web.i18n import Catalogue
from exam.web.policy import allow
from proctor.analysis.health import STANDING_WORDS, standing
from proctor.analysis.stills import find_still
from proctor.cameras.service import cameras_of_room
from proctor.desk.reasons import CANNED_MESSAGES, REASONS, reason_words
from proctor.desk.schemas import Act
from proctor.desk.seats import list_seats
from proctor.desk.wall import Tile, wall_of
from proctor.duty.pages import duty_context
from proctor.duty.presence import mark_present
from proctor.incidents.cases import list_incidents
from proctor.incidents.observations import KIND_WORDS, list_observations, standing_camera_observations
from proctor.incidents.pages import STATE_WORDS
from proctor.incidents.taxonomy import taxonomy
from proctor.media.listening import listening_of, may_be_heard
from proctor.media.names import Track, camera_source, seat_source
from proctor.media.seats import WAIVER_REASONS, cameras_of, waive_camera

PAGE_SIZES = (12, 20, 30)
ActForm = Annotated[Act, Body(media_type=RequestEncodingType.URL_ENCODED)]


class WallController(Controller):
    """One room as a wall of live pictures."""

    path = "/proctor"
    opt = allow("proctor")

    @get("/sittings/{sitting_id:uuid}/rooms/{room_id:uuid}/wall")
    async def wall(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
    ) -> Template:
        context = await duty_context(session, runtime, principal, sitting_id, room_id)
        cameras = await cameras_of_room(session, context["room"])
        context |= {
            "sitting": await get_sitting(session, sitting_id),
            "cameras": [(camera_source(each.id), each.name) for each in cameras],
            "sizes": PAGE_SIZES,
            "reasons": REASONS,
            "canned": CANNED_MESSAGES,
            "translated": _translator(request),
        }
        return Template("proctor/wall.html", context=context)

    @get("/attempts/{attempt_id:uuid}/drawer")
    async def drawer(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        attempt_id: FromPath[UUID],
    ) -> Template:
        now = runtime.clock.now()
        attempt = await get_attempt(session, attempt_id, now=now)
        camera = (await cameras_of(session, [attempt_id]))[attempt_id]
        seats = await list_seats(session, runtime, attempt.sitting_id, attempt.room_id)
        context = {
            "attempt": attempt,
            "seats": [seat for seat in seats if seat.attempt and seat.attempt.id == attempt_id],
            "spare": await list_terminals(session, attempt.room_id),
            "messages": await list_messages(session, attempt_id),
            "reason_words": reason_words,
            "camera": camera,
            "may_be_heard": may_be_heard(camera),
            "listening": await listening_of(session, attempt, principal.account, at=now),
            "tile": seat_source(attempt_id, Track.TILE),
            "full": seat_source(attempt_id, Track.FULL),
            "screen": seat_source(attempt_id, Track.SCREEN),
            "sound": seat_source(attempt_id, Track.SOUND),
            "reasons": REASONS,
            "waiver_reasons": WAIVER_REASONS,
            "canned": CANNED_MESSAGES,
            "categories": [(each.code, each.title) for each in taxonomy().values()],
            "observations": await list_observations(session, attempt_id),
            "kinds": KIND_WORDS,
            "incidents": await list_incidents(session, attempt_id=attempt_id),
            "incident_states": STATE_WORDS,
            "translated": _translator(request),
        }
        return Template("proctor/_drawer.html", context=context)

    @post("/attempts/{attempt_id:uuid}/waive-camera")
    async def waive(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        attempt_id: FromPath[UUID],
        data: ActForm,
    ) -> Redirect:
        now = runtime.clock.now()
        attempt = await get_attempt(session, attempt_id, now=now)
        await waive_camera(session, principal, attempt, reason=data.reason, note=data.note, at=now)
        return Redirect(f"/proctor/sittings/{attempt.sitting_id}/rooms/{attempt.room_id}/wall", status_code=303)


class AnalysisState(msgspec.Struct, frozen=True):
    """Whether machines look at the pictures too; `word` is empty while they do."""

    state: str
    word: str


class CameraTrouble(msgspec.Struct, frozen=True):
    """What machines see of one of a room's cameras now."""

    source: str
    word: str


class ListeningTold(msgspec.Struct, frozen=True):
    """How the listening stands that this account asked for last, as the page says it; empty before the first."""

    standing: bool = False
    word: str = ""
    silent: bool = False


class WallApiController(Controller):
    """What the wall's script asks: the tiles every two seconds, analysis now and then."""

    path = "/api/proctor"
    opt = allow("proctor")

    @get("/sittings/{sitting_id:uuid}/rooms/{room_id:uuid}/wall")
    async def tiles(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
    ) -> list[Tile]:
        catalogue: Catalogue = request.app.state.catalogue
        await mark_present(runtime, principal)
        tiles = await wall_of(session, runtime, sitting_id, room_id)
        return [
            msgspec.structs.replace(
                tile,
                state_word=catalogue.gettext(tile.state_word),
                camera_word=catalogue.gettext(tile.camera_word),
                attention_word=catalogue.gettext(tile.attention_word),
            )
            for tile in tiles
        ]

    @get("/rooms/{room_id:uuid}/cameras")
    async def cameras(
        self, request: Request[Any, Any, Any], session: NamedDependency[AsyncSession], room_id: FromPath[UUID]
    ) -> list[CameraTrouble]:
        catalogue: Catalogue = request.app.state.catalogue
        standing_now = await standing_camera_observations(session, room_id)
        return [
            CameraTrouble(camera_source(camera_id), catalogue.gettext(KIND_WORDS[kind]))
            for camera_id, kind in standing_now.items()
        ]

    @get("/attempts/{attempt_id:uuid}/still")
    async def still(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        attempt_id: FromPath[UUID],
    ) -> Response[bytes]:
        await get_attempt(session, attempt_id, now=runtime.clock.now())  # of the scope, or not found
        found = await find_still(runtime.valkey, attempt_id)
        headers = {"Cache-Control": "private, no-store"}
        return Response(found or b"", status_code=200 if found else 204, media_type="image/jpeg", headers=headers)

    @get("/attempts/{attempt_id:uuid}/listening")
    async def listening(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        attempt_id: FromPath[UUID],
    ) -> ListeningTold:
        now = runtime.clock.now()
        attempt = await get_attempt(session, attempt_id, now=now)
        state = await listening_of(session, attempt, principal.account, at=now)
        if state is None:
            return ListeningTold()
        catalogue: Catalogue = request.app.state.catalogue
        return ListeningTold(standing=state.standing, word=catalogue.gettext(state.word), silent=state.silent)

    @get("/analysis")
    async def analysis(self, request: Request[Any, Any, Any], runtime: NamedDependency[Runtime]) -> AnalysisState:
        state = await standing(runtime.valkey)
        catalogue: Catalogue = request.app.state.catalogue
        return AnalysisState(state.value, catalogue.gettext(STANDING_WORDS[state]) if STANDING_WORDS[state] else "")


def _translator(request: Request[Any, Any, Any]) -> Any:
    catalogue: Catalogue = request.app.state.catalogue
    return lambda pairs: [(code, catalogue.gettext(words)) for code, words in pairs]
