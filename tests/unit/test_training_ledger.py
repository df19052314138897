"""The hour ledger: what a client says never adds time, and a replay of the traces gives the same total."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exam.training.ledger.credit import cap_days, follow, pieces_of, total_of
from exam.training.ledger.entries import HoursEntry
from exam.training.ledger.evidence import (
    Attested,
    ClassSpan,
    Evidence,
    LedgerKey,
    Origin,
    Span,
    StudySpan,
    Trace,
    TraceKind,
    Visit,
)
from exam.training.ledger.judging import Beat, Front, Oddity
from exam.training.ledger.live import Heard, Live, close_visit, hear_answer, hear_beat, open_visit
from exam.training.ledger.nodes import counting_on, coverage_of
from exam.training.ledger.rules import all_rules, explain_rules, recall_rules, rules_on
from exam.training.ledger.watch import Watch, step
from exam.training.programmes.service import NodeHours
from exam.web.i18n import Catalogue

RULES = recall_rules("ledger@1")
NINE = int(datetime(2026, 11, 23, 1, 0, tzinfo=UTC).timestamp()) * 1000
LESSON, OTHER = UUID(int=1), UUID(int=2)
KEY = LedgerKey("officer.general", "initial", UUID(int=9), "3.1", "theory", Origin.ONLINE)
CLASS_KEY = msgspec.structs.replace(KEY, origin=Origin.CLASS)
HOUR = 2700


def visit(number: int = 1, *, lesson: UUID = LESSON, minutes: int = 45) -> Visit:
    return Visit(id=UUID(int=100 + number), key=KEY, lesson=lesson, length_ms=minutes * 60_000, rules="ledger@1")


def trace(kind: TraceKind, second: float, *, of: int = 1, advance: float = 15, **more: object) -> Trace:
    at = NINE + int(second * 1000)
    said = {"advance_ms": int(advance * 1000), **more} if kind is TraceKind.BEAT else more
    return msgspec.convert({"visit": str(UUID(int=100 + of)), "kind": kind, "at": at, **said}, Trace)


def beats(first: int, last: int, *, of: int = 1, every: int = 15) -> list[Trace]:
    return [trace(TraceKind.BEAT, second, of=of) for second in range(first, last + 1, every)]


def seconds(traces: list[Trace], *, visits: tuple[Visit, ...] = (visit(),), classes: tuple[ClassSpan, ...] = ()) -> int:
    evidence = Evidence(visits={each.id: each for each in visits}, traces=tuple(traces), classes=classes)
    return sum(total_of(evidence, recall_rules, rules_on).values())


OPENED, BEAT, ASKED = TraceKind.OPENED, TraceKind.BEAT, TraceKind.ASKED
PRESENT, CLOSED = TraceKind.PRESENT, TraceKind.CLOSED


def test_the_rules_state_a_source_for_every_value() -> None:
    for version in all_rules():
        assert all(sourced.source for sourced in explain_rules(version).values())
    assert rules_on(date(2020, 1, 1)).version == "ledger@1"


def test_steady_beats_earn_the_time_between_them() -> None:
    assert seconds([trace(OPENED, 0), *beats(15, 600)]) == 600


def test_lost_network_costs_its_own_time_and_nothing_before_or_after() -> None:
    assert seconds([trace(OPENED, 0), *beats(15, 150), *beats(600, 660)]) == 150 + 60


def test_one_lost_beat_costs_nothing() -> None:
    assert seconds([trace(OPENED, 0), trace(BEAT, 15), trace(BEAT, 45, advance=30)]) == 45


@pytest.mark.parametrize(
    "said", [{"seen": False}, {"idle_s": 181}, {"drift_ms": 10_001}, {"drift_ms": -10_001}, {"advance_ms": 0}]
)
def test_a_beat_that_tells_of_absence_earns_nothing(said: dict[str, Any]) -> None:
    assert seconds([trace(OPENED, 0), trace(BEAT, 15, **said), trace(BEAT, 30)]) == 15


def test_server_clock_set_back_does_not_count_the_same_time_again() -> None:
    assert seconds([trace(OPENED, 0), *beats(15, 150), *beats(30, 165)]) == 165


def test_miss_stands_even_when_the_clock_is_set_back() -> None:
    marks = [trace(OPENED, 0), *beats(15, 300), trace(ASKED, 300), *beats(315, 375), *beats(310, 355)]
    assert seconds([*marks, trace(PRESENT, 356)]) == 0


def test_network_lost_while_a_check_is_open_costs_its_own_time_only() -> None:
    marks = [trace(OPENED, 0), *beats(15, 300), trace(ASKED, 300), trace(BEAT, 315), *beats(900, 930)]
    assert seconds([*marks, trace(PRESENT, 931), trace(BEAT, 945)]) == 315 + 30 + 15
    assert seconds([*marks, *beats(945, 975), trace(PRESENT, 976)]) == 0


def test_time_beyond_what_the_lesson_moved_does_not_count() -> None:
    assert seconds([trace(OPENED, 0), trace(BEAT, 15, advance=4)]) == 4


def test_answered_check_keeps_everything() -> None:
    marks = [trace(OPENED, 0), *beats(15, 300), trace(ASKED, 300), trace(PRESENT, 340), *beats(315, 345)]
    assert seconds(sorted(marks, key=lambda each: each.at)) == 345


def test_missed_check_takes_the_time_since_the_last_proof() -> None:
    marks = [trace(OPENED, 0), *beats(15, 300), trace(ASKED, 300), trace(PRESENT, 301), *beats(315, 900)]
    assert seconds([*marks, trace(ASKED, 900), *beats(915, 990)]) == 300
    late = [*marks, trace(ASKED, 900), *beats(915, 990), trace(PRESENT, 1000), *beats(1015, 1030)]
    assert seconds(late) == 300 + 30


def test_check_that_the_network_swallowed_costs_nothing_once_it_is_answered() -> None:
    marks = [trace(OPENED, 0), *beats(15, 300), trace(ASKED, 300)]
    assert seconds(marks) == 0
    assert seconds([*marks, trace(OPENED, 4000, of=2), trace(PRESENT, 4010, of=2)], visits=(visit(), visit(2))) == 300


def test_check_cannot_be_dodged_by_opening_the_lesson_again() -> None:
    marks = [trace(OPENED, 0), *beats(15, 300), trace(ASKED, 300), trace(CLOSED, 301), trace(OPENED, 302, of=2)]
    assert seconds([*marks, *beats(317, 600, of=2)], visits=(visit(), visit(2))) == 0


def test_beats_of_a_lesson_that_another_one_replaced_earn_nothing() -> None:
    marks = [trace(OPENED, 0), trace(BEAT, 15), trace(CLOSED, 20), trace(OPENED, 20, of=2), trace(BEAT, 30)]
    assert seconds([*marks, trace(BEAT, 35, of=2)], visits=(visit(), visit(2, lesson=OTHER))) == 30


def test_a_lesson_is_credited_once_over_all_its_visits() -> None:
    marks = [trace(OPENED, 0), *beats(15, 90), trace(CLOSED, 90), trace(OPENED, 100, of=2), *beats(115, 190, of=2)]
    assert seconds(marks, visits=(visit(minutes=2), visit(2, minutes=2))) == 120


def test_class_and_lesson_at_the_same_time_count_once_and_for_the_class() -> None:
    taught = ClassSpan(Span(NINE + 100_000, NINE + 200_000), CLASS_KEY)
    marks = (trace(OPENED, 0), *beats(15, 300))
    evidence = Evidence(visits={visit().id: visit()}, traces=marks, classes=(taught, taught))
    assert total_of(evidence, recall_rules, rules_on) == {KEY: 200, CLASS_KEY: 100}


def test_a_day_ends_at_its_cap_and_at_midnight_in_shanghai() -> None:
    evening = NINE + 14 * 3_600_000 - 900_000  # 22:45
    night = ClassSpan(Span(evening, evening + 3 * 3_600_000), CLASS_KEY)
    day = ClassSpan(Span(NINE, NINE + 8 * 3_600_000), CLASS_KEY)
    evidence = Evidence(visits={}, classes=(day, night))
    assert total_of(evidence, recall_rules, rules_on) == {CLASS_KEY: RULES.day_cap_s + (3 * 3600 - 75 * 60)}


def test_attested_hours_have_no_time_of_day() -> None:
    key = LedgerKey("officer.general", "initial", None, "", "theory", Origin.ATTESTED)
    evidence = Evidence(visits={}, attested=(Attested(key, 32 * HOUR * 1000),))
    assert total_of(evidence, recall_rules, rules_on) == {key: 32 * HOUR}


def entry(node: str, hours: float, *, part: str = "theory", kind: str = "initial") -> HoursEntry:
    origin = Origin.ONLINE if node else Origin.ATTESTED
    at = datetime(2026, 11, 23, tzinfo=UTC)
    seconds, begun_on = int(hours * HOUR), date(2026, 11, 1) if node else None
    return HoursEntry(
        kind=kind, origin=origin, node=node, part=part, seconds=seconds, recorded_at=at, begun_on=begun_on
    )


NODES = (
    NodeHours(code="1.1", title="法律", theory_s=2 * HOUR, practice_s=0),
    NodeHours(code="1.2", title="急救", theory_s=HOUR, practice_s=HOUR),
)


def test_an_hour_too_many_of_one_node_stands_in_for_no_other() -> None:
    covered = coverage_of([entry("1.1", 3.5), entry("1.2", 0.5), entry("1.2", 9, kind="review")], "initial", NODES)
    assert covered.hours == 250
    assert [(gap.code, gap.part, gap.hours) for gap in covered.gaps] == [
        ("1.2", "theory", 50),
        ("1.2", "practice", 100),
    ]


def test_yearly_training_counts_for_its_own_year_alone() -> None:
    late = datetime(2026, 1, 4, tzinfo=UTC)  # a roll that was corrected after the year's end
    old, new = (
        msgspec.structs.replace(entry("1.1", 8, kind="continuing"), recorded_at=late, begun_on=begun_on)
        for begun_on in (date(2025, 12, 1), date(2026, 1, 2))
    )
    first = msgspec.structs.replace(old, kind="initial")
    assert counting_on([old, new, first], date(2026, 3, 1)) == [new, first]
    assert counting_on([old, new, first], date(2025, 12, 1)) == [old, first]


def test_yearly_hours_on_paper_count_for_no_year_after_their_entry() -> None:
    paper = entry("", 8, part="", kind="continuing")
    old, new = (
        msgspec.structs.replace(paper, recorded_at=datetime(2025, 12, 31, hour, tzinfo=UTC)) for hour in (15, 16)
    )  # the second at midnight in Shanghai
    assert counting_on([old, new], date(2026, 3, 1)) == [new]
    assert counting_on([old, new], date(2025, 3, 1)) == [old, new]


def test_training_before_a_review_counts_for_no_later_review() -> None:
    early, now = (
        msgspec.structs.replace(entry("1.1", 8, kind="review"), begun_on=begun_on)
        for begun_on in (date(2023, 12, 20), date(2025, 12, 20))
    )
    assert counting_on([early, now], date(2026, 1, 10)) == [now]


def test_hours_attested_as_a_whole_count_and_name_no_node() -> None:
    covered = coverage_of([entry("", 1, part=""), entry("1.1", 1)], "initial", NODES)
    assert (covered.hours, covered.gaps) == (200, ())
    assert coverage_of([entry("9.9", 1), entry("1.1", 5)], "initial", ()).hours == 600


def test_attested_and_measured_hours_of_one_person_stand_side_by_side() -> None:
    attested = Attested(LedgerKey("officer.general", "initial", None, "", "", Origin.ATTESTED), HOUR * 1000)
    evidence = Evidence(visits={visit().id: visit()}, traces=(trace(OPENED, 0), *beats(15, 60)), attested=(attested,))
    assert total_of(evidence, recall_rules, rules_on) == {KEY: 60, attested.key: HOUR}


spans = st.tuples(st.integers(0, 90_000_000), st.integers(1, 40_000_000)).map(
    lambda pair: Span(NINE + pair[0], NINE + pair[0] + pair[1])
)


@given(classes=st.lists(spans, max_size=6), first=st.integers(0, 4000), count=st.integers(0, 40))
def test_no_instant_counts_twice_and_no_day_beyond_its_cap(classes: list[Span], first: int, count: int) -> None:
    marks = (trace(OPENED, first), *beats(first + 15, first + 15 * count))
    evidence = Evidence(
        visits={visit().id: visit()}, traces=marks, classes=tuple(ClassSpan(span, CLASS_KEY) for span in classes)
    )
    pieces = pieces_of(evidence, recall_rules, rules_on)
    ordered = sorted(pieces, key=lambda piece: piece.span.start)
    assert all(one.span.end <= two.span.start for one, two in pairwise(ordered))
    assert list(cap_days(ordered, rules_on)) == ordered


class Study(RuleBasedStateMachine):
    """A learner with several devices, a forger, a network that loses and doubles, and a server that crashes.

    The server's clock runs on, and once in a while it is set back; what clients say is drawn at will. `settled` is what
    the live server shows; the traces are all that outlives a crash.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = self.latest = NINE
        self.live = Live()
        self.traces: list[Trace] = []
        self.visits: dict[UUID, Visit] = {}
        self.settled = {LESSON: 0, OTHER: 0}

    @initialize(minutes=st.integers(2, 60))
    def start(self, minutes: int) -> None:
        self.minutes = minutes
        self.open(LESSON)

    @rule(lesson=st.sampled_from([LESSON, OTHER]))
    def open(self, lesson: UUID) -> None:
        fresh = visit(len(self.visits) + 1, lesson=lesson, minutes=self.minutes)
        self.visits[fresh.id] = fresh
        self.keep(open_visit(self.live, fresh.id, at=self.now, rules=RULES, draw=lambda _: 60_000))

    @rule(after=st.integers(0, 120_000))
    def wait(self, after: int) -> None:
        self.pass_time(after)

    def pass_time(self, after: int) -> None:
        self.now += after
        self.latest = max(self.latest, self.now)

    @rule(back=st.integers(1, 300_000))
    def set_the_clock_back(self, back: int) -> None:
        self.now = max(self.now - back, NINE)

    @rule(count=st.integers(1, 30), every=st.sampled_from([13_000, 15_000, 16_500, 31_000]))
    def study_honestly(self, count: int, every: int) -> None:
        for _ in range(count):
            if self.live.watch.visit is None:
                return
            self.pass_time(every)
            front = self.front(self.live.watch.visit)
            said = Beat(
                seq=self.live.line.seq + 1,
                after="",
                position_ms=front.reach_ms + every,
                seen=True,
                idle_s=0,
                clock_ms=(self.live.line.clock_ms or 0) + every,
            )
            self.beat(said, self.live.watch.visit, genuine=True)

    @rule(
        data=st.data(),
        jump=st.integers(0, 40_000),
        seq=st.integers(-2, 3),
        position=st.integers(0, 4_000_000),
        clock=st.integers(0, 2**40),
        genuine=st.booleans(),
        seen=st.booleans(),
        idle=st.integers(0, 400),
    )
    def forge(
        self,
        data: st.DataObject,
        jump: int,
        seq: int,
        position: int,
        clock: int,
        genuine: bool,  # noqa: FBT001  # Hypothesis passes by keyword
        seen: bool,  # noqa: FBT001
        idle: int,
    ) -> None:
        self.pass_time(jump)
        whose = data.draw(st.sampled_from(sorted(self.visits)))
        said = Beat(
            seq=max(self.live.line.seq + seq, 0),
            after="",
            position_ms=position,
            seen=seen,
            idle_s=idle,
            clock_ms=clock,
        )
        self.beat(said, whose, genuine=genuine)

    @precondition(lambda self: self.live.watch.visit is not None)
    @rule()
    def answer(self) -> None:
        assert self.live.watch.visit is not None
        self.keep(hear_answer(self.live, visit=self.live.watch.visit, at=self.now, rules=RULES))

    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        whose = data.draw(st.sampled_from(sorted(self.visits)))
        self.keep(close_visit(self.live, whose, at=self.now, rules=RULES))

    @rule()
    def crash(self) -> None:
        """Forget everything but the traces; the line is the last beat's, the draw is made anew."""
        watch = Watch()
        for each in self.traces:
            watch = step(watch, each, RULES).watch
        assert watch == self.live.watch
        self.live = Live(watch=watch, line=self.live.line, due_ms=60_000)

    def beat(self, said: Beat, whose: UUID, *, genuine: bool) -> None:
        front = self.front(whose)
        heard = hear_beat(
            self.live, said, front, RULES, visit=whose, at=self.now, genuine=genuine, draw=lambda _: 90_000
        )
        before = self.total(self.traces)
        self.keep(heard)
        if heard.traces == ():
            assert self.total(self.traces) == before
        if heard.oddity is not None:
            assert self.total(self.traces) <= before

    def front(self, whose: UUID) -> Front:
        lesson = self.visits[whose].lesson
        waiting = sum(each.span.length for each in self.live.watch.pending if self.visits[each.visit].lesson == lesson)
        return Front(reach_ms=self.settled[lesson] + waiting, length_ms=self.visits[whose].length_ms)

    def keep(self, heard: Heard) -> None:
        self.live = heard.live
        self.traces += heard.traces
        for each in heard.proved:
            self.settled[self.visits[each.visit].lesson] += each.span.length

    def evidence(self, traces: list[Trace]) -> Evidence:
        return Evidence(visits=self.visits, traces=tuple(traces))

    def total(self, traces: list[Trace]) -> int:
        return sum(each.span.length for each in follow(self.evidence(traces), recall_rules))

    @invariant()
    def nobody_earns_more_than_wall_time(self) -> None:
        assert self.total(self.traces) <= self.latest - NINE

    @invariant()
    def no_instant_counts_twice(self) -> None:
        spans = sorted((each.span.start, each.span.end) for each in follow(self.evidence(self.traces), recall_rules))
        assert all(one[1] <= two[0] for one, two in pairwise(spans))

    @invariant()
    def a_replay_gives_what_the_server_kept(self) -> None:
        kept = sum(self.settled.values()) + sum(each.span.length for each in self.live.watch.standing)
        assert self.total(self.traces) == kept
        pieces = pieces_of(self.evidence(self.traces), recall_rules, rules_on)
        assert sum(piece.span.length for piece in pieces) == kept

    @invariant()
    def no_lesson_is_studied_beyond_its_length(self) -> None:
        for lesson in self.settled:
            assert self.settled[lesson] <= self.minutes * 60_000


TestStudy = Study.TestCase
TestStudy.settings = settings(max_examples=60, stateful_step_count=40)


def hear(live: Live, *, at: int, seq: int, front: Front, clock: int | None = None, **more: object) -> Heard:
    said: dict[str, object] = {
        "seq": seq,
        "after": "",
        "seen": True,
        "idle_s": 0,
        "clock_ms": clock if clock is not None else 0,
        **more,
    }
    arguments: Mapping[str, bool] = {"genuine": True}
    return hear_beat(
        live,
        msgspec.convert(said, Beat),
        front,
        RULES,
        visit=visit().id,
        at=NINE + at,
        draw=lambda _: 600_000,
        **arguments,
    )


FRONT = Front(reach_ms=0, length_ms=2_700_000)


@pytest.fixture
def opened() -> Live:
    return open_visit(Live(), visit().id, at=NINE, rules=RULES, draw=lambda _: 600_000).live


def test_beat_before_its_time_is_refused_and_noticed(opened: Live) -> None:
    heard = hear(opened, at=8_999, seq=1, front=FRONT, position_ms=8_999)
    assert (heard.traces, heard.oddity) == ((), Oddity.TOO_FAST)


def test_same_beat_again_is_the_network_and_an_older_one_is_a_replay(opened: Live) -> None:
    first = hear(opened, at=15_000, seq=1, front=FRONT, position_ms=15_000).live
    assert hear(first, at=15_100, seq=1, front=FRONT).repeated
    second = hear(first, at=30_000, seq=2, front=FRONT, clock=15_000).live
    assert hear(second, at=45_000, seq=1, front=FRONT).oddity is Oddity.REPLAYED


def test_beat_out_of_turn_is_forged(opened: Live) -> None:
    assert hear(opened, at=15_000, seq=5, front=FRONT).oddity is Oddity.FORGED


def test_beat_of_the_lesson_left_behind_tells_of_two_devices(opened: Live) -> None:
    moved = open_visit(opened, visit(2).id, at=NINE + 5000, rules=RULES, draw=lambda _: 1).live
    assert hear(moved, at=15_000, seq=1, front=FRONT).oddity is Oddity.TWO_DEVICES


def test_device_clock_that_jumps_is_noticed_and_earns_nothing(opened: Live) -> None:
    first = hear(opened, at=15_000, seq=1, front=FRONT, clock=1000, position_ms=15_000).live
    reached = Front(reach_ms=15_000, length_ms=2_700_000)
    heard = hear(first, at=30_000, seq=2, front=reached, clock=86_400_000, position_ms=30_000)
    assert heard.oddity is Oddity.CLOCK_SHIFTED
    assert heard.live.watch.pending == first.watch.pending == (StudySpan(Span(NINE, NINE + 15_000), visit().id),)


def test_playhead_ahead_of_the_clock_is_noticed_and_earns_nothing(opened: Live) -> None:
    heard = hear(opened, at=15_000, seq=1, front=FRONT, position_ms=19_001)
    assert (heard.oddity, heard.live.watch.pending) == (Oddity.SKIPPED_AHEAD, ())


def test_text_advances_in_the_open_part_and_never_into_a_closed_one(opened: Live) -> None:
    text = Front(reach_ms=0, length_ms=60_000, units=(10_000, 60_000))
    first = hear(opened, at=15_000, seq=1, front=text, unit=0)
    assert first.live.watch.pending[0].span.length == 10_000
    assert hear(opened, at=15_000, seq=1, front=text, unit=1).oddity is Oddity.SKIPPED_AHEAD
    reached = Front(reach_ms=10_000, length_ms=60_000, units=(10_000, 60_000))
    assert hear(first.live, at=30_000, seq=2, front=reached, unit=1, clock=15_000).traces[0].advance_ms == 15_000
    assert hear(first.live, at=30_000, seq=2, front=reached, unit=0, clock=15_000).traces[0].advance_ms == 0


def test_check_is_asked_when_it_is_due_and_at_the_end_of_a_lesson(opened: Live) -> None:
    soon = msgspec.structs.replace(opened, due_ms=10_000)
    heard = hear(soon, at=15_000, seq=1, front=FRONT, position_ms=15_000)
    assert [each.kind for each in heard.traces] == [BEAT, ASKED]
    short = Front(reach_ms=0, length_ms=15_000)
    assert [each.kind for each in hear(opened, at=15_000, seq=1, front=short, position_ms=15_000).traces] == [
        BEAT,
        ASKED,
    ]


def test_check_answered_after_a_silence_is_noticed_and_counts(opened: Live) -> None:
    soon = msgspec.structs.replace(opened, due_ms=10_000)
    asked = hear(soon, at=15_000, seq=1, front=FRONT, position_ms=15_000).live
    in_time = hear_answer(asked, visit=visit().id, at=NINE + 75_000, rules=RULES)
    late = hear_answer(asked, visit=visit().id, at=NINE + 75_001, rules=RULES)
    assert (in_time.oddity, late.oddity) == (None, Oddity.LATE_ANSWER)
    assert in_time.proved == late.proved == (StudySpan(Span(NINE, NINE + 15_000), visit().id),)


def test_short_visits_are_asked_as_often_as_one_long_one() -> None:
    live, asked = Live(), 0
    for number in range(1, 31):
        live = open_visit(live, visit(number).id, at=NINE + number * 60_000, rules=RULES, draw=lambda _: 300_000).live
        said = Beat(seq=1, after="", position_ms=15_000, seen=True, idle_s=0, clock_ms=0)
        heard = hear_beat(
            live,
            said,
            FRONT,
            RULES,
            visit=visit(number).id,
            at=NINE + number * 60_000 + 15_000,
            genuine=True,
            draw=lambda _: 300_000,
        )
        asked += sum(each.kind is ASKED for each in heard.traces)
        live = hear_answer(heard.live, visit=visit(number).id, at=NINE + number * 60_000 + 16_000, rules=RULES).live
    assert asked == 1


def test_every_rule_is_explained_in_english_too() -> None:
    english = Catalogue(["exam.training"]).english
    told = {sourced.source for version in all_rules() for sourced in explain_rules(version).values()}
    assert sorted(told - english.keys()) == []
