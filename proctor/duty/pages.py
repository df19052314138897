"""Pages of duty: the bar that says who answers for a room, the hand-over, and the colleague's answer."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError, NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.sitting.api import RoomView, get_room, get_sitting, list_rooms_of_proctor
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from proctor.duty.board import duties_of, duty_history
from proctor.duty.presence import mark_present
from proctor.duty.schemas import Declining, HandoverForm, Taking
from proctor.duty.service import (
    accept_handover,
    decline_handover,
    hand_over,
    list_colleagues,
    take_charge,
    withdraw_handover,
)
from proctor.duty.situation import SITUATION_WORDS, situation_of

PROCTOR = allow("proctor")
TakingBody = Annotated[Taking, Body(media_type=RequestEncodingType.URL_ENCODED)]
HandoverBody = Annotated[HandoverForm, Body(media_type=RequestEncodingType.URL_ENCODED)]
DecliningBody = Annotated[Declining, Body(media_type=RequestEncodingType.URL_ENCODED)]


async def duty_context(
    session: AsyncSession, runtime: Runtime, principal: Principal, sitting_id: UUID, room_id: UUID
) -> dict[str, Any]:
    """Return what the bar of a room shows, and note that its reader is at the desk."""
    await mark_present(runtime, principal)
    room = await get_room(session, room_id)
    if room.sitting_id != sitting_id:
        raise NotFoundError(room_id=str(room_id))
    duty = (await duties_of(session, runtime, [room]))[room_id]
    return {"room": room, "duty": duty, "me": principal.account, "situation_words": SITUATION_WORDS}


class DutyController(Controller):
    """One room: who answers for it, taking charge, handing over."""

    path = "/proctor/sittings/{sitting_id:uuid}/rooms/{room_id:uuid}"
    opt = PROCTOR

    @get("/duty")
    async def bar(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
    ) -> Template:
        context = await duty_context(session, runtime, principal, sitting_id, room_id)
        return Template("proctor/_duty.html", context=context)

    @post("/take")
    async def take(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
        data: TakingBody,
    ) -> Redirect:
        await mark_present(runtime, principal)
        await take_charge(session, runtime, principal, room_id, note=data.reason, at=runtime.clock.now())
        return done(f"/proctor/sittings/{sitting_id}/rooms/{room_id}", "本考场由您负责")

    @get("/handover")
    async def ask(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
    ) -> Template:
        context = await _handover_context(session, runtime, principal, sitting_id, room_id)
        return Template("proctor/handover.html", context={**context, "typed": HandoverForm(), "problem": None})

    @post("/handover")
    async def offer(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
        data: HandoverBody,
    ) -> Template | Redirect:
        own = await list_rooms_of_proctor(session, principal.account) if principal.account else []
        rooms = [room.id for room in own] if data.rooms == "all" else [room_id]
        now = runtime.clock.now()
        try:
            async with session.begin_nested():
                await hand_over(session, runtime, principal, rooms, to=data.colleague(), note=data.note, at=now)
        except DomainError as error:
            context = await _handover_context(session, runtime, principal, sitting_id, room_id)
            return form_again(request, error, "proctor/handover.html", {**context, "typed": data})
        told = "已提出移交,对方接班以前仍由您负责"
        return done(f"/proctor/sittings/{sitting_id}/rooms/{room_id}", told)


class HandoverController(Controller):
    """The answer to an offer: by the colleague, or by who made it."""

    path = "/proctor/handovers/{batch_id:uuid}"
    opt = PROCTOR

    @post("/accept")
    async def accept(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
        data: TakingBody,  # noqa: ARG002  # carries the form's token alone
    ) -> Redirect:
        await mark_present(runtime, principal)
        rooms = await accept_handover(session, principal, batch_id, at=runtime.clock.now())
        return done(_after(rooms), "您已接班,考场由您负责")

    @post("/decline")
    async def decline(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
        data: DecliningBody,
    ) -> Redirect:
        await decline_handover(session, principal, batch_id, reason=data.reason, at=runtime.clock.now())
        return done("/proctor", "已告知对方您不接班,考场仍由对方负责")

    @post("/withdraw")
    async def withdraw(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        batch_id: FromPath[UUID],
        data: TakingBody,  # noqa: ARG002  # carries the form's token alone
    ) -> Redirect:
        rooms = await withdraw_handover(session, principal, batch_id, at=runtime.clock.now())
        return done(_after(rooms), "已撤回移交,考场仍由您负责")


def _after(rooms: list[RoomView]) -> str:
    """Return where an answer leads: into the room, or to the desk where there were several."""
    [first, *others] = rooms
    return "/proctor" if others else f"/proctor/sittings/{first.sitting_id}/rooms/{first.id}"


async def _handover_context(
    session: AsyncSession, runtime: Runtime, principal: Principal, sitting_id: UUID, room_id: UUID
) -> dict[str, Any]:
    context = await duty_context(session, runtime, principal, sitting_id, room_id)
    own = await list_rooms_of_proctor(session, principal.account) if principal.account else []
    return context | {
        "sitting": await get_sitting(session, sitting_id),
        "own": own,
        "situation": await situation_of(session, runtime, room_id),
        "colleagues": list((await list_colleagues(session, principal, [context["room"].region])).items()),
        "history": await duty_history(session, room_id),
    }
