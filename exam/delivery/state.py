"""States of an attempt (一次作答) and the only ways from one to another."""

from enum import StrEnum

from exam.core.errors import ConflictError


class AttemptState(StrEnum):
    """Where an attempt stands; it moves only forward, except between in progress and paused."""

    CREATED = "created"
    CHECKED_IN = "checked_in"
    READY = "ready"
    IN_PROGRESS = "in_progress"
    PAUSED = "paused"
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    SCORED = "scored"
    RELEASED = "released"
    VOIDED = "voided"


class Act(StrEnum):
    """What may happen to an attempt as a whole."""

    CHECK_IN = "check_in"
    ADMIT = "admit"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    SUBMIT = "submit"
    EXPIRE = "expire"
    SCORE = "score"
    RELEASE = "release"
    VOID = "void"


_S, _A = AttemptState, Act

EDGES: dict[tuple[AttemptState, Act], AttemptState] = {
    (_S.CREATED, _A.CHECK_IN): _S.CHECKED_IN,
    (_S.CHECKED_IN, _A.ADMIT): _S.READY,
    (_S.READY, _A.START): _S.IN_PROGRESS,
    (_S.IN_PROGRESS, _A.PAUSE): _S.PAUSED,
    (_S.PAUSED, _A.RESUME): _S.IN_PROGRESS,
    (_S.IN_PROGRESS, _A.SUBMIT): _S.SUBMITTED,
    (_S.IN_PROGRESS, _A.EXPIRE): _S.EXPIRED,
    # a pause that nobody lifts ends with the sitting; a paused candidate hands in after it is lifted
    (_S.PAUSED, _A.EXPIRE): _S.EXPIRED,
    (_S.SUBMITTED, _A.SCORE): _S.SCORED,
    (_S.EXPIRED, _A.SCORE): _S.SCORED,
    (_S.SCORED, _A.RELEASE): _S.RELEASED,
} | {(state, _A.VOID): _S.VOIDED for state in _S if state is not _S.VOIDED}
"""Every allowed act; what is not listed is refused."""

OPEN_STATES = frozenset({_S.CREATED, _S.CHECKED_IN, _S.READY, _S.IN_PROGRESS, _S.PAUSED})
"""Before the end: terminals, deadlines and leases may still change."""

FINISHED_STATES = frozenset(_S) - OPEN_STATES
"""No response, deadline or lease changes any more."""


class AttemptStateError(ConflictError):
    """The act is not allowed in the attempt's present state."""

    code = "attempt_state"
    message = "当前作答状态({state})不允许这项操作({act})。"


class AttemptFinalisedError(AttemptStateError):
    """The attempt has ended, on whichever terminal, and nothing about its answers may change."""

    code = "attempt_finalised"
    message = "本场作答已经结束,不能再更改。"


def next_state(state: AttemptState, act: Act) -> AttemptState:
    """Return the state after an act, or raise `AttemptStateError` (`AttemptFinalisedError` once it has ended)."""
    following = EDGES.get((state, act))
    if following is None:
        refusal = AttemptFinalisedError if state in FINISHED_STATES else AttemptStateError
        raise refusal(state=state.value, act=act.value)
    return following
