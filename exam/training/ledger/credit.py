"""Hours as a pure function of evidence: proved time, no lesson twice, no hour twice, no day beyond its cap.

`total_of` is the ledger. Whoever has a person's evidence and the rules computes the same figures (`ankao training
replay`); what the database keeps beside them is a sum of their changes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec

from exam.core.clock import local_date, local_midnight
from exam.training.ledger.evidence import Evidence, LedgerKey, Span, StudySpan, Visit, order_of
from exam.training.ledger.rules import LedgerRules
from exam.training.ledger.watch import MS, Watch, step

Recall = Callable[[str], LedgerRules]
RulesOn = Callable[[date], LedgerRules]


class Piece(msgspec.Struct, frozen=True):
    """Time credited under one key."""

    span: Span
    key: LedgerKey


def total_of(evidence: Evidence, recall: Recall, rules_on: RulesOn) -> dict[LedgerKey, int]:
    """Return whole seconds by key; a key whose seconds are 0 is missing."""
    sums: defaultdict[LedgerKey, int] = defaultdict(int)
    for piece in pieces_of(evidence, recall, rules_on):
        sums[piece.key] += piece.span.length
    for attested in evidence.attested:
        sums[attested.key] += attested.length_ms
    return {key: sums[key] // MS for key in sorted(sums, key=order_of) if sums[key] >= MS}


def pieces_of(evidence: Evidence, recall: Recall, rules_on: RulesOn) -> list[Piece]:
    """Return the time that counts, in order, no two pieces overlapping."""
    studied = cap_lessons(follow(evidence, recall), evidence.visits)
    taught = list(_taught(evidence))
    busy = _united(piece.span for piece in taught)
    online = [Piece(part, evidence.visits[each.visit].key) for each in studied for part in without(each.span, busy)]
    return list(cap_days(sorted([*taught, *online], key=_when), rules_on))


def _when(piece: Piece) -> tuple[int, int, tuple[str, ...]]:
    return (piece.span.start, piece.span.end, order_of(piece.key))


def follow(evidence: Evidence, recall: Recall) -> list[StudySpan]:
    """Return the study whose presence is proved, or not yet in doubt, in the order of the traces."""
    watch = Watch()
    spans: list[StudySpan] = []
    for trace in evidence.traces:
        visit = evidence.visits.get(trace.visit)
        if visit is None:
            continue
        after = step(watch, trace, recall(visit.rules))
        watch = after.watch
        spans += after.proved
    return [*spans, *watch.standing]


def cap_lessons(spans: Iterable[StudySpan], visits: Mapping[UUID, Visit]) -> list[StudySpan]:
    """Cut what goes beyond a lesson's length, over all visits of it: a lesson is studied once."""
    left: dict[UUID, int] = {}
    kept = []
    for each in spans:
        visit = visits[each.visit]
        room = left.setdefault(visit.lesson, visit.length_ms)
        length = min(each.span.length, room)
        left[visit.lesson] = room - length
        if length > 0:
            kept.append(StudySpan(Span(each.span.start, each.span.start + length), each.visit))
    return kept


def _taught(evidence: Evidence) -> Iterator[Piece]:
    """Give the class time in order, none of it twice."""
    busy: list[Span] = []
    for each in sorted(evidence.classes, key=lambda each: (each.span.start, each.span.end, order_of(each.key))):
        for part in without(each.span, busy):
            yield Piece(part, each.key)
        busy = _united([*busy, each.span])


def _united(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order with the overlapping ones joined."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if span.length <= 0:
            continue
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def without(span: Span, busy: Sequence[Span]) -> Iterator[Span]:
    """Give the parts of a span outside `busy`, which is ordered and does not overlap itself."""
    start = span.start
    for other in busy:
        if other.end <= start:
            continue
        if other.start >= span.end:
            break
        if other.start > start:
            yield Span(start, other.start)
        start = max(start, other.end)
    if start < span.end:
        yield Span(start, span.end)


def cap_days(pieces: Iterable[Piece], rules_on: RulesOn) -> Iterator[Piece]:
    """Cut each Shanghai day at its cap, earliest first; `pieces` come in order."""
    used: defaultdict[date, int] = defaultdict(int)
    for piece in pieces:
        for day, part in _by_day(piece.span):
            room = rules_on(day).day_cap_s * MS - used[day]
            length = min(part.length, room)
            used[day] += max(length, 0)
            if length > 0:
                yield Piece(Span(part.start, part.start + length), piece.key)


def _by_day(span: Span) -> Iterator[tuple[date, Span]]:
    start = span.start
    while start < span.end:
        day = day_of(start)
        end = min(span.end, _unix_ms(local_midnight(day + timedelta(days=1))))
        yield day, Span(start, end)
        start = end


def day_of(instant_ms: int) -> date:
    """Return the Shanghai date of an instant."""
    return local_date(datetime.fromtimestamp(instant_ms // MS, UTC))


def _unix_ms(instant: datetime) -> int:
    return int(instant.timestamp()) * MS
