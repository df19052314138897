"""The room as the proctor sees it: every registered seat, with its attempt where somebody has checked in."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from exam.delivery.api import AttemptView, TerminalView, list_room, list_terminals
from exam.identity.api import PersonView, list_people
from exam.sitting.api import RegistrationView, list_registrations

QUIET_AFTER = timedelta(seconds=30)


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """One seat: who belongs there, and what is known of the attempt and its terminal."""

    registration: RegistrationView
    person: PersonView | None
    attempt: AttemptView | None
    terminal: TerminalView | None
    connected: bool

    @property
    def attention(self) -> int:
        """Order of urgency: a raised hand, a lost terminal, someone to admit, then the rest by seat."""
        if self.attempt is None:
            return 5
        if self.attempt.hand_raised_at is not None:
            return 0
        if self.attempt.state == "in_progress" and not self.connected:
            return 1
        return {"checked_in": 2, "paused": 3}.get(self.attempt.state, 4)


async def list_seats(session: AsyncSession, runtime: Runtime, sitting_id: UUID, room_id: UUID) -> list[Seat]:
    """Return the seats of a room, trouble first."""
    registrations = await list_registrations(session, sitting_id, room_id=room_id)
    attempts = {each.registration_id: each for each in await list_room(session, runtime, room_id)}
    terminals = {each.seat: each for each in await list_terminals(session, room_id)}
    people = await list_people(session, [each.person_id for each in registrations])
    now = runtime.clock.now()
    seats = [
        Seat(
            registration=each,
            person=people.get(each.person_id),
            attempt=attempts.get(each.id),
            terminal=terminals.get(each.seat),
            connected=_connected(attempts.get(each.id), now),
        )
        for each in registrations
    ]
    return sorted(seats, key=lambda seat: (seat.attention, seat.registration.seat))


def _connected(attempt: AttemptView | None, now: datetime) -> bool:
    return attempt is not None and attempt.last_seen_at is not None and now - attempt.last_seen_at < QUIET_AFTER
