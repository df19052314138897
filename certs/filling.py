"""Credentials of nobody's exam, for measuring alone: numbered, logged and placed as any other, their files not made yet."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from certs.authority import find_issuer
from certs.folding import credential_digest
from certs.history import note
from certs.models import Credential
from certs.naming import named_as
from certs.numbers import own_number, own_prefix
from certs.state import CredentialState
from certs.statuses import give_position
from certs.terms import term_of
from exam.core.clock import local_date
from exam.core.config import Profile
from exam.core.errors import ForbiddenError, NotFoundError
from exam.core.ids import new_id, new_token
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import OrganisationView, PersonView, list_people, mask_name
from exam.standards.api import basis_of, get_qualification, resolve_rule_set


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
    term = term_of(rules, on)
    named = named_as(runtime, own_number(own_prefix(category, region, on), serial), person)
    return Credential(
        id=new_id(),
        public_id=new_token(),
        version=1,
        number_sealed=named.sealed,
        number_index=named.number_index,
        query_index=named.query_index,
        number_masked=named.masked,
        person_id=person.id,
        holder_masked=mask_name(person.name),
        qualification=qualification,
        category=category.value,
        region=region,
        issued_on=term.valid_from_on,
        first_issued_on=term.valid_from_on,
        valid_from_on=term.valid_from_on,
        valid_until_on=term.valid_until_on,
        review_due_on=term.review_due_on,
        review_on=term.review_due_on,
        status=CredentialState.ISSUED.value,
        rule_set=rules.version,
        basis=basis_of(rules, "credential_term_years"),
        issuer_id=issuer.id,
        issuer_name=issuer.name,
        employer="",
        results=[],
        issued_at=at,
    )
