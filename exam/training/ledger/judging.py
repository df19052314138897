"""Judging one heartbeat: what of it is believed, and what of it is worth a look by a person; pure.

Nothing here accuses anyone: a refused beat earns nothing and leaves an Observation, which only a person may act on.
"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from exam.training.ledger.evidence import Trace, TraceKind
from exam.training.ledger.rules import LedgerRules
from exam.training.ledger.watch import MS

Counter = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Millis = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Oddity(StrEnum):
    """What a beat can be noticed for."""

    TOO_FAST = "too_fast"
    REPLAYED = "replayed"
    FORGED = "forged"
    TWO_DEVICES = "two_devices"
    LOGGED_OUT = "logged_out"
    """The page's log-in has ended, and it reports on."""
    CLOCK_SHIFTED = "clock_shifted"
    SKIPPED_AHEAD = "skipped_ahead"
    LATE_ANSWER = "late_answer"
    """A check was answered after a silence in which nobody could be asked: it counts, for networks do fail."""
    GUESSED = "guessed"
    """A check's question was answered wrong too often: nothing since the last proof counts."""


class Beat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a learner's page says every few seconds; none of it can add time.

    `after` echoes what the answer to the beat before it held; `unit` counts the lesson's parts from 0; `position_ms`
    is the playhead; `clock_ms` the device's own clock.
    """

    seq: Counter
    after: Annotated[str, msgspec.Meta(max_length=64)]
    unit: Counter = 0
    position_ms: Millis = 0
    seen: bool
    idle_s: Counter
    clock_ms: Millis


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """The connection of a visit so far: the last beat's number, its arrival, and the device's clock then.

    `clock_ms` is None before the first beat.
    """

    seq: int
    at: int
    clock_ms: int | None


class Front(msgspec.Struct, frozen=True, kw_only=True):
    """How far a lesson has been studied: `reach_ms` of `length_ms`.

    `units` are the instants at which its parts end; empty for a film, whose playhead says where it is.
    """

    reach_ms: int
    length_ms: int
    units: tuple[int, ...] = ()


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A beat's fate: `trace` to be kept, or None; `repeated` for the same beat again, whose answer was lost."""

    trace: Trace | None = None
    oddity: Oddity | None = None
    repeated: bool = False


def judge(beat: Beat, line: Line, front: Front, rules: LedgerRules, *, visit: UUID, at: int, genuine: bool) -> Judged:
    """Judge a beat of the person's open visit that arrived at `at`; `genuine` says that `after` is what was answered."""
    if genuine and beat.seq == line.seq and line.seq > 0:
        return Judged(repeated=True)
    if beat.seq <= line.seq:
        return Judged(oddity=Oddity.REPLAYED)
    if not genuine or beat.seq != line.seq + 1:
        return Judged(oddity=Oddity.FORGED)
    gap = at - line.at
    if 0 <= gap < rules.least_gap_s * MS:
        return Judged(oddity=Oddity.TOO_FAST)
    drift = 0 if line.clock_ms is None else beat.clock_ms - line.clock_ms - gap
    advance, skipped = _advance(beat, front, max(gap, 0), rules)
    shifted = abs(drift) > rules.drift_limit_s * MS
    trace = Trace(
        visit=visit,
        kind=TraceKind.BEAT,
        at=at,
        seen=beat.seen,
        idle_s=beat.idle_s,
        advance_ms=advance,
        drift_ms=drift,
    )
    return Judged(trace=trace, oddity=_oddity(shifted=shifted, skipped=skipped))


def _oddity(*, shifted: bool, skipped: bool) -> Oddity | None:
    if skipped:
        return Oddity.SKIPPED_AHEAD
    return Oddity.CLOCK_SHIFTED if shifted else None


def _advance(beat: Beat, front: Front, gap: int, rules: LedgerRules) -> tuple[int, bool]:
    """Return how far the front may move, and whether the learner stands beyond what could have been reached."""
    if front.units:
        return _advance_by_unit(beat.unit, front, gap)
    ahead = min(beat.position_ms, front.length_ms) - front.reach_ms
    if ahead > gap + rules.skip_slack_s * MS:
        return 0, True
    return max(ahead, 0), False


def _advance_by_unit(unit: int, front: Front, gap: int) -> tuple[int, bool]:
    """Move the front while the part in which it stands is open; an earlier part is being read again."""
    if unit >= len(front.units):
        return 0, True
    start = front.units[unit - 1] if unit else 0
    if start > front.reach_ms:
        return 0, True
    return max(min(front.units[unit] - front.reach_ms, gap), 0), False
