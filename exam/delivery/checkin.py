"""Check-in: ticket, ID number and seat together make an attempt; the proctor's eyes come after it."""

from base64 import b64encode
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.errors import DomainError, NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.errors import (
    AlreadyFinishedError,
    IdMismatchError,
    NotOpenYetError,
    TerminalUnboundError,
    TicketUnknownError,
    WrongRoomError,
)
from exam.delivery.models import Attempt, Terminal
from exam.delivery.state import FINISHED_STATES, AttemptState
from exam.delivery.terminals import require_free
from exam.identity.api import PersonView, find_bearer, parse_id_number
from exam.sitting.api import (
    RegistrationView,
    SittingState,
    SittingView,
    find_registration_by_ticket,
    get_sitting,
)
from exam.standards.api import get_qualification, recall_rule_set

TICKET_PREFIX = "AKT1."
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('delivery.checkin:' || :registration, 0))")


async def check_in(runtime: Runtime, terminal: Terminal, ticket: str, id_number: str) -> tuple[Attempt, str | None]:
    """Return the attempt of a ticket's registration at this terminal, and the photo as a data URL.

    Raises TicketUnknownError, IdMismatchError, WrongRoomError, TerminalBusyError, NotOpenYetError and
    AlreadyFinishedError. Coming again is harmless: whether this terminal may write, only the lease decides.
    """
    if terminal.state != "bound":
        raise TerminalUnboundError
    async with runtime.databases.transaction(Scope()) as session:
        registration = await find_registration_by_ticket(session, runtime, ticket.strip().removeprefix(TICKET_PREFIX))
    if registration is None or registration.state != "accepted":
        raise TicketUnknownError
    async with runtime.databases.transaction(Scope(region=registration.region)) as session:
        person = await _require_person(session, runtime, registration, id_number)
        await require_free(session, terminal, registration.id)
        # a close waits for this attempt and then finds it open, or has been first: nobody works in a closed sitting
        sitting = await get_sitting(session, registration.sitting_id, stays=True)
        attempt = await _ensure_attempt(
            session, runtime, terminal, registration=registration, sitting=sitting, person=person
        )
    return attempt, await _photo(runtime, registration.photo_key or person.photo_key)


async def _require_person(
    session: AsyncSession,
    runtime: Runtime,
    registration: RegistrationView,
    id_number: str,
) -> PersonView:
    try:
        number = parse_id_number(id_number, local_date(runtime.clock.now()))
    except DomainError as error:
        raise IdMismatchError from error
    person = await find_bearer(session, runtime.sealer, registration.person_id, number)
    if person is None:
        raise IdMismatchError
    return person


async def _ensure_attempt(
    session: AsyncSession,
    runtime: Runtime,
    terminal: Terminal,
    *,
    registration: RegistrationView,
    sitting: SittingView,
    person: PersonView,
) -> Attempt:
    await session.execute(_LOCK, {"registration": str(registration.id)})  # there is no row yet that could be locked
    query = select(Attempt).where(Attempt.registration_id == registration.id).with_for_update()
    attempt = await session.scalar(query)
    if attempt is None or attempt.terminal_id != terminal.id:  # whom the proctor has moved sits elsewhere by right
        _require_own_seat(registration, terminal)
    if attempt is not None:
        if attempt.state in FINISHED_STATES:
            raise AlreadyFinishedError
        return attempt
    if sitting.state != SittingState.OPEN:
        raise NotOpenYetError
    now = runtime.clock.now()
    attempt = _attempt(registration, sitting, person, terminal, now)
    session.add(attempt)
    await session.flush()
    actor = Principal(person=person.id)
    facts = {"registration": str(registration.id), "terminal": str(terminal.id), "seat": registration.seat}
    subject = ("attempt", attempt.id)
    await record(session, actor, "attempt.checked_in", subject, at=now, region=registration.region, facts=facts)
    return attempt


def _attempt(
    registration: RegistrationView, sitting: SittingView, person: PersonView, terminal: Terminal, now: datetime
) -> Attempt:
    rules = recall_rule_set(registration.qualification, registration.rule_set)
    return Attempt(
        registration_id=registration.id,
        sitting_id=sitting.id,
        room_id=registration.room_id,
        seat=registration.seat,
        person_id=person.id,
        region=registration.region,
        rule_set=registration.rule_set,
        state=AttemptState.CHECKED_IN.value,
        epoch=1,
        terminal_id=terminal.id,
        terminal_thumbprint=terminal.thumbprint,
        shape="",
        duration_s=sitting.duration_s,
        grace_s=rules.hand_in_grace_s.value or 0,
        extension_ms=0,
        display=_display(registration, sitting, person),
        starts_at=sitting.starts_at,
        starts_until=sitting.ends_at,
        checked_in_at=now,
    )


def _require_own_seat(registration: RegistrationView, terminal: Terminal) -> None:
    if (terminal.room_id, terminal.seat) != (registration.room_id, registration.seat):
        raise WrongRoomError(room=registration.room_name, seat=registration.seat)


def _display(registration: RegistrationView, sitting: SittingView, person: PersonView) -> dict[str, str]:
    return {
        "name_masked": person.name_masked,
        "id_masked": person.id_masked,
        "room": registration.room_name,
        "seat": registration.seat,
        "qualification": get_qualification(registration.qualification).title,
        "title": sitting.title,
    }


async def _photo(runtime: Runtime, key: str | None) -> str | None:
    """Inline the photo: an address of its own would need a right of its own."""
    data = await stored_photo(runtime, key)
    return f"data:image/jpeg;base64,{b64encode(data).decode()}" if data else None


async def stored_photo(runtime: Runtime, key: str | None) -> bytes | None:
    """Return a stored photo, None where nothing is stored under its key."""
    if not key:
        return None
    try:
        return await runtime.storage.get(key)
    except NotFoundError:
        return None


async def get_attempt_row(session: AsyncSession, attempt_id: UUID, *, lock: bool = False) -> Attempt:
    """Return the attempt, locked against finalising and room acts where `lock` is set."""
    attempt = await session.get(Attempt, attempt_id, with_for_update=lock, populate_existing=lock)
    if attempt is None:
        raise NotFoundError(attempt_id=str(attempt_id))
    return attempt
