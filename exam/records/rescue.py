"""应急持证名单: the certified people of an enterprise by operation item, for whoever goes in to help."""

from datetime import date
from itertools import groupby
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.crypto import Sealer
from exam.identity.api import PersonView, list_contacts, list_people

_HELD = text(
    "select c.qualification, c.person_id, c.ends_on, array_agg(distinct q.engagement_id) as engagements from records_v_requirement q"
    " join records_v_held c on c.person_id = q.person_id"
    " where q.organisation_id = :organisation and q.started_on <= :today and (q.ended_on is null or q.ended_on >= :today)"
    " and c.status = 'issued' and c.valid_from_on <= :today and c.ends_on >= :today"
    " group by c.qualification, c.person_id, c.ends_on order by c.qualification, c.ends_on desc, c.person_id",
)


class Certified(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works there now and may do the work until the last day, both counted; None where nobody may be named."""

    person: PersonView | None
    ends_on: date
    contact: str
    """Telephone; empty where the enterprise has given none."""


class RescueItem(msgspec.Struct, frozen=True, kw_only=True):
    """One qualification and everybody who holds it."""

    qualification: str
    people: list[Certified]


async def list_certified(session: AsyncSession, sealer: Sealer, organisation_id: UUID, *, on: date) -> list[RescueItem]:
    """Return who may do what at an enterprise on a Shanghai date, special operations first; the scope decides what is seen."""
    rows = (await session.execute(_HELD, {"organisation": organisation_id, "today": on})).all()
    people = await list_people(session, list({row.person_id for row in rows}))
    contacts = await list_contacts(session, sealer, organisation_id, on=on)
    items = [
        RescueItem(
            qualification=qualification,
            people=[
                Certified(
                    person=people.get(row.person_id),
                    ends_on=row.ends_on,
                    contact=next((contacts[each] for each in row.engagements if each in contacts), ""),
                )
                for row in held
            ],
        )
        for qualification, held in groupby(rows, key=lambda row: row.qualification)
    ]
    return sorted(items, key=lambda item: not item.qualification.startswith("special."))
