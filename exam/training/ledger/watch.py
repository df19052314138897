"""Following one person's study trace by trace: what is proved, what still waits for proof; pure.

The same function serves the live server, which keeps the `Watch` between two requests, and the replay, which starts
from nothing: so both can only agree.
"""

from uuid import UUID

import msgspec

from exam.training.ledger.evidence import Span, StudySpan, Trace, TraceKind
from exam.training.ledger.rules import LedgerRules

MS = 1000


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person's study stands.

    `last_at` is the instant from which the next beat may count; no time before `horizon` counts a second time.
    `pending` was studied since the last proof of presence; while `asked_at` is set it counts for nothing, and once a
    check is `missed` it is gone. `unanswered_ms` is how long the page was heard of while the check stood open.
    """

    visit: UUID | None = None
    last_at: int = 0
    horizon: int = 0
    pending: tuple[StudySpan, ...] = ()
    asked_at: int | None = None
    unanswered_ms: int = 0
    missed: bool = False

    @property
    def standing(self) -> tuple[StudySpan, ...]:
        """What of `pending` counts now."""
        return () if self.asked_at is not None else self.pending


class Step(msgspec.Struct, frozen=True):
    """A `Watch` after a trace, and the spans that the trace has proved."""

    watch: Watch
    proved: tuple[StudySpan, ...] = ()


def step(watch: Watch, trace: Trace, rules: LedgerRules) -> Step:
    """Return what a trace changes; `rules` are those of the trace's visit."""
    match trace.kind:
        case TraceKind.OPENED:
            horizon = max(watch.horizon, trace.at)
            return Step(_with(watch, visit=trace.visit, last_at=trace.at, horizon=horizon))
        case TraceKind.BEAT:
            return Step(_beat(watch, trace, rules)) if trace.visit == watch.visit else Step(watch)
        case TraceKind.ASKED:
            return Step(_with(watch, asked_at=trace.at, unanswered_ms=0, missed=False))
        case TraceKind.PRESENT:
            return _present(watch, trace)
        case TraceKind.CLOSED:
            return Step(_with(watch, visit=None)) if trace.visit == watch.visit else Step(watch)


def _with(watch: Watch, **changes: object) -> Watch:
    return msgspec.structs.replace(watch, **changes)


def _beat(watch: Watch, trace: Trace, rules: LedgerRules) -> Watch:
    horizon = max(watch.horizon, trace.at)
    unanswered = _unanswered(watch, trace, rules)
    if watch.asked_at is not None and unanswered > rules.check_limit_s * MS:
        return _with(watch, last_at=trace.at, horizon=horizon, pending=(), unanswered_ms=unanswered, missed=True)
    span = earned(watch, trace, rules)
    pending = _joined(watch.pending, StudySpan(span, trace.visit)) if span else watch.pending
    return _with(watch, last_at=trace.at, horizon=horizon, pending=pending, unanswered_ms=unanswered)


def _unanswered(watch: Watch, beat: Trace, rules: LedgerRules) -> int:
    """Return how long an open check has stood before a page that the server heard of: silence misses no check."""
    gap = beat.at - watch.last_at
    heard = watch.asked_at is not None and 0 < gap <= rules.most_gap_s * MS
    return watch.unanswered_ms + gap if heard else watch.unanswered_ms


def earned(watch: Watch, beat: Trace, rules: LedgerRules) -> Span | None:
    """Return the time between two beats that counts: short enough, attended, and no longer than the lesson moved."""
    gap = beat.at - watch.last_at
    attended = beat.seen and beat.idle_s <= rules.idle_cut_s and abs(beat.drift_ms) <= rules.drift_limit_s * MS
    start = max(watch.last_at, watch.horizon)
    length = min(beat.at - start, beat.advance_ms)
    if not attended or not 0 < gap <= rules.most_gap_s * MS or length <= 0:
        return None
    return Span(start, start + length)


def _joined(spans: tuple[StudySpan, ...], fresh: StudySpan) -> tuple[StudySpan, ...]:
    if spans and spans[-1].visit == fresh.visit and spans[-1].span.end == fresh.span.start:
        whole = Span(spans[-1].span.start, fresh.span.end)
        return (*spans[:-1], StudySpan(whole, fresh.visit))
    return (*spans, fresh)


def _present(watch: Watch, trace: Trace) -> Step:
    if watch.asked_at is None:
        return Step(watch)
    last_at = trace.at if watch.missed else watch.last_at
    horizon = max(watch.horizon, trace.at) if watch.missed else watch.horizon
    answered = _with(watch, pending=(), asked_at=None, unanswered_ms=0, missed=False, last_at=last_at, horizon=horizon)
    return Step(answered, watch.pending)
