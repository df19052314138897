from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exam.core.clock import FrozenClock
from exam.delivery.timing import (
    DRAIN_S,
    TimeTakenAwayError,
    accepts_hand_in,
    deadline,
    finalise_due_at,
    pause_extension_ms,
    remaining_ms,
    server_ends_at,
)

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MS = timedelta(milliseconds=1)
EXTENSIONS = st.lists(st.integers(0, 3_600_000), max_size=5)


@given(st.integers(0, 36_000), EXTENSIONS)
def test_nobody_gets_less_than_the_duration(duration_s: int, extensions: list[int]) -> None:
    assert deadline(START, duration_s, extensions) - START == timedelta(seconds=duration_s) + sum(extensions) * MS


@pytest.mark.parametrize(("offset", "accepted"), [(-1, True), (0, True), (1, False)])
def test_handing_in_is_possible_through_the_last_millisecond_of_grace(offset: int, *, accepted: bool) -> None:
    deadline_at = deadline(START, 7200)
    arrived_at = deadline_at + timedelta(seconds=180) + offset * MS
    assert accepts_hand_in(arrived_at, deadline_at, 180) is accepted
    assert accepts_hand_in(deadline_at + offset * MS, deadline_at, 0) is accepted


def test_an_extension_at_the_last_moment_moves_everything() -> None:
    before, after = deadline(START, 7200), deadline(START, 7200, [600_000])
    late = before + 1 * MS
    assert remaining_ms(late, after) == 599_999
    assert finalise_due_at(after, 180) - finalise_due_at(before, 180) == timedelta(minutes=10)


@pytest.mark.parametrize(("micros", "left"), [(0, 0), (1, 1), (999, 1), (1000, 1), (1001, 2), (-1, 0), (-(10**9), 0)])
def test_remaining_is_zero_only_once_the_deadline_has_come(micros: int, left: int) -> None:
    deadline_at = deadline(START, 7200)
    assert remaining_ms(deadline_at - timedelta(microseconds=micros), deadline_at) == left


def test_remaining_stands_still_during_a_pause() -> None:
    deadline_at, paused_at = deadline(START, 7200), START + timedelta(minutes=30)
    left = {remaining_ms(paused_at + timedelta(minutes=n), deadline_at, paused_at) for n in range(200)}
    assert left == {5_400_000}


@given(st.integers(0, 10**9))
def test_a_lifted_pause_gives_back_at_least_itself_and_less_than_a_millisecond_more(micros: int) -> None:
    pause = timedelta(microseconds=micros)
    given_back = pause_extension_ms(START, START + pause) * MS
    assert pause <= given_back < pause + MS


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai", "Europe/Berlin"])
def test_a_clock_change_in_the_zone_of_a_start_does_not_matter(zone: str) -> None:
    for started_at in (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)):
        assert deadline(started_at.astimezone(ZoneInfo(zone)), 7200) - started_at == timedelta(hours=2)


@pytest.mark.parametrize(("duration_s", "extensions"), [(-1, []), (7200, [-1]), (7200, [600_000, -1])])
def test_time_cannot_be_taken_away(duration_s: int, extensions: list[int]) -> None:
    with pytest.raises(TimeTakenAwayError):
        deadline(START, duration_s, extensions)


def test_neither_a_pause_nor_a_grace_period_can_be_negative() -> None:
    with pytest.raises(TimeTakenAwayError):
        pause_extension_ms(START, START - MS)
    with pytest.raises(TimeTakenAwayError):
        finalise_due_at(START, -1)


class CandidateTime(RuleBasedStateMachine):
    """A candidate's time under any mixture of waiting, pauses and extensions."""

    @initialize(duration_s=st.integers(0, 7200))
    def start(self, duration_s: int) -> None:
        self.clock = FrozenClock(START)
        self.duration_s = duration_s
        self.extensions: list[int] = []
        self.paused_at: datetime | None = None
        self.granted_ms = 0
        self.waited = timedelta()
        self.last = duration_s * 1000

    def left(self) -> int:
        return remaining_ms(self.clock.now(), deadline(START, self.duration_s, self.extensions), self.paused_at)

    @rule(micros=st.integers(0, 600_000_000))
    def wait(self, micros: int) -> None:
        self.clock.advance(timedelta(microseconds=micros))
        if self.paused_at is None:
            self.waited += timedelta(microseconds=micros)
        now = self.left()
        assert now <= self.last
        assert self.paused_at is None or now == self.last
        self.last = now

    @rule(extension_ms=st.integers(0, 600_000))
    def extend(self, extension_ms: int) -> None:
        self.extensions.append(extension_ms)
        self.granted_ms += extension_ms
        now = self.left()
        assert self.last <= now <= self.last + extension_ms
        self.last = now

    @precondition(lambda self: self.paused_at is None)
    @rule()
    def pause(self) -> None:
        self.paused_at = self.clock.now()
        assert self.left() == self.last

    @precondition(lambda self: self.paused_at is not None)
    @rule()
    def lift(self) -> None:
        assert self.paused_at is not None
        self.extensions.append(pause_extension_ms(self.paused_at, self.clock.now()))
        self.paused_at = None
        now = self.left()
        assert self.last <= now <= self.last + 1 or self.last == 0
        self.last = now

    @invariant()
    def time_given_is_never_lost(self) -> None:
        given = timedelta(seconds=self.duration_s) + self.granted_ms * MS
        assert self.last * MS >= given - self.waited


CandidateTime.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestCandidateTime = CandidateTime.TestCase


@pytest.mark.parametrize(("grace_s", "waits_s"), [(0, DRAIN_S), (DRAIN_S - 1, DRAIN_S), (DRAIN_S + 1, DRAIN_S + 1)])
def test_the_server_waits_for_saves_under_way_whatever_the_grace(grace_s: int, waits_s: int) -> None:
    assert server_ends_at(START, grace_s) == START + timedelta(seconds=waits_s)
