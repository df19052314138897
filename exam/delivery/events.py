"""What other packages may hear of attempts."""

from typing import Literal
from uuid import UUID

from exam.core.events import Event


class AttemptSubmitted(Event, frozen=True):
    """An attempt has ended with its answers: handed in, or finalised by the server after the deadline."""

    attempt_id: UUID
    sitting_id: UUID
    registration_id: UUID
    how: Literal["submitted", "expired"]


class AttemptVoided(Event, frozen=True):
    """An attempt counts for nothing."""

    attempt_id: UUID
    sitting_id: UUID
    registration_id: UUID


class HoldPlaced(Event, frozen=True):
    """Somebody doubts an attempt: its result is kept back, or looked at again where it has been told."""

    attempt_id: UUID
    hold_id: UUID
