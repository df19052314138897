"""Who works where as what, on a day: engagements are ended and never deleted."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.identity.errors import EngagementEndError
from exam.identity.models import Engagement


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


def _view(row: Engagement) -> EngagementView:
    return EngagementView(**{name: getattr(row, name) for name in EngagementView.__struct_fields__})
