"""Seats: a free one of the first room that has any, drawn at random, so that who registers together does not sit together.

Rooms are filled one after the other: a centre opens no more of them than it needs. The database refuses to give a seat
twice.
"""

import secrets
from string import ascii_uppercase
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.sitting.errors import SittingFullError
from exam.sitting.models import Registration, Room
from exam.sitting.views import RegistrationState


class Seat(NamedTuple):
    """A seat that is ours until the transaction ends."""

    room: Room
    number: int

    @property
    def label(self) -> str:
        """The seat as printed: the room's letter and a number of two digits, A-07."""
        return f"{room_letter(self.room.position)}-{self.number:02d}"


def room_letter(position: int) -> str:
    """Return A … Z, AA … ZZ for positions 0 … 701."""
    first, last = divmod(position, len(ascii_uppercase))
    return (ascii_uppercase[first - 1] if first else "") + ascii_uppercase[last]


async def take_seat(session: AsyncSession, sitting_id: UUID) -> Seat:
    """Return a free seat, holding the sitting's rooms until the end of the transaction; raises SittingFullError."""
    rooms = (
        await session.scalars(
            select(Room).where(Room.sitting_id == sitting_id).order_by(Room.position).with_for_update(),
        )
    ).all()
    taken = await session.execute(
        select(Registration.room_id, Registration.seat_no).where(
            Registration.sitting_id == sitting_id,
            Registration.state == RegistrationState.ACCEPTED,
        ),
    )
    used = {(room_id, number) for room_id, number in taken}
    for room in rooms:
        if free := [number for number in range(1, room.seats + 1) if (room.id, number) not in used]:
            return Seat(room, secrets.choice(free))
    raise SittingFullError(seats=sum(room.seats for room in rooms))
