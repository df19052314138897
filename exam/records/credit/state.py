"""What may follow what between a lead and a decision; pure. The database refuses the same steps (`records_guard_clue`)."""

from enum import StrEnum

from exam.core.errors import ConflictError


class ClueStateError(ConflictError):
    """The lead has gone on in the meantime, or never comes to this step from here."""

    code = "clue_state"
    message = "线索的状态已经改变,请刷新后再看。"


class ClueState(StrEnum):
    """线索状态."""

    FOUND = "found"
    """待核查: a fact of the platform's, of which nobody has said anything yet."""
    DISMISSED = "dismissed"
    """核查后不成立."""
    NOTICED = "noticed"
    """已告知: the party knows the facts, the basis and its rights, and its time to answer runs."""
    HEARD = "heard"
    """已陈述申辩."""
    DRAFTED = "drafted"
    """决定待复核: written down by one person, waiting for a second."""
    DECIDED = "decided"
    """已处罚."""
    CLOSED = "closed"
    """不予处罚: decided by two people as well."""


FOLLOWS = {
    ClueState.FOUND: frozenset({ClueState.DISMISSED, ClueState.NOTICED}),
    ClueState.DISMISSED: frozenset[ClueState](),
    ClueState.NOTICED: frozenset({ClueState.HEARD, ClueState.DRAFTED}),
    ClueState.HEARD: frozenset({ClueState.DRAFTED}),
    ClueState.DRAFTED: frozenset({ClueState.HEARD, ClueState.DECIDED, ClueState.CLOSED}),
    ClueState.DECIDED: frozenset[ClueState](),
    ClueState.CLOSED: frozenset[ClueState](),
}
TOLD = frozenset(ClueState) - {ClueState.FOUND, ClueState.DISMISSED}
"""From the notice on the party reads its own case; before it, and of what was dismissed, nobody outside does."""


def require_step(state: str, wanted: ClueState) -> None:
    """Raise ClueStateError unless a lead may go from one state to the other."""
    if wanted not in FOLLOWS[ClueState(state)]:
        raise ClueStateError
