"""What records publish."""

from uuid import UUID

from exam.core.events import Event


class CreditRecordChanged(Event, frozen=True):
    """A credit record was entered, repaired or withdrawn."""

    record_id: UUID
