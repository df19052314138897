"""The centre's page of its rooms: when a picture is worth a proctor's look, and what candidates are asked for."""

from typing import Annotated, Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.sitting.api import SittingState, list_rooms, list_sittings
from exam.web.i18n import Catalogue
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from proctor.analysis.thresholds import KINDS, thresholds
from proctor.cameras.service import list_cameras
from proctor.incidents.observations import KIND_WORDS
from proctor.rooms.schemas import RoomRuleForm, form_of
from proctor.rooms.service import SECONDS, UNOBSERVED, RoomRules, list_room_rules, set_room_rules

FormBody = Annotated[RoomRuleForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
SITTINGS = 50


class RoomRuleController(Controller):
    """Rooms of the account's centre."""

    path = "/proctor/rooms"
    opt = allow("centre")

    @get("/")
    async def rooms(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        room: FromQuery[str] = "",
    ) -> Template:
        context = await _context(request, session, principal)
        typed = form_of(room, context["own"].get(room, RoomRules()))
        return Template("proctor/rooms.html", context={**context, "typed": typed, "problem": None})

    @post("/")
    async def change(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        data: FormBody,
    ) -> Template | Redirect:
        try:
            await set_room_rules(session, principal, data.room, data.rules(), at=runtime.clock.now())
        except DomainError as error:
            context = {**await _context(request, session, principal), "typed": data}
            return form_again(request, error, "proctor/rooms.html", context)
        return done("/proctor/rooms", "考场监考设置已保存,正在进行的考试几秒钟内生效")


async def _context(request: Request[Any, Any, Any], session: AsyncSession, principal: Principal) -> dict[str, Any]:
    """Return the centre's rooms, those with rules of their own first, and the choices for each kind."""
    own = {each.room: each for each in await list_room_rules(session) if each.centre_id == principal.organisation}
    named = {each.room for each in await list_cameras(session) if each.centre_id == principal.organisation}
    for sitting in await list_sittings(session, state=SittingState.OPEN, limit=SITTINGS, offset=0):
        if sitting.centre_id == principal.organisation:
            named |= {room.name for room in await list_rooms(session, sitting.id)}
    return {
        "own": own,
        "rooms": [*sorted(own), *sorted(named - own.keys())],
        "kinds": [(kind, KIND_WORDS[kind], _choices(request, kind)) for kind in KINDS],
        "words": KIND_WORDS,
    }


def _choices(request: Request[Any, Any, Any], kind: str) -> list[tuple[str, str]]:
    catalogue: Catalogue = request.app.state.catalogue
    usual = catalogue.gettext("标准({s} 秒)").format(s=round(thresholds().rules[kind].after_s))
    seconds = catalogue.gettext("{s} 秒")
    return [
        ("", usual),
        *((str(each), seconds.format(s=each)) for each in SECONDS),
        (str(UNOBSERVED), catalogue.gettext("不观察")),
    ]
