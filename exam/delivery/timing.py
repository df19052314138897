"""The candidate's own time: start, duration and logged extensions decide; no client clock is ever asked.

All instants are aware UTC; pure functions, so that every boundary can be tested at the millisecond.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from exam.core.errors import DomainError

_MILLISECOND = timedelta(milliseconds=1)

DRAIN_S = 15
"""Seconds for which an accepted save may wait: then its batch is given up and the terminal is told (delivery.batcher)."""

ACCEPTABLE_LATENCY = timedelta(seconds=5)
"""How long after its head the body of a save may come and still count from the head, as in TAO's runner."""


class TimeTakenAwayError(DomainError):
    """A duration or an extension is negative: time once given to a candidate is never taken back."""

    code = "time_taken_away"
    message = "答题时间只能延长,不能缩短。"


def deadline(started_at: datetime, duration_s: int, extensions_ms: Sequence[int] = ()) -> datetime:
    """Return `deadline_at`: start + duration + all logged extensions, those of lifted pauses included."""
    if duration_s < 0 or any(extension < 0 for extension in extensions_ms):
        raise TimeTakenAwayError
    given = timedelta(seconds=duration_s, milliseconds=sum(extensions_ms))
    return started_at.astimezone(UTC) + given


def pause_extension_ms(paused_at: datetime, lifted_at: datetime) -> int:
    """Return the extension that a lifted pause logs: its length, a started millisecond counted as a whole one."""
    if lifted_at < paused_at:
        raise TimeTakenAwayError
    return _ceil_ms(lifted_at - paused_at)


def remaining_ms(now: datetime, deadline_at: datetime, paused_at: datetime | None = None) -> int:
    """Return the time left, never negative; zero means that the deadline has come.

    During a pause it stands still at what was left when the pause began.
    """
    return max(0, _ceil_ms(deadline_at - (now if paused_at is None else min(now, paused_at))))


def accepts_hand_in(arrived_at: datetime, deadline_at: datetime, grace_s: int) -> bool:
    """Tell whether handing in is still possible; in the grace period only responses that came in time are counted."""
    return arrived_at <= finalise_due_at(deadline_at, grace_s)


def finalise_due_at(deadline_at: datetime, grace_s: int) -> datetime:
    """Return the last instant at which a hand-in counts; after it the server finalises the attempt itself."""
    if grace_s < 0:
        raise TimeTakenAwayError
    return deadline_at + timedelta(seconds=grace_s)


def server_ends_at(deadline_at: datetime, grace_s: int) -> datetime:
    """Return the last instant at which the server leaves the attempt to the candidate.

    Whatever the grace, no save that arrived in time may be cut off while it still waits for its commit.
    """
    return finalise_due_at(deadline_at, max(grace_s, DRAIN_S))


def _ceil_ms(span: timedelta) -> int:
    return -(-span // _MILLISECOND)
