"""What may follow what in the life of a batch, on both sides; pure.

The database refuses the same steps (`records_guard_batch`).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from exam.core.errors import ConflictError


class BatchState(StrEnum):
    """批次状态."""

    SEALED = "sealed"
    """已封装: made and signed below, not yet above as a whole."""
    ARRIVED = "arrived"
    """待核收: complete above, every row checked; a person decides."""
    ACCEPTING = "accepting"
    """正在入库: a person has accepted it, and a job keeps its rows; the lower node hears of it when they are kept."""
    ACCEPTED = "accepted"
    RETURNED = "returned"
    """已退回: nothing of it was kept above, the reasons stand beside the rows."""
    SUPERSEDED = "superseded"
    """已被更正: a later batch says what this one should have said."""


class BatchStateError(ConflictError):
    """The batch has gone on in the meantime, or never comes to this step from here."""

    code = "batch_state"
    message = "批次状态已经改变,请刷新后再看。"


FOLLOWS: Final[Mapping[BatchState, frozenset[BatchState]]] = {
    BatchState.SEALED: frozenset({BatchState.ARRIVED}),
    BatchState.ARRIVED: frozenset({BatchState.ACCEPTING, BatchState.ACCEPTED, BatchState.RETURNED}),
    BatchState.ACCEPTING: frozenset({BatchState.ACCEPTED, BatchState.ARRIVED}),
    BatchState.RETURNED: frozenset({BatchState.SUPERSEDED}),
    BatchState.ACCEPTED: frozenset(),
    BatchState.SUPERSEDED: frozenset(),
}
OPEN: Final = frozenset({BatchState.SEALED, BatchState.ARRIVED, BatchState.ACCEPTING, BatchState.RETURNED})
"""While a batch is in one of these the next one is not made: what follows of a subject must not overtake it."""


def require_step(state: str, wanted: BatchState) -> None:
    """Raise BatchStateError unless one state may follow the other."""
    if wanted not in FOLLOWS[BatchState(state)]:
        raise BatchStateError
