"""Admission tickets: the secret behind the QR, made once, sealed for printing, found by its digest."""

import asyncio
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.crypto import Sealer, digest
from exam.core.ids import new_token
from exam.core.runtime import Runtime
from exam.identity.api import get_person
from exam.sitting import ticket as layout
from exam.sitting.errors import RegistrationNotFoundError
from exam.sitting.models import Registration, Room, Sitting, Ticket
from exam.sitting.registration_views import registration_view_of
from exam.sitting.views import RegistrationState, RegistrationView
from exam.standards.api import get_qualification

PLACE = "sitting_ticket.secret_sealed"
_FIND = text("select * from sitting_registration_by_ticket(:digest)")


async def issue_ticket(session: AsyncSession, sealer: Sealer, registration: Registration) -> None:
    """Make the ticket of an accepted registration; its secret is 128 random bits that no row holds in clear."""
    secret = new_token()
    session.add(
        Ticket(
            registration_id=registration.id,
            person_id=registration.person_id,
            region=registration.region,
            digest=digest(secret.encode()),
            secret_sealed=sealer.seal(secret, PLACE),
        ),
    )
    await session.flush()


async def find_registration_by_ticket(session: AsyncSession, runtime: Runtime, secret: str) -> RegistrationView | None:  # noqa: ARG001  # the contract's place for ports
    """Return the accepted registration of a scanned ticket, in any scope; the `AKT1.` before the secret may be there."""
    plain = secret.strip().removeprefix(layout.QR_PREFIX)
    row = (await session.execute(_FIND, {"digest": digest(plain.encode())})).mappings().one_or_none()
    if row is None or row["state"] != RegistrationState.ACCEPTED:
        return None
    return registration_view_of(dict(row))


async def ticket_secret(session: AsyncSession, runtime: Runtime, registration_id: UUID) -> str:
    """Return the secret of a ticket of the scope; raises RegistrationNotFoundError."""
    ticket = await session.get(Ticket, registration_id)
    if ticket is None:
        raise RegistrationNotFoundError(registration_id=str(registration_id))
    return runtime.sealer.open(ticket.secret_sealed, PLACE)


async def ticket_pdf(session: AsyncSession, runtime: Runtime, registration_id: UUID) -> bytes:
    """Return the printable ticket of an accepted registration of the scope."""
    row = await session.get(Registration, registration_id)
    if row is None or row.state != RegistrationState.ACCEPTED:
        raise RegistrationNotFoundError(registration_id=str(registration_id))
    sitting = await session.get_one(Sitting, row.sitting_id)
    room = await session.get_one(Room, row.room_id)
    return await asyncio.to_thread(layout.ticket_pdf, await _content(session, runtime, sitting, room, row))


async def room_tickets(session: AsyncSession, runtime: Runtime, sitting_id: UUID, room_id: UUID) -> tuple[bytes, int]:
    """Return the printable tickets of a room in the order of its seats, and how many.

    Raises RegistrationNotFoundError for a room that is not of the sitting, or in which nobody has a seat.
    """
    sitting, room = await session.get(Sitting, sitting_id), await session.get(Room, room_id)
    seated = select(Registration).where(Registration.room_id == room_id, Registration.sitting_id == sitting_id)
    accepted = seated.where(Registration.state == RegistrationState.ACCEPTED).order_by(Registration.seat_no)
    rows = list(await session.scalars(accepted))
    if sitting is None or room is None or not rows:
        raise RegistrationNotFoundError(room_id=str(room_id))
    contents = [await _content(session, runtime, sitting, room, row) for row in rows]
    return await asyncio.to_thread(layout.tickets_pdf, contents), len(rows)


async def _content(
    session: AsyncSession, runtime: Runtime, sitting: Sitting, room: Room, row: Registration
) -> layout.AdmissionTicket:
    person = await get_person(session, row.person_id)
    return layout.AdmissionTicket(
        candidate=person.name,
        id_masked=person.id_masked,
        photo=await runtime.storage.get(row.photo_key) if row.photo_key else None,
        number=ticket_number(row.id),
        qualification=get_qualification(row.qualification).title,
        sitting=sitting.title,
        starts_at=sitting.starts_at,
        ends_at=sitting.ends_at,
        centre=sitting.centre_name,
        address=sitting.address,
        room=room.name,
        seat=row.seat,
        organiser=sitting.centre_name,
        secret=await ticket_secret(session, runtime, row.id),
    )


def ticket_number(registration_id: UUID) -> str:
    """Return what a person reads out on the phone: the last twelve hex digits in groups of four."""
    tail = registration_id.hex[-12:].upper()
    return "-".join(tail[start : start + 4] for start in range(0, len(tail), 4))
