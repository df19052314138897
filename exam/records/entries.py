"""Appending to the records of persons and enterprises, and reading them back."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.identity.api import get_organisation, list_engagements
from exam.records.models import EnterpriseEntry, PersonEntry

PAGE = 50


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """Something that stands in records from now on; `facts` hold no personal data, `marks` only the person may see."""

    person_id: UUID
    region: str
    kind: str
    subject_id: UUID
    qualification: str
    at: datetime
    facts: dict[str, Any]
    marks: dict[str, int] = {}


class PersonEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a person's record."""

    kind: str
    subject_id: UUID
    qualification: str
    at: datetime
    recorded_at: datetime
    facts: dict[str, Any]


class EnterpriseEntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of an enterprise's record."""

    organisation_id: UUID
    person_id: UUID
    kind: str
    subject_id: UUID
    qualification: str
    link: str
    at: datetime
    recorded_at: datetime
    facts: dict[str, Any]


async def append(session: AsyncSession, happened: Happening, *, registered_by: Collection[UUID], now: datetime) -> None:
    """Write the person's entry and one for each enterprise: who registered them, and where they work at that time.

    `registered_by` are the enterprises of the registrations that it comes from. Entries of enterprises stand in the enterprise's region.
    """
    shared = {name: getattr(happened, name) for name in ("person_id", "kind", "subject_id", "qualification", "at")}
    whole = happened.facts | happened.marks
    session.add(PersonEntry(**shared, region=happened.region, facts=whole, recorded_at=now))
    for organisation_id, link in (await _enterprises(session, happened, registered_by)).items():
        region = (await get_organisation(session, organisation_id)).region
        entry = EnterpriseEntry(
            **shared,
            organisation_id=organisation_id,
            region=region,
            link=link,
            facts=happened.facts,
            recorded_at=now,
        )
        session.add(entry)
    await session.flush()


async def _enterprises(session: AsyncSession, happened: Happening, registered_by: Collection[UUID]) -> dict[UUID, str]:
    engaged = await list_engagements(session, on=local_date(happened.at), person_id=happened.person_id)
    found = {engagement.organisation_id: "engagement" for engagement in engaged}
    return found | dict.fromkeys(registered_by, "registration")


async def list_person_entries(
    session: AsyncSession,
    person_id: UUID,
    *,
    page: int = 1,
    limit: int = PAGE,
) -> tuple[list[PersonEntryView], bool]:
    """Return one page of a person's record within the scope, the latest first, and whether there is another."""
    query = select(PersonEntry).where(PersonEntry.person_id == person_id)
    query = query.order_by(PersonEntry.at.desc(), PersonEntry.id.desc())
    rows = list(await session.scalars(query.offset((page - 1) * limit).limit(limit + 1)))
    fields = PersonEntryView.__struct_fields__
    views = [PersonEntryView(**{name: getattr(row, name) for name in fields}) for row in rows[:limit]]
    return views, len(rows) > limit


async def list_enterprise_entries(
    session: AsyncSession,
    organisation_id: UUID,
    *,
    page: int = 1,
    limit: int = PAGE,
) -> tuple[list[EnterpriseEntryView], bool]:
    """Return one page of an enterprise's record, the latest first, and whether there is another."""
    query = select(EnterpriseEntry).where(EnterpriseEntry.organisation_id == organisation_id)
    query = query.order_by(EnterpriseEntry.at.desc(), EnterpriseEntry.id.desc())
    rows = list(await session.scalars(query.offset((page - 1) * limit).limit(limit + 1)))
    fields = EnterpriseEntryView.__struct_fields__
    views = [EnterpriseEntryView(**{name: getattr(row, name) for name in fields}) for row in rows[:limit]]
    return views, len(rows) > limit
