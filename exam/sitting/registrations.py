"""Registering a person for a sitting: input checked, rules applied, a seat taken, a ticket made."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.events import publish
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import (
    IdNumber,
    ensure_person,
    normalise_name,
    parse_id_number,
    require_same_name,
)
from exam.sitting.eligibility import Decision, SittingFacts, decide, reason_texts
from exam.sitting.enterprises import require_enterprise
from exam.sitting.errors import (
    NotEligibleError,
    RegistrationNotFoundError,
    RegistrationOverError,
    SittingStateError,
)
from exam.sitting.events import RegistrationAccepted
from exam.sitting.facts import gather_facts
from exam.sitting.forms import request_forms
from exam.sitting.models import Registration, Sitting
from exam.sitting.photo import prepare_photo
from exam.sitting.registration_views import registration_view
from exam.sitting.seats import take_seat
from exam.sitting.sittings import load_sitting
from exam.sitting.tickets import issue_ticket
from exam.sitting.views import RegistrationKind, RegistrationState, RegistrationView, SittingState
from exam.standards.api import recall_rule_set

LOCK_PLACE = "sitting_registration.lock"
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 0))")


class _Application(msgspec.Struct, frozen=True, kw_only=True):
    """What was applied for, checked for form."""

    name: str
    number: IdNumber
    organisation_id: UUID | None
    photo: bytes | None


async def register(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    *,
    sitting_id: UUID,
    name: str,
    id_number: str,
    photo: bytes | None,
    uscc: str | None,
    at: datetime,
) -> RegistrationView:
    """Register a person and return the registration with its seat.

    Raises the refusals of name, ID number, unified code and photo, each with its own code; RegistrationOverError,
    SittingFullError, PersonNameMismatchError, and NotEligibleError, which the caller may keep by `record_refusal`.
    """
    sitting = await load_sitting(session, sitting_id)
    _require_open(sitting, at)
    application = await _check(session, name=name, id_number=id_number, photo=photo, uscc=uscc, at=at)
    person_id = await _person(session, principal, runtime, sitting, application, at)
    decision = await _decide(session, sitting, person_id, application, at)
    if not decision.eligible:
        raise NotEligibleError(person_id, application.name, decision)
    seat = await take_seat(session, sitting_id)
    row = _row(principal, sitting, person_id, application, decision, at)
    row.room_id, row.seat_no, row.seat = seat.room.id, seat.number, seat.label
    await _accept(session, principal, runtime, sitting, row, application)
    return registration_view(row, seat.room.name)


def _require_open(sitting: Sitting, at: datetime) -> None:
    if sitting.state not in {SittingState.PLANNED, SittingState.OPEN} or at >= sitting.ends_at:
        raise RegistrationOverError(sitting_id=str(sitting.id))


async def _check(
    session: AsyncSession,
    *,
    name: str,
    id_number: str,
    photo: bytes | None,
    uscc: str | None,
    at: datetime,
) -> _Application:
    return _Application(
        name=normalise_name(name),
        number=parse_id_number(id_number, local_date(at)),
        organisation_id=(await require_enterprise(session, uscc)).id if uscc and uscc.strip() else None,
        photo=await prepare_photo(photo) if photo else None,
    )


async def _person(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    sitting: Sitting,
    application: _Application,
    at: datetime,
) -> UUID:
    # one person at a time, in any region: two desks must not both find that nothing stands in the way
    key = runtime.sealer.lock_key(application.number.value, LOCK_PLACE).hex()
    await session.execute(_LOCK, {"key": key})
    return await ensure_person(
        session,
        runtime.sealer,
        principal,
        name=application.name,
        number=application.number,
        region=sitting.region,
        at=at,
    )


async def _decide(
    session: AsyncSession,
    sitting: Sitting,
    person_id: UUID,
    application: _Application,
    at: datetime,
) -> Decision:
    rules = recall_rule_set(sitting.qualification, sitting.rule_set)
    birth_on = application.number.birth_on
    today = local_date(at)
    facts = await gather_facts(session, person_id, sitting.qualification, birth_on=birth_on, on=today)
    return decide(facts, rules, SittingFacts(sitting.id, sitting.starts_at), today)


def _row(
    principal: Principal,
    sitting: Sitting,
    person_id: UUID,
    application: _Application,
    decision: Decision,
    at: datetime,
) -> Registration:
    row_id = new_id()
    return Registration(
        id=row_id,
        sitting_id=sitting.id,
        person_id=person_id,
        organisation_id=application.organisation_id,
        qualification=sitting.qualification,
        region=sitting.region,
        seat="",
        state=RegistrationState.ACCEPTED,
        kind=RegistrationKind.MAKE_UP if decision.make_up else RegistrationKind.FIRST,
        rule_set=sitting.rule_set,
        reasons=reason_texts(decision.notes),
        photo_key=photo_key(row_id) if application.photo else None,
        registered_by=principal.account,
        registered_at=at,
    )


def photo_key(registration_id: UUID) -> str:
    """Return where the portrait of a registration is stored."""
    return f"registrations/{registration_id.hex[-2:]}/{registration_id}.jpg"


async def _accept(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    sitting: Sitting,
    row: Registration,
    application: _Application,
) -> None:
    session.add(row)
    await session.flush()
    await require_same_name(session, row.person_id, application.name)
    await issue_ticket(session, runtime.sealer, row)
    if application.photo and row.photo_key:
        await runtime.storage.put(row.photo_key, application.photo)
    facts: dict[str, Fact] = {
        "sitting": str(sitting.id),
        "rule_set": row.rule_set,
        "kind": row.kind,
        "seat": row.seat,
        "organisation": str(row.organisation_id) if row.organisation_id else None,
    }
    at = row.registered_at
    await _note(session, principal, "registration.accepted", row, at, facts)
    event = RegistrationAccepted(
        region=row.region, registration_id=row.id, person_id=row.person_id, sitting_id=sitting.id
    )
    await publish(session, event, at=at)
    if sitting.forms_ready:
        await request_forms(session, principal, sitting.id, at=at, late=True)


async def _note(
    session: AsyncSession,
    principal: Principal,
    act: str,
    row: Registration,
    at: datetime,
    facts: dict[str, Fact],
) -> None:
    await record(session, principal, act, ("registration", row.id), at=at, region=row.region, facts=facts)


async def record_refusal(
    session: AsyncSession,
    principal: Principal,
    *,
    sitting_id: UUID,
    error: NotEligibleError,
    at: datetime,
) -> UUID:
    """Keep a refused application with its reasons and return its id.

    Raises PersonNameMismatchError: whoever does not know the name is not told why the person may not sit.
    """
    sitting = await load_sitting(session, sitting_id)
    row = Registration(
        id=new_id(),
        sitting_id=sitting.id,
        person_id=error.person_id,
        qualification=sitting.qualification,
        region=sitting.region,
        seat="",
        state=RegistrationState.REFUSED,
        kind=RegistrationKind.MAKE_UP if error.decision.make_up else RegistrationKind.FIRST,
        rule_set=sitting.rule_set,
        reasons=reason_texts(error.decision.reasons),
        registered_by=principal.account,
        registered_at=at,
    )
    session.add(row)
    await session.flush()
    await require_same_name(session, error.person_id, error.name)
    codes = " ".join(reason.code for reason in error.decision.reasons)
    facts: dict[str, Fact] = {"sitting": str(sitting.id), "rule_set": row.rule_set, "reasons": codes}
    await _note(session, principal, "registration.refused", row, at, facts)
    return row.id


async def set_registration_photo(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    registration_id: UUID,
    photo: bytes,
    *,
    at: datetime,
) -> None:
    """Add or replace the portrait of an accepted registration; raises the refusals of photos."""
    row = await load_registration(session, registration_id)
    jpeg = await prepare_photo(photo)
    row.photo_key = photo_key(row.id)
    await session.flush()
    await _note(session, principal, "registration.photo_set", row, at, {})
    await runtime.storage.put(row.photo_key, jpeg)


async def cancel_registration(
    session: AsyncSession,
    principal: Principal,
    registration_id: UUID,
    *,
    reason: str,
    at: datetime,
) -> None:
    """Give the seat back before the sitting opens; raises SittingStateError."""
    row = await load_registration(session, registration_id)
    sitting = await load_sitting(session, row.sitting_id, lock=True)
    if sitting.state != SittingState.PLANNED:
        raise SittingStateError(state=sitting.state)
    row.state = RegistrationState.CANCELLED
    await session.flush()
    await _note(session, principal, "registration.cancelled", row, at, {"reason": reason})


async def load_registration(session: AsyncSession, registration_id: UUID) -> Registration:
    """Return the row of an accepted registration of the scope; raises RegistrationNotFoundError."""
    row = await session.get(Registration, registration_id)
    if row is None or row.state != RegistrationState.ACCEPTED:
        raise RegistrationNotFoundError(registration_id=str(registration_id))
    return row
