"""Reading registrations: one query, one view."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.sitting.errors import RegistrationNotFoundError
from exam.sitting.models import Registration, Room
from exam.sitting.views import RefusalView, RegistrationKind, RegistrationState, RegistrationView

_FROM_ROW = tuple(name for name in RegistrationView.__struct_fields__ if name != "room_name")


def registration_view_of(values: Mapping[str, Any]) -> RegistrationView:
    """Build the view from the columns of a registration and its room's name."""
    kept = {name: values[name] for name in RegistrationView.__struct_fields__}
    typed = {"state": RegistrationState(values["state"]), "kind": RegistrationKind(values["kind"])}
    return RegistrationView(**kept | typed)


def registration_view(row: Registration, room_name: str) -> RegistrationView:
    """Return the frozen view of a row that has a room."""
    return registration_view_of({name: getattr(row, name) for name in _FROM_ROW} | {"room_name": room_name})


def _seated() -> Select[Registration, str]:
    return select(Registration, Room.name).join(Room, Room.id == Registration.room_id)


async def get_registration(session: AsyncSession, registration_id: UUID) -> RegistrationView:
    """Return a registration of the scope that was given a seat; raises RegistrationNotFoundError."""
    row = (await session.execute(_seated().where(Registration.id == registration_id))).one_or_none()
    if row is None:
        raise RegistrationNotFoundError(registration_id=str(registration_id))
    registration, room_name = row
    return registration_view(registration, room_name)


async def list_registrations(
    session: AsyncSession, sitting_id: UUID, *, room_id: UUID | None = None
) -> list[RegistrationView]:
    """Return the accepted registrations of a sitting, or of one of its rooms, by room and seat."""
    query = _seated().where(Registration.sitting_id == sitting_id, Registration.state == RegistrationState.ACCEPTED)
    if room_id is not None:
        query = query.where(Registration.room_id == room_id)
    rows = await session.execute(query.order_by(Room.position, Registration.seat_no))
    return [registration_view(row, room_name) for row, room_name in rows]


async def list_registrations_of(session: AsyncSession, person_id: UUID) -> list[RegistrationView]:
    """Return the accepted registrations of a person within the scope, the latest first."""
    query = _seated().where(Registration.person_id == person_id, Registration.state == RegistrationState.ACCEPTED)
    rows = await session.execute(query.order_by(Registration.registered_at.desc()))
    return [registration_view(row, room_name) for row, room_name in rows]


async def list_refusals(session: AsyncSession, sitting_id: UUID) -> list[RefusalView]:
    """Return the refused applications of a sitting, the latest first."""
    rows = await session.scalars(
        select(Registration)
        .where(Registration.sitting_id == sitting_id, Registration.state == RegistrationState.REFUSED)
        .order_by(Registration.registered_at.desc()),
    )
    return [
        RefusalView(id=row.id, person_id=row.person_id, registered_at=row.registered_at, reasons=row.reasons)
        for row in rows
    ]
