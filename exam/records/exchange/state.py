"""What may follow what for a neighbour and for a message, and when a push is tried again; pure.

The database refuses the same steps (`records_guard_neighbour`, `records_guard_message`).
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final

from exam.core.errors import ConflictError


class NeighbourState(StrEnum):
    """对接状态."""

    PROPOSED = "proposed"
    """待批准: nothing is sent."""
    ACTIVE = "active"
    RETURNED = "returned"
    """已退回: by a second administrator, or taken back."""
    CLOSED = "closed"


class Carriage(StrEnum):
    """How messages reach a neighbour."""

    MESSAGE = "message"
    """One push, or one call, for each."""
    BATCH = "batch"
    """Sealed together, over the network or as a file; a person above accepts or returns."""


class MessageState(StrEnum):
    """报文状态."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"
    """死信: no push succeeded; what follows of the same subject waits for somebody's decision."""
    SET_ASIDE = "set_aside"
    """已搁置: never delivered, by decision."""


class ExchangeStateError(ConflictError):
    """The neighbour or the message has gone on in the meantime, or never comes to this step from here."""

    code = "exchange_state"
    message = "状态已经改变,请刷新后再看。"


FOLLOWS: Final[Mapping[str, frozenset[str]]] = {
    NeighbourState.PROPOSED: frozenset({NeighbourState.ACTIVE, NeighbourState.RETURNED}),
    NeighbourState.ACTIVE: frozenset({NeighbourState.CLOSED}),
    NeighbourState.RETURNED: frozenset(),
    NeighbourState.CLOSED: frozenset(),
    MessageState.WAITING: frozenset({MessageState.DELIVERED, MessageState.DEAD, MessageState.SET_ASIDE}),
    MessageState.DEAD: frozenset({MessageState.WAITING, MessageState.SET_ASIDE}),
    MessageState.DELIVERED: frozenset(),
    MessageState.SET_ASIDE: frozenset(),
}
DELAYS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400)
)
"""How long after each failed push the next one waits; after the last the message is dead: some two days in all."""


def require_step(state: str, wanted: str) -> None:
    """Raise ExchangeStateError unless one state may follow the other."""
    if wanted not in FOLLOWS[state]:
        raise ExchangeStateError


def require_active(state: str) -> None:
    """Raise ExchangeStateError for a neighbour that is not let in."""
    if state != NeighbourState.ACTIVE:
        raise ExchangeStateError


def delay_after(attempts: int) -> timedelta | None:
    """Return how long to wait after so many failed pushes, None when there is no further one."""
    return DELAYS[attempts - 1] if attempts <= len(DELAYS) else None
