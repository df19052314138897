"""What records publish."""

from uuid import UUID

from exam.core.events import Event


class MessageKept(Event, frozen=True):
    """A message of a lower node was kept, of a kind that a package acts on."""

    incoming_id: UUID


class AnswerReceived(Event, frozen=True):
    """An upper node has said something of a report."""

    answer_id: UUID


class CreditRecordChanged(Event, frozen=True):
    """A credit record was entered, repaired or withdrawn."""

    record_id: UUID
    state: str = ""
    """What it became; empty in older events."""
