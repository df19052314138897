"""Filing an application to renew or to change a credential, and what stands in its way."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from certs.applications.errors import (
    BarredError,
    DuplicateApplicationError,
    NotHeldError,
    NothingChangesError,
    RenewalClosedError,
    RenewalHoursShortError,
    RenewalNeedsExamError,
)
from certs.applications.initial import find_open
from certs.applications.models import Application
from certs.applications.state import ApplicationKind, ApplicationState, accept_due_on
from certs.bars import find_bar
from certs.duties import DutyKind, duty_on, review_day
from certs.errors import CredentialNotFoundError
from certs.issuing import lock_holder
from certs.lifecycle import checked_reason
from certs.models import Credential
from certs.reviews import HUNDREDTHS, trained_hours
from certs.state import CredentialState, Standing, standing_on
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import get_person, normalise_name
from exam.sitting.api import prepare_photo
from exam.standards.api import resolve_rule_set
from exam.training.api import TrainingKind


async def apply_renewal(session: AsyncSession, principal: Principal, credential_id: UUID, *, at: datetime) -> UUID:
    """Ask for another term on the training of this one, and return the application's id.

    Raises CredentialNotFoundError, NotHeldError, BarredError, DuplicateApplicationError, RenewalNeedsExamError,
    RenewalClosedError and RenewalHoursShortError.
    """
    row = await _held(session, credential_id, at)
    await require_renewable(session, row, at)
    return await _file(session, principal, row, ApplicationKind.RENEWAL, reason="", at=at)


async def require_renewable(session: AsyncSession, row: Credential, at: datetime) -> None:
    """Raise RenewalNeedsExamError, RenewalClosedError or RenewalHoursShortError where training alone renews nothing now."""
    on = local_date(at)
    duty = duty_on(row.qualification, row.valid_until_on, row.review_on, on)
    if duty is None or duty.kind is not DutyKind.RENEWAL or not duty.due:
        raise RenewalClosedError
    if duty.hours is None:
        raise RenewalNeedsExamError
    kind = TrainingKind.CONTINUING
    done = await trained_hours(session, row.person_id, row.qualification, kind, since=row.valid_from_on)
    if done < duty.hours * HUNDREDTHS:
        raise RenewalHoursShortError(done=f"{done / HUNDREDTHS:g}", needed=duty.hours)


async def apply_change(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    credential_id: UUID,
    *,
    name: str,
    photo: bytes | None,
    reason: str,
    at: datetime,
) -> UUID:
    """Ask for the same term under another name or with another photo, and return the application's id.

    Raises the refusals of names and photos, ReasonMissingError, NothingChangesError, and as `apply_renewal` does.
    """
    why = checked_reason(reason)
    row = await _held(session, credential_id, at)
    person = await get_person(session, row.person_id)
    new_name = normalise_name(name) if name.strip() else person.name
    jpeg = await prepare_photo(photo) if photo else None
    if new_name == person.name and jpeg is None:
        raise NothingChangesError
    key = f"certs/photos/{new_id()}.jpg" if jpeg else None
    if jpeg and key:
        await runtime.storage.put(key, jpeg)
    changed = new_name if new_name != person.name else None
    return await _file(session, principal, row, ApplicationKind.CHANGE, reason=why, name=changed, photo_key=key, at=at)


async def require_not_barred(session: AsyncSession, person_id: UUID, qualification: str, on: date) -> None:
    """Raise BarredError, which says until when and by which article."""
    if barred := await find_bar(session, person_id, qualification, on):
        raise BarredError(until=barred.until_on.isoformat(), basis=barred.basis)


def require_held(row: Credential, on: date) -> None:
    """Raise NotHeldError for a credential that does not count on a Shanghai date."""
    state, review = CredentialState(row.status), review_day(row.qualification, row.review_on)
    if standing_on(state, row.valid_from_on, row.valid_until_on, on, review_on=review) is not Standing.VALID:
        raise NotHeldError(credential_id=str(row.id))


async def _held(session: AsyncSession, credential_id: UUID, at: datetime) -> Credential:
    row = await session.get(Credential, credential_id)
    if row is None:
        raise CredentialNotFoundError(credential_id=str(credential_id))
    on = local_date(at)
    await lock_holder(session, row.person_id, row.qualification)
    await session.refresh(row)
    require_held(row, on)
    await require_not_barred(session, row.person_id, row.qualification, on)
    if known := await find_open(session, row.person_id, row.qualification):
        raise DuplicateApplicationError(on=local_date(known.received_at).isoformat())
    return row


async def _file(
    session: AsyncSession,
    principal: Principal,
    row: Credential,
    kind: ApplicationKind,
    *,
    reason: str,
    at: datetime,
    name: str | None = None,
    photo_key: str | None = None,
) -> UUID:
    rules = resolve_rule_set(row.qualification, local_date(at))
    application = Application(
        id=new_id(),
        kind=kind,
        person_id=row.person_id,
        qualification=row.qualification,
        region=row.region,
        credential_id=row.id,
        new_name=name,
        new_photo_key=photo_key,
        reason=reason,
        rule_set=rules.version,
        state=ApplicationState.RECEIVED,
        filed_by=principal.account,
        received_at=at,
        accept_due_on=accept_due_on(rules, local_date(at)),
    )
    session.add(application)
    await session.flush()
    facts = {"kind": kind.value, "qualification": row.qualification, "rule_set": rules.version}
    subject = ("application", application.id)
    await record(session, principal, "application.received", subject, at=at, region=row.region, facts=facts)
    return application.id
