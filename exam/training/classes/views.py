"""What pages and other packages see of classes."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec


class ClassState(StrEnum):
    """Where a class stands; a plan that is changed or returned goes back to planned."""

    PLANNED = "planned"
    FILED = "filed"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class EnrolmentState(StrEnum):
    """Where a person in a class stands."""

    ENROLLED = "enrolled"
    COMPLETED = "completed"
    WITHDRAWN = "withdrawn"
    TRANSFERRED = "transferred"


PRESENT = (EnrolmentState.ENROLLED, EnrolmentState.COMPLETED)
"""Who takes a place."""


class ClassView(msgspec.Struct, frozen=True, kw_only=True):
    """A class with the places taken."""

    id: UUID
    programme_id: UUID
    organisation_id: UUID
    body_name: str
    region: str
    qualification: str
    kind: str
    title: str
    starts_on: date
    ends_on: date
    capacity: int
    photo_asked: bool
    state: ClassState
    plan_digest: str
    remark: str
    filed_at: datetime | None
    taken: int

    def is_over(self, today: date) -> bool:
        return self.ends_on < today

    def is_running(self, today: date) -> bool:
        """Whether what is studied on a day counts: the class has begun, and its plan stands filed."""
        return self.state is ClassState.FILED and self.starts_on <= today <= self.ends_on


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """One session of a timetable."""

    id: UUID
    class_id: UUID
    region: str
    starts_at: datetime
    ends_at: datetime
    venue_id: UUID
    venue_name: str
    teacher_id: UUID
    teacher_name: str
    node: str
    node_title: str
    part: str
    filed_at: datetime | None

    @property
    def seconds(self) -> int:
        return int((self.ends_at - self.starts_at).total_seconds())

    def began_unfiled(self, at: datetime) -> bool:
        """Whether it had begun by an instant, and no filed plan held it before."""
        return self.filed_at is None and self.starts_at <= at


class EnrolmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A person in a class."""

    id: UUID
    class_id: UUID
    person_id: UUID
    organisation_id: UUID | None
    region: str
    qualification: str
    kind: str
    state: EnrolmentState
    reason: str
    enrolled_at: datetime
    ended_at: datetime | None


class OpenClass(msgspec.Struct, frozen=True, kw_only=True):
    """A class that anybody may send people to."""

    id: UUID
    title: str
    qualification: str
    kind: str
    body_name: str
    region: str
    starts_on: date
    ends_on: date
    capacity: int
    taken: int

    @property
    def places(self) -> int:
        return max(self.capacity - self.taken, 0)
