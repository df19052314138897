"""Sittings, rooms and registrations as other packages see them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec


class SittingState(StrEnum):
    """场次状态; it moves only forward."""

    PLANNED = "planned"
    OPEN = "open"
    """Candidates may check in."""
    CLOSED = "closed"
    """Nobody starts any more; marking begins."""
    RELEASED = "released"


class RegistrationState(StrEnum):
    """报名状态."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class RegistrationKind(StrEnum):
    """首考 or 补考."""

    FIRST = "first"
    MAKE_UP = "make_up"


class BanTerm(msgspec.Struct, frozen=True, kw_only=True):
    """Until when a ban stands, its last day included, and on which day it was undone before; Shanghai dates."""

    until_on: date
    lifted_on: date | None


class SittingView(msgspec.Struct, frozen=True, kw_only=True):
    """A sitting; `ends_at` is the last moment at which a candidate may start, `rule_set` a version string."""

    id: UUID
    plan_id: UUID
    title: str
    qualification: str
    region: str
    centre_id: UUID
    centre_name: str
    address: str
    starts_at: datetime
    ends_at: datetime
    duration_s: int
    state: SittingState
    rule_set: str
    blueprint_id: UUID | None
    forms_ready: bool
    forms_keyed: int
    forms_standby: int


class RoomView(msgspec.Struct, frozen=True, kw_only=True):
    """A room of one sitting, its number of seats, and the account that answers for it now."""

    id: UUID
    sitting_id: UUID
    region: str
    name: str
    seats: int
    proctor_id: UUID | None
    proctor_since: datetime | None


class RegistrationView(msgspec.Struct, frozen=True, kw_only=True):
    """A registration that was given a seat ("A-07"); `cancelled` ones keep what they had."""

    id: UUID
    sitting_id: UUID
    person_id: UUID
    organisation_id: UUID | None
    qualification: str
    region: str
    room_id: UUID
    room_name: str
    seat: str
    state: RegistrationState
    rule_set: str
    kind: RegistrationKind
    photo_key: str | None


class RefusalView(msgspec.Struct, frozen=True, kw_only=True):
    """An application that was refused, with the reasons as they were given."""

    id: UUID
    person_id: UUID
    registered_at: datetime
    reasons: list[dict[str, Any]]


class PassView(msgspec.Struct, frozen=True, kw_only=True):
    """A part that a person has passed, anywhere; `valid_until` is the last day on which it counts."""

    part: str
    passed_on: date
    valid_until: date
    result_id: UUID
    recorded_at: datetime
