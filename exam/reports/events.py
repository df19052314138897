"""What reports publish."""

from uuid import UUID

from exam.core.events import Event


class ReportSubmitted(Event, frozen=True):
    """A signed report was sent to the level above."""

    report_id: UUID
