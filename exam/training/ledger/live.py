"""A person's study while it happens: what the server keeps between two requests, and how each message moves it; pure."""

from collections.abc import Callable
from uuid import UUID

import msgspec

from exam.training.ledger.evidence import StudySpan, Trace, TraceKind
from exam.training.ledger.judging import Beat, Front, Line, Oddity, judge
from exam.training.ledger.rules import LedgerRules
from exam.training.ledger.watch import MS, Watch, step

Draw = Callable[[LedgerRules], int]
"""Returns after how many milliseconds of study the next presence check is due."""


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is carried from one message to the next; it can be rebuilt from the traces but for the draw.

    `due_ms` is the study time left until the next presence check: it runs on from one lesson to the next, so that many
    short visits are asked as often as one long one.
    """

    watch: Watch = Watch()
    line: Line = Line(seq=0, at=0, clock_ms=None)
    due_ms: int = 0


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a message came to: the traces to keep, the study it proved, and whether a check is put to the learner."""

    live: Live
    traces: tuple[Trace, ...] = ()
    proved: tuple[StudySpan, ...] = ()
    oddity: Oddity | None = None
    repeated: bool = False


def open_visit(live: Live, visit: UUID, *, at: int, rules: LedgerRules, draw: Draw) -> Heard:
    """Open a visit; whatever lesson is open elsewhere is closed by it: one active lesson per person."""
    traces = [] if live.watch.visit is None else [Trace(visit=live.watch.visit, kind=TraceKind.CLOSED, at=at)]
    traces.append(Trace(visit=visit, kind=TraceKind.OPENED, at=at))
    fresh = _with(live, line=Line(seq=0, at=at, clock_ms=None), due_ms=live.due_ms if live.due_ms > 0 else draw(rules))
    return _apply(fresh, traces, rules)


def hear_beat(
    live: Live, beat: Beat, front: Front, rules: LedgerRules, *, visit: UUID, at: int, genuine: bool, draw: Draw
) -> Heard:
    """Take a beat in; a check is asked when it is due, and at the end of a lesson, which only a proof finishes."""
    if visit != live.watch.visit:
        return Heard(live=live, oddity=Oddity.TWO_DEVICES)
    judged = judge(beat, live.line, front, rules, visit=visit, at=at, genuine=genuine)
    if judged.trace is None:
        return Heard(live=live, oddity=judged.oddity, repeated=judged.repeated)
    line = Line(seq=beat.seq, at=at, clock_ms=beat.clock_ms)
    before = _waiting(live.watch)
    after = step(live.watch, judged.trace, rules).watch
    gained = max(_waiting(after) - before, 0)
    due_ms = live.due_ms - gained
    moved = _with(live, watch=after, line=line, due_ms=due_ms)
    finished = gained > 0 and front.reach_ms + gained >= front.length_ms
    if after.asked_at is not None or (due_ms > 0 and not finished):
        return Heard(live=moved, traces=(judged.trace,), oddity=judged.oddity)
    asked = _apply(_with(moved, due_ms=draw(rules)), [Trace(visit=visit, kind=TraceKind.ASKED, at=at)], rules)
    return Heard(live=asked.live, traces=(judged.trace, *asked.traces), oddity=judged.oddity)


def _waiting(watch: Watch) -> int:
    return sum(each.span.length for each in watch.pending)


def hear_answer(live: Live, *, visit: UUID, at: int, rules: LedgerRules) -> Heard:
    """Take in that the learner has answered the check that stands open, if one does."""
    if visit != live.watch.visit or live.watch.asked_at is None:
        return Heard(live=live)
    late = not live.watch.missed and at > live.watch.asked_at + rules.check_limit_s * MS
    heard = _apply(live, [Trace(visit=visit, kind=TraceKind.PRESENT, at=at)], rules)
    return msgspec.structs.replace(heard, oddity=Oddity.LATE_ANSWER if late else None)


def close_visit(live: Live, visit: UUID, *, at: int, rules: LedgerRules) -> Heard:
    """Close a visit that is open."""
    if visit != live.watch.visit:
        return Heard(live=live)
    return _apply(live, [Trace(visit=visit, kind=TraceKind.CLOSED, at=at)], rules)


def _apply(live: Live, traces: list[Trace], rules: LedgerRules) -> Heard:
    watch = live.watch
    proved: list[StudySpan] = []
    for trace in traces:
        after = step(watch, trace, rules)
        watch = after.watch
        proved += after.proved
    return Heard(live=_with(live, watch=watch), traces=tuple(traces), proved=tuple(proved))


def _with(live: Live, **changes: object) -> Live:
    return msgspec.structs.replace(live, **changes)
