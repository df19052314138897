from itertools import product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from exam.core.errors import Kind
from exam.delivery.state import (
    EDGES,
    FINISHED_STATES,
    OPEN_STATES,
    Act,
    AttemptFinalisedError,
    AttemptState,
    AttemptStateError,
    next_state,
)

RANK = {
    state: rank
    for rank, states in enumerate(
        (
            ("created",),
            ("checked_in",),
            ("ready",),
            ("in_progress", "paused"),
            ("submitted", "expired"),
            ("scored",),
            ("released",),
            ("voided",),
        )
    )
    for state in map(AttemptState, states)
}

LISTED = {
    "created": {"check_in": "checked_in"},
    "checked_in": {"admit": "ready"},
    "ready": {"start": "in_progress"},
    "in_progress": {"pause": "paused", "submit": "submitted", "expire": "expired"},
    "paused": {"resume": "in_progress", "expire": "expired"},
    "submitted": {"score": "scored"},
    "expired": {"score": "scored"},
    "scored": {"release": "released"},
    "released": {},
}


@pytest.mark.parametrize(("state", "act"), list(product(AttemptState, Act)))
def test_only_listed_acts_succeed(state: AttemptState, act: Act) -> None:
    expected = LISTED.get(state, {}).get(act)
    if act is Act.VOID and state is not AttemptState.VOIDED:
        expected = "voided"
    if expected is not None:
        assert next_state(state, act) == expected
        return
    with pytest.raises(AttemptStateError) as refusal:
        next_state(state, act)
    assert refusal.value.fields == {"state": state.value, "act": act.value}
    assert refusal.value.kind is Kind.CONFLICT


def test_every_state_is_reached() -> None:
    assert set(EDGES.values()) | {AttemptState.CREATED} == set(AttemptState)


@pytest.mark.parametrize("state", sorted(FINISHED_STATES))
def test_a_finished_attempt_is_refused_by_name(state: AttemptState) -> None:
    with pytest.raises(AttemptFinalisedError):
        next_state(state, Act.SUBMIT)


class AttemptLife(RuleBasedStateMachine):
    """Any act at any moment, as a hostile or confused caller would try."""

    def __init__(self) -> None:
        super().__init__()
        self.state = AttemptState.CREATED
        self.finished = False

    @rule(act=st.sampled_from(Act))
    def attempt(self, act: Act) -> None:
        before = self.state
        try:
            self.state = next_state(before, act)
        except AttemptStateError:
            assert (before, act) not in EDGES
            return
        assert EDGES[before, act] is self.state
        assert RANK[self.state] >= RANK[before]

    @rule()
    def walk_on(self) -> None:
        onward = [act for state, act in EDGES if state is self.state and act is not Act.VOID]
        if onward:
            self.attempt(onward[-1])

    @invariant()
    def a_finished_attempt_stays_finished(self) -> None:
        assert self.state in FINISHED_STATES or not self.finished
        assert (self.state in FINISHED_STATES) != (self.state in OPEN_STATES)
        self.finished = self.state in FINISHED_STATES


AttemptLife.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestAttemptLife = AttemptLife.TestCase
