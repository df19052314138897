"""Tickets for a bench, which stands in for the web process: everybody sits in one room of one sitting."""

from typing import Literal
from uuid import UUID

from exam.core.clock import Clock
from exam.core.ids import new_id
from proctor.media.names import Track, seat_source
from proctor.media.sdp import fingerprint_of
from proctor.media.ticket import TICKET_S, MediaTicket, mint

FIRST_EPOCH = 1
Direction = Literal["publish", "watch"]


class TicketPress:
    """Mints tickets under an installation's key."""

    def __init__(self, key: bytes, region: str, clock: Clock) -> None:
        self._key, self._region, self._clock = key, region, clock
        self._sitting_id, self._room_id = new_id(), new_id()

    def ticket(self, node: str, sdp: str, seats: list[UUID], *, direction: Direction) -> str:
        """Return the ticket for an offer with the tile of each seat, in order."""
        ticket = MediaTicket(
            id=new_id(),
            node=node,
            direction=direction,
            sitting_id=self._sitting_id,
            room_id=self._room_id,
            region=self._region,
            attempt_id=seats[0] if direction == "publish" else None,
            epoch=FIRST_EPOCH,
            sources=tuple(seat_source(seat, Track.TILE) for seat in seats),
            fingerprint=fingerprint_of(sdp),
            expires_at=int(self._clock.now().timestamp()) + TICKET_S,
        )
        return mint(ticket, self._key)
