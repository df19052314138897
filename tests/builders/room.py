"""An open room with registered candidates, for tests that sit people down through the pages."""

from datetime import timedelta
from uuid import UUID

import msgspec

from exam.core.db.scope import Scope
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.delivery.api import admit, bind_terminal
from exam.sitting.api import RegistrationView, list_rooms, open_sitting
from tests.builders.desks import ticket_of
from tests.builders.sitting import (
    Centre,
    id_number,
    make_bank,
    make_centre,
    make_registration,
    make_sitting,
    make_staff,
    portrait,
    prepare,
)


class OpenRoom(msgspec.Struct, frozen=True, kw_only=True):
    """A room whose sitting has begun, its candidates and its proctor."""

    centre: Centre
    sitting_id: UUID
    room_id: UUID
    registrations: list[RegistrationView]
    tickets: list[str]
    numbers: list[str]
    proctor: UUID
    session: str
    """Token of the proctor's session."""

    @property
    def path(self) -> str:
        return f"/proctor/sittings/{self.sitting_id}/rooms/{self.room_id}"

    @property
    def scope(self) -> Scope:
        return self.centre.scope

    @property
    def actor(self) -> Principal:
        return Principal(account=self.proctor, grants=(Grant("proctor", self.centre.region),), second_factor=True)


async def open_room(runtime: Runtime, *, people: int) -> OpenRoom:
    """Open a sitting that has just begun, with one room and so many candidates."""
    await make_bank(runtime)
    centre = await make_centre(runtime)
    starts_in = timedelta(minutes=-1)
    sitting_id = await make_sitting(runtime, centre, rooms=[("一号机房", people)], starts_in=starts_in)
    registrations = [
        await make_registration(runtime, centre, sitting_id, number=number, photo=portrait())
        for number in range(people)
    ]
    await prepare(runtime, sitting_id)
    async with runtime.databases.transaction(centre.scope) as session:
        await open_sitting(session, centre.clerk, sitting_id, runtime.clock.now())
        [room] = await list_rooms(session, sitting_id)
    proctor, token = await make_staff(runtime, role="proctor", region=centre.region)
    return OpenRoom(
        centre=centre,
        sitting_id=sitting_id,
        room_id=room.id,
        registrations=registrations,
        tickets=[await ticket_of(runtime, each) for each in registrations],
        numbers=[id_number(number) for number in range(people)],
        proctor=proctor,
        session=token,
    )


async def bind(runtime: Runtime, room: OpenRoom, code: str, seat: str) -> None:
    """Bind the terminal that shows a code."""
    async with runtime.databases.transaction(room.scope) as session:
        await bind_terminal(
            session,
            room.actor,
            code=code,
            room_id=room.room_id,
            sitting_id=room.sitting_id,
            seat=seat,
            at=runtime.clock.now(),
        )


async def let_in(runtime: Runtime, room: OpenRoom, attempt_id: UUID) -> None:
    """Admit a candidate."""
    async with runtime.databases.transaction(room.scope) as session:
        await admit(session, room.actor, attempt_id, reason="identity_confirmed", at=runtime.clock.now())
