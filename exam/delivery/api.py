"""What other packages may use of delivery."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from litestar.types import Scope
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from exam.delivery.attempts import (
    FinalResponse,
    list_final_responses,
    list_final_responses_of,
    mark_released,
    mark_scored,
)
from exam.delivery.batcher import Batcher, PendingSave, Verdict
from exam.delivery.folding import HandInFold
from exam.delivery.lease import Lease, LeaseInvalidError, check, check_pass, mint
from exam.delivery.portrait import portrait_of
from exam.delivery.receipt import Revision, hand_in_digest, response_digest
from exam.delivery.room import (
    acknowledge_message,
    admit,
    end_attempt,
    extend,
    extend_room,
    has_hold,
    list_messages,
    lower_hand,
    message_room,
    pause,
    pause_room,
    place_hold,
    release_hold,
    resume,
    resume_room,
    send_message,
    transfer,
    void_attempt,
)
from exam.delivery.schemas import WireForm, wire_form
from exam.delivery.state import FINISHED_STATES, OPEN_STATES, AttemptState
from exam.delivery.terminals import bind_terminal
from exam.delivery.views import (
    ActView,
    Arrival,
    AttemptView,
    TerminalView,
    count_open,
    ended_at,
    find_attempt_of,
    get_attempt,
    list_acts,
    list_arrivals,
    list_attempts,
    list_epochs,
    list_room,
    list_terminals,
)

LEASE_HEADER = b"ankao-lease"


def require_lease(scope: Scope, runtime: Runtime, attempt_id: UUID) -> Lease:
    """Return the lease in the request's `Ankao-Lease` header if it is for this attempt; raises LeaseInvalidError.

    The epoch is not compared with the database here: what a stale terminal may still do is read.
    """
    return _held(scope, runtime, attempt_id, check)


def require_seat(scope: Scope, runtime: Runtime, attempt_id: UUID) -> Lease:
    """Return the lease, or the one that a waiting terminal's pass in the same header waits for; raises LeaseInvalidError."""
    waits = any(name == LEASE_HEADER and value.startswith(b"w1.") for name, value in scope["headers"])
    return _held(scope, runtime, attempt_id, check_pass if waits else check)


def _held(scope: Scope, runtime: Runtime, attempt_id: UUID, read: Callable[[str, Sequence[bytes]], Lease]) -> Lease:
    for name, value in scope["headers"]:
        if name == LEASE_HEADER:
            lease = read(value.decode("latin-1"), (runtime.secrets.lease,))
            if lease.attempt_id == attempt_id:
                return lease
    raise LeaseInvalidError


async def open_attempts(session: AsyncSession, sitting_id: UUID, at: datetime) -> int:
    """Count the attempts of a sitting that may still change: bound to the port of `exam.sitting` in `exam.app`."""
    return await count_open(session, sitting_id, at)


__all__ = [
    "FINISHED_STATES",
    "OPEN_STATES",
    "ActView",
    "Arrival",
    "AttemptState",
    "AttemptView",
    "Batcher",
    "FinalResponse",
    "HandInFold",
    "Lease",
    "LeaseInvalidError",
    "PendingSave",
    "Revision",
    "TerminalView",
    "Verdict",
    "WireForm",
    "acknowledge_message",
    "admit",
    "bind_terminal",
    "end_attempt",
    "ended_at",
    "extend",
    "extend_room",
    "find_attempt_of",
    "get_attempt",
    "hand_in_digest",
    "has_hold",
    "list_acts",
    "list_arrivals",
    "list_attempts",
    "list_epochs",
    "list_final_responses",
    "list_final_responses_of",
    "list_messages",
    "list_room",
    "list_terminals",
    "lower_hand",
    "mark_released",
    "mark_scored",
    "message_room",
    "mint",
    "open_attempts",
    "pause",
    "pause_room",
    "place_hold",
    "portrait_of",
    "release_hold",
    "require_lease",
    "require_seat",
    "response_digest",
    "resume",
    "resume_room",
    "send_message",
    "transfer",
    "void_attempt",
    "wire_form",
]
