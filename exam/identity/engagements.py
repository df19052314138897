"""Who works where as what, on a day: engagements are ended and never deleted."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.crypto import Sealer
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.identity.errors import ContactError, EngagementEndError
from exam.identity.models import Engagement

CONTACT_PLACE: Final = "identity_engagement.contact_sealed"
_CONTACT = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]")


class EngagementView(msgspec.Struct, frozen=True, kw_only=True):
    """One engagement; `role` is principal, officer or special, `ended_on` the last day."""

    id: UUID
    person_id: UUID
    organisation_id: UUID
    role: str
    region: str
    started_on: date
    ended_on: date | None


async def list_engagements(
    session: AsyncSession,
    *,
    on: date,
    person_id: UUID | None = None,
    organisation_ids: Sequence[UUID] | None = None,
) -> list[EngagementView]:
    """Return the scope's engagements that stand on a Shanghai date, of one person or of some organisations."""
    query = select(Engagement).where(
        Engagement.started_on <= on,
        or_(Engagement.ended_on.is_(None), Engagement.ended_on >= on),
    )
    if person_id is not None:
        query = query.where(Engagement.person_id == person_id)
    if organisation_ids is not None:
        query = query.where(Engagement.organisation_id.in_(organisation_ids))
    rows = await session.scalars(query.order_by(Engagement.started_on, Engagement.id))
    return [_view(row) for row in rows]


async def end_engagement(
    session: AsyncSession,
    principal: Principal,
    engagement_id: UUID,
    *,
    ended_on: date,
    at: datetime,
) -> None:
    """Note the last day of an engagement of the scope; raises NotFoundError, EngagementEndError."""
    row = await session.get(Engagement, engagement_id, with_for_update=True)
    if row is None:
        raise NotFoundError(engagement_id=str(engagement_id))
    if row.ended_on is not None or ended_on < row.started_on:
        raise EngagementEndError
    row.ended_on = ended_on
    await session.flush()
    facts = {"organisation": str(row.organisation_id), "role": row.role, "ended_on": ended_on.isoformat()}
    subject = ("person", row.person_id)
    await record(session, principal, "engagement.ended", subject, at=at, region=row.region, facts=facts)


async def get_engagement(session: AsyncSession, engagement_id: UUID) -> EngagementView:
    """Return one engagement of the scope; raises NotFoundError."""
    row = await session.get(Engagement, engagement_id)
    if row is None:
        raise NotFoundError(engagement_id=str(engagement_id))
    return _view(row)


async def set_contact(
    session: AsyncSession, sealer: Sealer, principal: Principal, engagement_id: UUID, typed: str, *, at: datetime
) -> None:
    """Keep the telephone at which a person is reached, or take it away by an empty text.

    Raises NotFoundError and ContactError; the ledger keeps that it changed, and not what it is.
    """
    plain = unicodedata.normalize("NFKC", typed).strip()
    if plain and not _CONTACT.fullmatch(plain):
        raise ContactError
    row = await session.get(Engagement, engagement_id, with_for_update=True)
    if row is None:
        raise NotFoundError(engagement_id=str(engagement_id))
    row.contact_sealed = sealer.seal(plain, CONTACT_PLACE) if plain else None
    await session.flush()
    facts: dict[str, Fact] = {"organisation": str(row.organisation_id), "given": bool(plain)}
    subject = ("person", row.person_id)
    await record(session, principal, "engagement.contact_set", subject, at=at, region=row.region, facts=facts)


async def list_contacts(session: AsyncSession, sealer: Sealer, organisation_id: UUID, *, on: date) -> dict[UUID, str]:
    """Return the telephones of those who work for an organisation on a Shanghai date, by engagement."""
    query = select(Engagement.id, Engagement.contact_sealed).where(
        Engagement.organisation_id == organisation_id,
        Engagement.contact_sealed.is_not(None),
        Engagement.started_on <= on,
        or_(Engagement.ended_on.is_(None), Engagement.ended_on >= on),
    )
    return {row[0]: sealer.open(row[1], CONTACT_PLACE) for row in await session.execute(query) if row[1]}


def _view(row: Engagement) -> EngagementView:
    return EngagementView(**{name: getattr(row, name) for name in EngagementView.__struct_fields__})
