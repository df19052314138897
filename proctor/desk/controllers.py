"""The proctor's pages, and the same acts as JSON for programs."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, JSONBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError, NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import bind_terminal, get_attempt, list_terminals
from exam.sitting.api import SittingState, get_sitting, list_rooms, list_sittings
from exam.web.i18n import Catalogue
from exam.web.policy import allow
from exam.web.problem import problem_of
from exam.web.request import done
from proctor.desk.acts import ATTEMPT_ACTS, act_on_room
from proctor.desk.reasons import ATTEMPT_DONE, CANNED_MESSAGES, REASONS, ROOM_DONE
from proctor.desk.schemas import Act, Binding, Bound, Done, SeatState
from proctor.desk.seats import list_seats
from proctor.duty.board import Offer, duties_of, list_offers_to
from proctor.duty.pages import duty_context
from proctor.duty.presence import mark_present
from proctor.duty.situation import SITUATION_WORDS

PROCTOR = allow("proctor")
ROOM_ACTS = ("pause", "resume", "extend", "message")
ActForm = Annotated[Act, Body(media_type=RequestEncodingType.URL_ENCODED)]
BindingForm = Annotated[Binding, Body(media_type=RequestEncodingType.URL_ENCODED)]


class DeskController(Controller):
    """Pages: the sittings of the region, and one room."""

    path = "/proctor"
    opt = PROCTOR

    @get("/")
    async def sittings(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
    ) -> Template:
        await mark_present(runtime, principal)
        name = "proctor/_sittings.html" if request.headers.get("hx-request") else "proctor/sittings.html"
        return Template(name, context=await _desk_context(session, runtime, principal))

    @get("/sittings/{sitting_id:uuid}/rooms/{room_id:uuid}")
    async def room(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
    ) -> Template:
        name = "proctor/_room.html" if request.headers.get("hx-request") else "proctor/room.html"
        # after one terminal the next: its code is typed where the last one was
        binding = "binding" in request.query_params
        catalogue = request.app.state.catalogue
        context = await _room_context(session, runtime, catalogue, sitting_id, room_id, binding=binding)
        context |= await duty_context(session, runtime, principal, sitting_id, room_id)
        return Template(name, context=context)

    @post("/sittings/{sitting_id:uuid}/rooms/{room_id:uuid}/bind")
    async def bind(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
        data: BindingForm,
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                await _bind(session, runtime, principal, sitting_id, room_id, data)
        except DomainError as error:
            context = await _room_context(session, runtime, request.app.state.catalogue, sitting_id, room_id)
            problem = problem_of(error, request.app.state.catalogue)
            context |= await duty_context(session, runtime, principal, sitting_id, room_id)
            context |= {"problem": problem, "typed": data}
            return Template("proctor/room.html", context=context, status_code=problem.status)
        told = _told(request, ATTEMPT_DONE["bind"], seat=data.seat.strip())
        return done(f"{_room_path(sitting_id, room_id)}?binding=1#bind", told)

    @post("/sittings/{sitting_id:uuid}/rooms/{room_id:uuid}/{name:str}")
    async def act_on_room(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
        name: FromPath[str],
        data: ActForm,
    ) -> Redirect:
        if name not in ROOM_ACTS:
            raise NotFoundError(act=name)
        count = await act_on_room(session, runtime, principal, room_id, name, data)
        return done(_room_path(sitting_id, room_id), _told(request, ROOM_DONE[name], n=count, minutes=data.minutes))

    @post("/attempts/{attempt_id:uuid}/{name:str}")
    async def act_on_attempt(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        attempt_id: FromPath[UUID],
        name: FromPath[str],
        data: ActForm,
    ) -> Redirect:
        await _act(session, runtime, principal, attempt_id, name, data)
        attempt = await get_attempt(session, attempt_id, now=runtime.clock.now())
        told = _told(request, ATTEMPT_DONE[name], seat=attempt.seat, minutes=data.minutes)
        return done(_room_path(attempt.sitting_id, attempt.room_id), told)


class DeskApiController(Controller):
    """The same for programs."""

    path = "/api/proctor"
    opt = PROCTOR

    @get("/sittings/{sitting_id:uuid}/rooms/{room_id:uuid}")
    async def room(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
    ) -> list[SeatState]:
        return [
            SeatState(
                registration_id=seat.registration.id,
                seat=seat.registration.seat,
                attempt_id=seat.attempt.id if seat.attempt else None,
                state=seat.attempt.state if seat.attempt else "absent",
                answered=seat.attempt.answered if seat.attempt else 0,
                remaining_ms=seat.attempt.remaining_ms if seat.attempt else None,
                hand_raised=bool(seat.attempt and seat.attempt.hand_raised_at),
            )
            for seat in await list_seats(session, runtime, sitting_id, room_id)
        ]

    @post("/sittings/{sitting_id:uuid}/rooms/{room_id:uuid}/bind", status_code=200)
    async def bind(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
        data: JSONBody[Binding],
    ) -> Bound:
        return Bound(await _bind(session, runtime, principal, sitting_id, room_id, data))

    @post("/rooms/{room_id:uuid}/{name:str}", status_code=200)
    async def act_on_room(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        room_id: FromPath[UUID],
        name: FromPath[str],
        data: JSONBody[Act],
    ) -> Done:
        if name not in ROOM_ACTS:
            raise NotFoundError(act=name)
        return Done(await act_on_room(session, runtime, principal, room_id, name, data))

    @post("/attempts/{attempt_id:uuid}/{name:str}", status_code=200)
    async def act_on_attempt(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        attempt_id: FromPath[UUID],
        name: FromPath[str],
        data: JSONBody[Act],
    ) -> Done:
        await _act(session, runtime, principal, attempt_id, name, data)
        return Done(1)


async def _bind(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    sitting_id: UUID,
    room_id: UUID,
    data: Binding,
) -> UUID:
    return await bind_terminal(
        session,
        principal,
        code=data.code,
        room_id=room_id,
        sitting_id=sitting_id,
        seat=data.seat.strip(),
        at=runtime.clock.now(),
    )


async def _act(
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    attempt_id: UUID,
    name: str,
    act: Act,
) -> None:
    perform = ATTEMPT_ACTS.get(name)
    if perform is None:
        raise NotFoundError(act=name)
    await perform(session, runtime, principal, attempt_id, act)


async def _desk_context(session: AsyncSession, runtime: Runtime, principal: Principal) -> dict[str, Any]:
    """Return the open sittings with their rooms, those that nobody answers for first, and what waits for an answer."""
    sittings = await list_sittings(session, state=SittingState.OPEN, limit=50, offset=0)
    rooms = {sitting.id: await list_rooms(session, sitting.id) for sitting in sittings}
    duties = await duties_of(session, runtime, [room for each in rooms.values() for room in each])
    rows = [(each, sorted(rooms[each.id], key=lambda room: duties[room.id].attended)) for each in sittings]
    rows.sort(key=lambda row: all(duties[room.id].attended for room in row[1]))
    offers: dict[UUID, list[Offer]] = {}
    for offer in await list_offers_to(session, principal.account):
        offers.setdefault(offer.batch_id, []).append(offer)
    return {
        "rows": rows,
        "duties": duties,
        "alone": [duty for duty in duties.values() if not duty.attended],
        "offers": list(offers.values()),
        "rooms": {room.id: room for each in rooms.values() for room in each},
        "me": principal.account,
        "situation_words": SITUATION_WORDS,
    }


async def _room_context(
    session: AsyncSession,
    runtime: Runtime,
    catalogue: Catalogue,
    sitting_id: UUID,
    room_id: UUID,
    *,
    binding: bool = False,
) -> dict[str, Any]:
    sitting = await get_sitting(session, sitting_id)
    room = next((each for each in await list_rooms(session, sitting_id) if each.id == room_id), None)
    if room is None:
        raise NotFoundError(room_id=str(room_id))
    seats = await list_seats(session, runtime, sitting_id, room_id)
    unbound = sorted(seat.registration.seat for seat in seats if seat.terminal is None)
    return {
        "sitting": sitting,
        "room": room,
        "seats": seats,
        "unbound": unbound,
        "next_seat": unbound[0] if unbound else "",
        "spare": await list_terminals(session, room_id),
        "reasons": REASONS,
        "translated": lambda pairs: [(code, catalogue.gettext(words)) for code, words in pairs],
        "canned": CANNED_MESSAGES,
        "problem": None,
        "typed": None,
        "binding": binding,
    }


def _room_path(sitting_id: UUID, room_id: UUID) -> str:
    return f"/proctor/sittings/{sitting_id}/rooms/{room_id}"


def _told(request: Request[Any, Any, Any], message: str, **words: Any) -> str:
    """Return the sentence that the next page shows once, said in the language of the request."""
    catalogue: Catalogue = request.app.state.catalogue
    return catalogue.gettext(message).format(**words)
