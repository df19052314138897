"""What other packages may hear of results."""

from typing import Literal
from uuid import UUID

from exam.core.events import Event


class ResultReleased(Event, frozen=True):
    """A result version has been told; `version` above 1 is a correction, which may turn a pass into a fail or back."""

    registration_id: UUID
    result_id: UUID
    attempt_id: UUID | None
    person_id: UUID
    qualification: str
    part: Literal["theory", "practical"]
    passed: bool
    version: int


class PracticalDecided(Event, frozen=True):
    """Two assessors agree on a practical part, or a third has settled it."""

    registration_id: UUID
    result_id: UUID
    person_id: UUID
    qualification: str
    passed: bool
