"""Forms and JSON bodies of the proctor's desk; unknown fields are refused."""

from typing import Annotated
from uuid import UUID

import msgspec

Reason = Annotated[str, msgspec.Meta(max_length=40)]


class Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One act with its reason; `minutes` counts for extending, `terminal_id` for a transfer, `text` or `ready` for a message."""

    reason: Reason = ""
    note: Annotated[str, msgspec.Meta(max_length=500)] = ""
    minutes: Annotated[int, msgspec.Meta(ge=1, le=60)] | None = None
    terminal_id: UUID | None = None
    text: Annotated[str, msgspec.Meta(max_length=500)] = ""
    ready: Annotated[str, msgspec.Meta(max_length=40)] = ""
    _csrf_token: str = ""


class Binding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code on a terminal's screen and the seat it stands at."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=12)]
    seat: Annotated[str, msgspec.Meta(min_length=1, max_length=12)]
    _csrf_token: str = ""


class Done(msgspec.Struct):
    """How many attempts an act reached."""

    count: int


class SeatState(msgspec.Struct):
    """One seat of the room for programs."""

    registration_id: UUID
    seat: str
    attempt_id: UUID | None
    state: str
    answered: int
    remaining_ms: int | None
    hand_raised: bool


class Bound(msgspec.Struct):
    """The terminal that was bound."""

    terminal_id: UUID
