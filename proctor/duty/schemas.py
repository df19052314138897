"""Forms of duty; unknown fields are refused."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from proctor.duty.service import MAX_NOTE

Note = Annotated[str, msgspec.Meta(max_length=MAX_NOTE)]


class Taking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Taking charge of a room, with words where its proctor has gone."""

    reason: Note = ""
    _csrf_token: str = ""


class HandoverForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom, with what words, and whether all rooms go; `to` is an account or empty."""

    to: Annotated[str, msgspec.Meta(max_length=36)] = ""
    note: Annotated[str, msgspec.Meta(max_length=4 * MAX_NOTE)] = ""
    rooms: Literal["one", "all"] = "one"
    _csrf_token: str = ""

    def colleague(self) -> UUID | None:
        """Return the chosen account, or None for none."""
        try:
            return UUID(self.to)
        except ValueError:
            return None


class Declining(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a colleague does not take the room."""

    reason: Note = ""
    _csrf_token: str = ""
