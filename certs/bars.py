"""不得再申请: barring whoever got a credential by fraud or applied with false materials, and finding a bar that stands."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from certs.terms import last_day_after
from exam.core.clock import local_date
from exam.core.principal import Principal
from exam.sitting.api import Ban, list_bans, record_ban
from exam.standards.api import Parameter, RuleSet, basis_of


async def bar(
    session: AsyncSession,
    principal: Principal,
    rules: RuleSet,
    years: Parameter[int],
    *,
    person_id: UUID,
    ground: str,
    reason: str,
    region: str,
    at: datetime,
) -> None:
    """Bar a person from applying for the qualification of the rules, for the years of one of them.

    Raises NotStatedError where the rules know no bar.
    """
    await record_ban(
        session,
        principal,
        person_id=person_id,
        qualification=rules.qualification,
        until_on=last_day_after(local_date(at), years.require()),
        reason=reason,
        ground=ground,
        basis=basis_of(rules, years.key),
        region=region,
        at=at,
    )


async def find_bar(session: AsyncSession, person_id: UUID, qualification: str, on: date) -> Ban | None:
    """Return the bar that stands longest on a Shanghai date, or None."""
    standing = [each for each in await list_bans(session, person_id, qualification) if each.until_on >= on]
    return max(standing, key=lambda each: each.until_on, default=None)
