"""Credentials of nobody's exam, for measuring alone: numbered, logged and placed as any other, their files not made yet."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from certs.authority import find_issuer
from certs.folding import credential_digest
from certs.history import note
from certs.issuing import first_version
from certs.models import Credential
from certs.naming import named_as
from certs.numbers import own_number, own_prefix
from certs.statuses import give_position
from certs.terms import term_of
from exam.core.clock import local_date
from exam.core.config import Profile
from exam.core.errors import ForbiddenError, NotFoundError
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import OrganisationView, PersonView, list_people
from exam.standards.api import get_qualification, resolve_rule_set


async def fill_credentials(
    session: AsyncSession,
    runtime: Runtime,
    people: Sequence[UUID],
    *,
    qualification: str,
    region: str,
    first_serial: int,
    at: datetime,
) -> None:
    """Certify people under the rules of the day, with serial numbers from `first_serial` on and nothing else ordered.

    Raises ForbiddenError outside the test profile, and NotFoundError where no authority answers for the region.
    """
    if runtime.settings.profile is not Profile.TEST:
        raise ForbiddenError
    issuer, known = await find_issuer(session, region), await list_people(session, list(people))
    if issuer is None:
        raise NotFoundError(region=region)
    rows = [
        _row(runtime, known[each], issuer, qualification=qualification, region=region, serial=serial, at=at)
        for serial, each in enumerate(people, first_serial)
    ]
    session.add_all(rows)
    await session.flush()
    for row in rows:
        await give_position(session, row)
        await note(session, SYSTEM, row, "issued", reason="", at=at, facts={"digest": credential_digest(row).hex()})


def _row(
    runtime: Runtime,
    person: PersonView,
    issuer: OrganisationView,
    *,
    qualification: str,
    region: str,
    serial: int,
    at: datetime,
) -> Credential:
    on = local_date(at)
    rules, category = resolve_rule_set(qualification, on), get_qualification(qualification).category
    named = named_as(runtime, own_number(own_prefix(category, region, on), serial), person)
    return first_version(qualification, region, person, named, issuer, rules, term_of(rules, on), at=at)
