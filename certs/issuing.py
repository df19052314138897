"""Issuing (发证): one decision over released results, made in one transaction, and written down whichever way it goes."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from certs.applications.initial import close_initial, find_refusal, open_initial
from certs.applications.state import ApplicationState
from certs.authority import find_employer, find_issuer
from certs.bars import find_bar
from certs.events import CredentialIssued
from certs.folding import credential_digest
from certs.grounds import Ground
from certs.history import change_state, note
from certs.models import Credential
from certs.naming import Named, name_credential
from certs.passes import PartPassed, find_passes
from certs.state import CredentialState
from certs.statuses import give_position
from certs.terms import Term, term_of
from certs.withheld import settle, withhold
from exam.core.audit.entry import Fact
from exam.core.audit.publication import LogPublication
from exam.core.audit.standing import is_behind
from exam.core.clock import local_date
from exam.core.events import publish
from exam.core.ids import new_id, new_token
from exam.core.jobs import defer
from exam.core.principal import SYSTEM, Principal
from exam.core.runtime import Runtime
from exam.delivery.api import has_hold
from exam.identity.api import OrganisationView, PersonView, get_person, mask_name
from exam.sitting.api import RegistrationView, get_registration
from exam.standards.api import (
    NoRuleSetError,
    NotStatedError,
    RuleSet,
    basis_of,
    get_qualification,
    resolve_rule_set,
)

RENDER = "certs.render_pdf"

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 0))")


class _Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a credential rests on."""

    rules: RuleSet
    term: Term
    passes: tuple[PartPassed, ...]
    issuer: OrganisationView
    registration: RegistrationView
    previous: Credential | None


class _Obstacle(msgspec.Struct, frozen=True):
    """Why no credential is issued although every part is passed; `reason` is a code, `detail` names the thing."""

    reason: str
    detail: str = ""


async def consider(session: AsyncSession, runtime: Runtime, registration_id: UUID, *, at: datetime) -> UUID | None:
    """Issue the credential that a registration leads to, if it does, and return its id.

    Every part that the rules of the day ask for must be passed, released, unexpired and not corrected since; no hold
    may stand on an attempt, and no ban on the person. What is passed and still not issued is noted with its reason.
    """
    registration = await get_registration(session, registration_id)
    await lock_holder(session, registration.person_id, registration.qualification)
    if refusal := await find_refusal(session, registration_id):
        if refusal is ApplicationState.REFUSED:
            await settle(session, registration.person_id, registration.qualification, at=at)
        return None
    found = await _weigh(session, registration, local_date(at))
    if isinstance(found, _Grounds) and await is_behind(session, LogPublication(runtime.storage)):
        # an old backup is running: what it would issue again may have been decided otherwise since
        found = _Obstacle("log_behind")
    if isinstance(found, _Obstacle):
        await withhold(session, registration, reason=found.reason, detail=found.detail, at=at)
        await open_initial(session, registration, at=at)
        return None
    await settle(session, registration.person_id, registration.qualification, at=at)
    if found is None:
        return None
    await open_initial(session, registration, at=at)
    issued = await _issue(session, runtime, found, at=at)
    await close_initial(session, registration, issued, at=at)
    return issued


async def lock_holder(session: AsyncSession, person_id: UUID, qualification: str) -> None:
    """Let one transaction at a time decide about a person's credential for a qualification."""
    await session.execute(_LOCK, {"key": f"certs:{person_id}:{qualification}"})


async def _weigh(session: AsyncSession, registration: RegistrationView, on: date) -> _Grounds | _Obstacle | None:
    person_id, qualification = registration.person_id, registration.qualification
    try:
        rules = resolve_rule_set(qualification, on)
        passes = await find_passes(session, person_id, qualification, parts=rules.parts.require(), on=on)
        if passes is None:
            return None
        term = term_of(rules, on)
    except (NotStatedError, NoRuleSetError) as error:
        return _Obstacle(error.code, str(error.fields.get("key", "")))
    previous = await find_latest(session, person_id, qualification)
    if previous is not None and _rests_on(previous, passes):
        return None
    if obstacle := await _obstacle(session, person_id, qualification, passes, previous, on):
        return obstacle
    issuer = await find_issuer(session, registration.region)
    if issuer is None:
        return _Obstacle("no_issuer", registration.region)
    return _Grounds(
        rules=rules,
        term=term,
        passes=passes,
        issuer=issuer,
        registration=registration,
        previous=previous,
    )


async def find_latest(session: AsyncSession, person_id: UUID, qualification: str) -> Credential | None:
    """Return the newest version that a person ever held for a qualification."""
    query = select(Credential).where(Credential.person_id == person_id, Credential.qualification == qualification)
    found: Credential | None = await session.scalar(query.order_by(Credential.version.desc()).limit(1))
    return found


def _rests_on(credential: Credential, passes: tuple[PartPassed, ...]) -> bool:
    """Say whether the passes were used before: one credential is issued for one round of exams."""
    used = {(each["registration_id"], each["part"]) for each in credential.results}
    return any((str(each.registration_id), each.part) in used for each in passes)


async def _obstacle(
    session: AsyncSession,
    person_id: UUID,
    qualification: str,
    passes: tuple[PartPassed, ...],
    previous: Credential | None,
    on: date,
) -> _Obstacle | None:
    for each in passes:
        if each.attempt_id is not None and await has_hold(session, each.attempt_id):
            return _Obstacle("hold", str(each.attempt_id))
    if barred := await find_bar(session, person_id, qualification, on):
        return _Obstacle("ban", f"{barred.until_on} {barred.basis}")
    if previous is not None and previous.status == CredentialState.SUSPENDED:
        return _Obstacle("suspended", str(previous.id))
    return None


async def _issue(session: AsyncSession, runtime: Runtime, grounds: _Grounds, *, at: datetime) -> UUID:
    registration, previous = grounds.registration, grounds.previous
    person = await get_person(session, registration.person_id)
    if previous is not None and previous.status == CredentialState.ISSUED:
        await change_state(session, SYSTEM, previous, Ground.RENEWED, reason="换发新证", at=at)
    named = await name_credential(session, runtime, registration, person, previous, at=at)
    row = _row(grounds, person, named, at)
    row.employer = await find_employer(session, registration.organisation_id)
    await put_in_force(session, SYSTEM, row, named, person.name, at=at)
    return row.id


async def put_in_force(
    session: AsyncSession, principal: Principal, row: Credential, named: Named, holder: str, *, at: datetime
) -> None:
    """Store a new credential with its place in the status list, its first act, its event, and the order for its PDF."""
    session.add(row)
    await session.flush()
    await give_position(session, row)
    facts: dict[str, Fact] = {
        "qualification": row.qualification,
        "version": row.version,
        "valid_from": row.valid_from_on.isoformat(),
        "valid_until": row.valid_until_on.isoformat(),
        "rule_set": row.rule_set,
        "results": ",".join(each["result_id"] for each in row.results),
        "digest": credential_digest(row).hex(),
    }
    personal = {"holder": holder, "number": named.number}
    await note(session, principal, row, "issued", reason="", at=at, facts=facts, personal=personal)
    issued = CredentialIssued(
        region=row.region,
        credential_id=row.id,
        person_id=row.person_id,
        qualification=row.qualification,
    )
    await publish(session, issued, at=at)
    await defer(session, RENDER, credential_id=str(row.id))


def _row(grounds: _Grounds, person: PersonView, named: Named, at: datetime) -> Credential:
    registration, previous = grounds.registration, grounds.previous
    row = first_version(
        registration.qualification,
        registration.region,
        person,
        named,
        grounds.issuer,
        grounds.rules,
        grounds.term,
        at=at,
    )
    if previous is not None:
        row.version, row.first_issued_on = previous.version + 1, previous.first_issued_on
    row.results = [msgspec.to_builtins(each) for each in grounds.passes]
    row.photo_key = registration.photo_key or person.photo_key
    return row


def first_version(
    qualification: str,
    region: str,
    person: PersonView,
    named: Named,
    issuer: OrganisationView,
    rules: RuleSet,
    term: Term,
    *,
    at: datetime,
) -> Credential:
    """Return somebody's first credential for an item, which does not say yet what it rests on."""
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
        category=get_qualification(qualification).category.value,
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
