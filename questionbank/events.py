"""What the bank tells the packages above."""

from uuid import UUID

from exam.core.events import Event


class ViewUnsealed(Event, frozen=True, kw_only=True):
    """Enough custodians have come: the key of one view of a sitting's forms is there."""

    sitting_id: UUID
    view: str
