"""Enterprises, who works there and what they hold, for tests."""

from datetime import date, timedelta
from uuid import UUID

from certs.models import Credential
from exam.core.clock import local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id, new_token
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import (
    add_engagement,
    create_organisation,
    ensure_person,
    parse_id_number,
    set_contact,
    uscc_check,
)
from tests.builders.sitting import COUNTY, id_number


def unified_code(number: int) -> str:
    """Return a unified code with a right check character."""
    body = f"91330106MA0TEX{number:03d}"
    return body + uscc_check(body)


async def make_enterprise(
    runtime: Runtime,
    *,
    name: str = "临安机电",
    region: str = COUNTY,
    industry: str | None = "general",
    uscc: str | None = None,
) -> UUID:
    """Register an enterprise."""
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=region)) as session:
        return await create_organisation(
            session, SYSTEM, kind="enterprise", name=name, region=region, industry=industry, uscc=uscc, at=at
        )


async def make_person(runtime: Runtime, *, number: int, name: str = "张三", region: str = COUNTY) -> UUID:
    """Return the person of an ID number, made if needed."""
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=region)) as session:
        known = parse_id_number(id_number(number), local_date(at))
        return await ensure_person(session, runtime.sealer, SYSTEM, name=name, number=known, region=region, at=at)


async def engage(
    runtime: Runtime,
    person_id: UUID,
    enterprise_id: UUID,
    *,
    role: str,
    since: date,
    region: str = COUNTY,
    contact: str = "",
) -> UUID:
    """Let a person work for an enterprise, reached at a telephone if there is one."""
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=region)) as session:
        engagement = await add_engagement(
            session,
            SYSTEM,
            person_id=person_id,
            organisation_id=enterprise_id,
            role=role,
            region=region,
            started_on=since,
            at=at,
        )
        if contact:
            await set_contact(session, runtime.sealer, SYSTEM, engagement, contact, at=at)
        return engagement


async def hold(
    runtime: Runtime,
    person_id: UUID,
    qualification: str,
    *,
    ends_in: int,
    status: str = "issued",
    region: str = COUNTY,
    issuer: UUID | None = None,
) -> UUID:
    """Store a credential whose last day is `ends_in` days from today, past every rule of issuing."""
    at = runtime.clock.now()
    today = local_date(at)
    body = issuer or await _issuer(runtime, region)
    credential = Credential(
        id=new_id(),
        public_id=new_token(),
        version=1,
        number_sealed=b"",
        number_index=new_id().bytes,
        query_index=new_id().bytes,
        number_masked="T3301**********0012",
        person_id=person_id,
        holder_masked="张*",
        qualification=qualification,
        category=qualification.partition(".")[0],
        region=region,
        issued_on=today - timedelta(days=300),
        first_issued_on=today - timedelta(days=300),
        valid_from_on=today - timedelta(days=300),
        valid_until_on=today + timedelta(days=ends_in),
        review_due_on=None,
        status=status,
        rule_set="test",
        basis="",
        issuer_id=body,
        issuer_name="应急管理局",
        employer="",
        results=[],
        issued_at=at,
    )
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        session.add(credential)
    return credential.id


async def _issuer(runtime: Runtime, region: str) -> UUID:
    async with runtime.databases.transaction(Scope(region=region)) as session:
        return await create_organisation(
            session, SYSTEM, kind="authority", name="应急管理局", region=region, at=runtime.clock.now()
        )
