"""Credentials as other packages and pages see them: numbers masked, the status as of a day."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.duties import Duty, duty_on, review_day
from certs.errors import CredentialNotFoundError, DocumentPendingError
from certs.models import Credential, CredentialEvent
from certs.naming import number_indexes
from certs.state import FINAL_STATES, CredentialState, Standing, standing_on
from exam.core.crypto import Sealer
from exam.core.runtime import Runtime
from exam.identity.api import list_engagements
from exam.standards.api import get_qualification


class CredentialView(msgspec.Struct, frozen=True, kw_only=True):
    """A credential; `title` names the qualification, and the number in full stands on the PDF alone.

    `state` is what is stored; `status` is the same, or expired where an issued or suspended one has run out.
    """

    id: UUID
    public_id: str
    version: int
    number_masked: str
    person_id: UUID
    qualification: str
    title: str
    category: str
    region: str
    holder_masked: str
    issued_on: date
    first_issued_on: date
    valid_from: date
    valid_until: date
    review_due_on: date | None
    state: str
    status: str
    rule_set: str
    basis: str
    issuer: str
    issuer_id: UUID
    employer: str
    pdf_key: str | None
    key_id: str | None
    registration_ids: tuple[UUID, ...]
    """Registrations whose results it rests on."""
    duty: Duty | None
    """What its holder has to do next; none once it is over."""


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """One act in a credential's life."""

    kind: str
    reason: str
    ground: str
    rule_set: str
    basis: str
    actor: UUID | None
    proposer: UUID | None
    at: datetime


class CredentialFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list is narrowed to; `standing` as `Standing` has it, or `expiring` for the next 90 days."""

    standing: str = ""
    qualification: str = ""


EXPIRING = "expiring"
EXPIRING_DAYS = 90


def credential_view(row: Credential, on: date) -> CredentialView:
    """Return the frozen view of a row as of a Shanghai date."""
    state, review_on = CredentialState(row.status), review_day(row.qualification, row.review_on)
    standing = standing_on(state, row.valid_from_on, row.valid_until_on, on, review_on=review_on)
    same: tuple[str, ...] = (
        "id",
        "public_id",
        "version",
        "number_masked",
        "person_id",
        "qualification",
        "category",
        "region",
    )
    same += ("holder_masked", "issued_on", "first_issued_on", "rule_set", "basis", "issuer_id", "employer")
    same += ("pdf_key", "key_id")
    return CredentialView(
        **{name: getattr(row, name) for name in same},
        title=get_qualification(row.qualification).title,
        valid_from=row.valid_from_on,
        valid_until=row.valid_until_on,
        review_due_on=review_on,
        duty=None if state in FINAL_STATES else duty_on(row.qualification, row.valid_until_on, review_on, on),
        state=row.status,
        status=Standing.EXPIRED.value if standing is Standing.EXPIRED else row.status,
        issuer=row.issuer_name,
        registration_ids=tuple(dict.fromkeys(UUID(each["registration_id"]) for each in row.results)),
    )


async def get_credential(session: AsyncSession, credential_id: UUID, *, on: date) -> CredentialView:
    """Return a credential of the scope; raises CredentialNotFoundError."""
    return credential_view(await _get(session, credential_id), on)


async def _get(session: AsyncSession, credential_id: UUID) -> Credential:
    row = await session.get(Credential, credential_id)
    if row is None:
        raise CredentialNotFoundError(credential_id=str(credential_id))
    return row


async def find_credentials(
    session: AsyncSession,
    *,
    on: date,
    person_id: UUID | None = None,
    organisation_id: UUID | None = None,
) -> list[CredentialView]:
    """Return the credentials of a person, or of those who work for an organisation on the day, the latest first.

    The scope decides in both cases: an organisation's session sees its own people, staff their region's.
    """
    query = select(Credential).order_by(Credential.issued_at.desc())
    if person_id is not None:
        query = query.where(Credential.person_id == person_id)
    if organisation_id is not None:
        engaged = await list_engagements(session, on=on, organisation_ids=[organisation_id])
        query = query.where(Credential.person_id.in_({each.person_id for each in engaged}))
    return [credential_view(row, on) for row in await session.scalars(query)]


async def list_held(
    session: AsyncSession, *, on: date, people: Collection[UUID], qualification: str
) -> list[CredentialView]:
    """Return the credentials that people hold for one qualification, the latest first; one statement for them all."""
    query = select(Credential).where(Credential.person_id.in_(people), Credential.qualification == qualification)
    return [credential_view(row, on) for row in await session.scalars(query.order_by(Credential.issued_at.desc()))]


def has_standing(wanted: str, on: date) -> ColumnElement[bool]:
    """Return the condition for what a list is narrowed to."""
    over = func.least(Credential.valid_until_on, Credential.review_on) < on
    counts = and_(Credential.status == CredentialState.ISSUED, ~over)
    match wanted:
        case Standing.VALID:
            return counts
        case "expiring":
            return and_(counts, Credential.valid_until_on < on + timedelta(days=EXPIRING_DAYS))
        case Standing.EXPIRED:
            return and_(Credential.status.in_([CredentialState.ISSUED, CredentialState.SUSPENDED]), over)
        case Standing.SUSPENDED:
            return and_(Credential.status == CredentialState.SUSPENDED, ~over)
    return Credential.status == wanted


async def list_credentials(
    session: AsyncSession,
    wanted: CredentialFilter,
    *,
    on: date,
    limit: int,
    offset: int,
) -> list[CredentialView]:
    """Page the credentials of the scope, the latest first."""
    query = select(Credential)
    if wanted.qualification:
        query = query.where(Credential.qualification == wanted.qualification)
    if wanted.standing:
        query = query.where(has_standing(wanted.standing, on))
    query = query.order_by(Credential.issued_at.desc(), Credential.id.desc()).limit(limit).offset(offset)
    return [credential_view(row, on) for row in await session.scalars(query)]


async def find_by_number(session: AsyncSession, sealer: Sealer, number: str) -> UUID | None:
    """Return the newest credential of a number within the scope, or None."""
    query = select(Credential.id).where(Credential.number_index.in_(number_indexes(sealer, number)))
    found: UUID | None = await session.scalar(query.order_by(Credential.issued_at.desc()).limit(1))
    return found


async def list_events(session: AsyncSession, credential_id: UUID) -> list[EventView]:
    """Return a credential's history, oldest first."""
    query = select(CredentialEvent).where(CredentialEvent.credential_id == credential_id)
    rows = await session.scalars(query.order_by(CredentialEvent.id))
    return [EventView(**{name: getattr(row, name) for name in EventView.__struct_fields__}) for row in rows]


async def credential_pdf(session: AsyncSession, runtime: Runtime, credential_id: UUID) -> bytes:
    """Return the certificate of the scope as it was issued; raises CredentialNotFoundError and DocumentPendingError."""
    row = await _get(session, credential_id)
    if row.pdf_key is None:
        raise DocumentPendingError
    return await runtime.storage.get(row.pdf_key)
