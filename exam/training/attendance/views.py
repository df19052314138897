"""What pages see of attendance."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from exam.training.classes.views import EnrolmentView, SessionView


class Status(StrEnum):
    """Whether somebody was there."""

    PRESENT = "present"
    ABSENT = "absent"


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """Attendance in one session: both instants are None for somebody absent."""

    status: Status
    from_at: datetime | None = None
    until_at: datetime | None = None

    def is_late(self, session: SessionView, grace_s: int) -> bool:
        """Say whether somebody came later than the grace allows."""
        return self.from_at is not None and (self.from_at - session.starts_at).total_seconds() > grace_s

    def left_early(self, session: SessionView) -> bool:
        """Say whether somebody left before the end."""
        return self.until_at is not None and self.until_at < session.ends_at


class RollLine(msgspec.Struct, frozen=True, kw_only=True):
    """One learner on the roll: when signed, what was confirmed, what the signs propose."""

    enrolment: EnrolmentView
    signed_in_at: datetime | None
    signed_out_at: datetime | None
    photo_key: str | None
    confirmed: Presence | None
    revision: int
    proposed: Presence
    correction: UUID | None
    """An open correction of this line."""


class CorrectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A correction with the people behind it."""

    id: UUID
    session_id: UUID
    enrolment_id: UUID
    presence: Presence
    reason: str
    state: str
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
