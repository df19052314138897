"""The next version of a credential: another term, or the same term under another name or with another photo."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from certs.applications.models import Application
from certs.grounds import Ground
from certs.history import change_state
from certs.issuing import put_in_force
from certs.models import Credential
from certs.naming import keep_number
from certs.state import CredentialState
from certs.terms import Term, term_of
from exam.core.clock import local_date
from exam.core.ids import new_id, new_token
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import change_name, get_person, mask_name, set_photo
from exam.standards.api import basis_of, resolve_rule_set

_KEPT = (
    *("person_id", "qualification", "category", "region", "first_issued_on", "issuer_id", "issuer_name", "employer"),
    *("results", "photo_key"),
)


async def renew(
    session: AsyncSession, principal: Principal, runtime: Runtime, held: Credential, *, at: datetime
) -> UUID:
    """Issue the next term from the day of the decision, and return the new version's id; the old one is superseded."""
    on = local_date(at)
    rules = resolve_rule_set(held.qualification, on)
    row = _next(held, term_of(rules, on), on, at)
    row.rule_set, row.basis = rules.version, basis_of(rules, "credential_term_years")
    return await _replace(session, principal, runtime, held, row, Ground.RENEWED, "期满换证", at=at)


async def change(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    held: Credential,
    wish: Application,
    *,
    at: datetime,
) -> UUID:
    """Issue the same term anew with what has changed, and return the new version's id; the old one is superseded."""
    if wish.new_name:
        await change_name(session, principal, held.person_id, wish.new_name, at=at)
    if wish.new_photo_key:
        await set_photo(session, principal, held.person_id, wish.new_photo_key, at=at)
    term = Term(valid_from_on=held.valid_from_on, valid_until_on=held.valid_until_on, review_due_on=held.review_on)
    row = _next(held, term, local_date(at), at)
    row.rule_set, row.basis = held.rule_set, held.basis
    row.photo_key = wish.new_photo_key or held.photo_key
    return await _replace(session, principal, runtime, held, row, Ground.CHANGED, wish.reason, at=at)


def _next(held: Credential, term: Term, issued_on: date, at: datetime) -> Credential:
    return Credential(
        **{name: getattr(held, name) for name in _KEPT},
        id=new_id(),
        public_id=new_token(),
        version=held.version + 1,
        issued_on=issued_on,
        valid_from_on=term.valid_from_on,
        valid_until_on=term.valid_until_on,
        review_due_on=term.review_due_on,
        review_on=term.review_due_on,
        status=CredentialState.ISSUED.value,
        issued_at=at,
    )


async def _replace(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    held: Credential,
    row: Credential,
    ground: Ground,
    reason: str,
    *,
    at: datetime,
) -> UUID:
    await change_state(session, principal, held, ground, reason=reason, at=at)
    person = await get_person(session, held.person_id)
    named = keep_number(runtime, held, person)
    row.number_sealed, row.number_index, row.query_index = named.sealed, named.number_index, named.query_index
    row.number_masked, row.holder_masked = named.masked, mask_name(person.name)
    await put_in_force(session, principal, row, named, person.name, at=at)
    return row.id
