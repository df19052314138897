"""What sittings tell the packages above."""

from uuid import UUID

from exam.core.events import Event


class RegistrationAccepted(Event, frozen=True, kw_only=True):
    """A person has a seat in a sitting."""

    registration_id: UUID
    person_id: UUID
    sitting_id: UUID


class SittingClosed(Event, frozen=True, kw_only=True):
    """Nobody can start in the sitting any more, and nobody is at work in it."""

    sitting_id: UUID
