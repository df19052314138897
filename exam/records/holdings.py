"""Loading rosters: requirements from engagements, credentials from certs, deadlines from the rules of the day."""

from calendar import monthrange
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from certs.api import Duty, duty_on
from exam.identity.api import PersonView, list_people
from exam.records.roster import Held, Requirement, RosterLine, Summary, ending, roster, summarise
from exam.standards.api import Category, NoRuleSetError, UnknownQualificationError, resolve_rule_set

_STANDING = "q.started_on <= :today and (q.ended_on is null or q.ended_on >= :today)"
_REQUIREMENTS = text(
    "select q.engagement_id, q.person_id, q.role, q.wanted, q.started_on from records_v_requirement q"
    f" where q.organisation_id = :organisation and {_STANDING}",
)
_HELD = text(
    f"select {', '.join(Held.__struct_fields__)} from records_v_held"
    " where person_id = any(:people) and status <> 'superseded'",
)


class OrganisationRoster(msgspec.Struct, frozen=True, kw_only=True):
    """One enterprise's roster with the people in it, by id; `duties` tells by credential what is due now."""

    lines: list[RosterLine]
    duties: dict[UUID, Duty]
    soon: list[Held]
    summary: Summary
    people: dict[UUID, PersonView]


async def load_roster(session: AsyncSession, organisation_id: UUID, *, on: date) -> OrganisationRoster:
    """Return the roster of an enterprise on a Shanghai date; the scope decides what is seen."""
    found = (await session.execute(_REQUIREMENTS, {"organisation": organisation_id, "today": on})).mappings()
    requirements = [Requirement(**row, due_on=assessed_by(row["wanted"], row["started_on"])) for row in found]
    people = list({requirement.person_id for requirement in requirements})
    held = [Held(**row) for row in (await session.execute(_HELD, {"people": people})).mappings()]
    lines = roster(requirements, held, on=on)
    soon = ending(requirements, held, on=on)
    return OrganisationRoster(
        lines=lines,
        duties=_due_now(lines, on),
        soon=soon,
        summary=summarise(lines, soon, on=on),
        people=await list_people(session, people),
    )


def _due_now(lines: list[RosterLine], on: date) -> dict[UUID, Duty]:
    held = [line.held for line in lines if line.held is not None and line.counts]
    duties = {each.id: duty_on(each.qualification, each.valid_until_on, each.review_due_on, on) for each in held}
    return {credential: duty for credential, duty in duties.items() if duty is not None and duty.due}


def assessed_by(wanted: str, started_on: date) -> date | None:
    """Return the last day for the assessment of a new principal or officer; None for special operators, who may not wait."""
    category, _, name = wanted.partition(".")
    if category == Category.SPECIAL:
        return None
    try:
        rules = resolve_rule_set(f"{category}.{'general' if name == '*' else name}", started_on)
    except (NoRuleSetError, UnknownQualificationError):
        return None
    months = rules.assess_within_months.value
    return None if months is None else months_later(started_on, months)


def months_later(day: date, months: int) -> date:
    """Return the same day some months on, or that month's last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
