"""Bodies and answers of the centre's routes; unknown fields are refused, instants are epoch milliseconds in UTC."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec

from exam.sitting.readiness import Readiness
from exam.sitting.views import RegistrationView, RoomView, SittingView
from exam.web.forms import Form

Text = Annotated[str, msgspec.Meta(max_length=200)]
EpochMs = Annotated[int, msgspec.Meta(ge=0, le=4_102_444_800_000)]


def to_ms(instant: datetime) -> int:
    """Return an instant as epoch milliseconds."""
    return round(instant.timestamp() * 1000)


def from_ms(milliseconds: int) -> datetime:
    """Return the aware instant of epoch milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class RoomIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A room to be."""

    name: Text
    seats: int


class SittingIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sitting to be; `plan_id` joins a standing plan, else `plan_title` makes one."""

    qualification: Text
    starts_at: EpochMs
    ends_at: EpochMs
    rooms: Annotated[list[RoomIn], msgspec.Meta(max_length=100)]
    plan_id: UUID | None = None
    plan_title: Text = ""


class RegistrationIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An application; `photo` is base64 of a JPEG or PNG."""

    name: Text
    id_number: Text
    uscc: Text | None = None
    photo: bytes | None = None


class RoomOut(msgspec.Struct, frozen=True):
    """A room."""

    id: UUID
    name: str
    seats: int

    @classmethod
    def of(cls, room: RoomView) -> Self:
        return cls(room.id, room.name, room.seats)


class SittingOut(msgspec.Struct, frozen=True, kw_only=True):
    """A sitting with its rooms and its readiness board."""

    id: UUID
    plan_id: UUID
    title: str
    qualification: str
    region: str
    centre_id: UUID
    centre_name: str
    address: str
    starts_at: int
    ends_at: int
    duration_s: int
    state: str
    rule_set: str
    rooms: list[RoomOut]
    readiness: Readiness

    @classmethod
    def of(cls, sitting: SittingView, rooms: list[RoomView], board: Readiness) -> Self:
        shared = {name: getattr(sitting, name) for name in _SHARED}
        return cls(
            **shared,
            starts_at=to_ms(sitting.starts_at),
            ends_at=to_ms(sitting.ends_at),
            rooms=[RoomOut.of(room) for room in rooms],
            readiness=board,
        )


_SHARED = (
    "id",
    "plan_id",
    "title",
    "qualification",
    "region",
    "centre_id",
    "centre_name",
    "address",
    "duration_s",
    "state",
    "rule_set",
)


class RegistrationOut(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted registration; `ticket` is what the QR of the admission ticket holds."""

    id: UUID
    sitting_id: UUID
    person_id: UUID
    room_id: UUID
    room_name: str
    seat: str
    state: str
    kind: str
    rule_set: str
    ticket: str

    @classmethod
    def of(cls, view: RegistrationView, ticket: str) -> Self:
        names = [name for name in cls.__struct_fields__ if name != "ticket"]
        return cls(**{name: getattr(view, name) for name in names}, ticket=ticket)


class SittingForm(Form, frozen=True, kw_only=True):
    """The form of a new sitting as typed; rooms are one per line, name and seats."""

    plan_title: Text = ""
    qualification: Text = ""
    starts_on: Text = ""
    starts_time: Text = ""
    entry_minutes: Text = "30"
    rooms: Annotated[str, msgspec.Meta(max_length=5000)] = ""


class RegistrationForm(Form, frozen=True, kw_only=True):
    """The form of a registration as typed; the photo comes as a file beside it."""

    name: Text = ""
    id_number: Text = ""
    uscc: Text = ""


class EnterpriseForm(Form, frozen=True, kw_only=True):
    """The form of a new enterprise as typed; `back` is the sitting that waits for it."""

    name: Text = ""
    uscc: Text = ""
    industry: Text = ""
    back: Text = ""


class ReasonForm(Form, frozen=True, kw_only=True):
    """Why an act is done."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class EmptyForm(Form, frozen=True, kw_only=True):
    """A button alone."""


class BatchForm(Form, frozen=True, kw_only=True):
    """The workbook that was tried and is now to be done."""

    file: Text


class CheckForm(Form, frozen=True, kw_only=True):
    """One field of the registration form while it is being typed."""

    id_number: Text = ""
    uscc: Text = ""


def typed(form: msgspec.Struct) -> dict[str, Any]:
    """Return what was typed, to be shown again beside the error."""
    return {name: getattr(form, name) for name in form.__struct_fields__ if name != "csrf_token"}
