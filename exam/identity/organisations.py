"""Organisations: authorities, centres and enterprises by unified code; deregistered ones keep everything."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.identity.errors import OrganisationExistsError, OrganisationGoneError
from exam.identity.identifiers import parse_uscc
from exam.identity.models import Organisation, Region

AMENDABLE = frozenset(
    {"name", "industry", "division", "size", "high_risk", "in_charge", "safety_head", "address", "contact"}
)
"""What may change of an organisation that stands; its code and region never do."""


class OrganisationView(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation as other packages see it."""

    id: UUID
    kind: str
    name: str
    uscc: str | None
    region: str
    industry: str | None
    division: str | None
    size: str | None
    high_risk: bool
    in_charge: str | None
    safety_head: str | None
    address: str | None
    contact: str | None
    deregistered_on: date | None


class RegionView(msgspec.Struct, frozen=True):
    """A region as other packages see it; level 1 province … 4 township."""

    path: str
    code: str
    name: str
    level: int


def _view(row: Organisation) -> OrganisationView:
    return OrganisationView(**{name: getattr(row, name) for name in OrganisationView.__struct_fields__})


async def create_organisation(
    session: AsyncSession,
    principal: Principal,
    *,
    kind: str,
    name: str,
    region: str,
    at: datetime,
    uscc: str | None = None,
    industry: str | None = None,
    address: str | None = None,
    contact: str | None = None,
) -> UUID:
    """Register an organisation; raises OrganisationExistsError and the errors of the unified code (GB 32100)."""
    code = parse_uscc(uscc) if uscc else None
    if code and await find_organisation_by_uscc(session, code):
        raise OrganisationExistsError(uscc=code)
    row = Organisation(
        kind=kind,
        name=name,
        uscc=code,
        region=region,
        industry=industry,
        address=address,
        contact=contact,
        created_at=at,
    )
    session.add(row)
    await session.flush()
    facts = {"kind": kind, "uscc": code}
    await record(
        session,
        principal,
        "organisation.created",
        ("organisation", row.id),
        at=at,
        region=region,
        facts=facts,
    )
    return row.id


async def amend_organisation(
    session: AsyncSession,
    principal: Principal,
    organisation_id: UUID,
    changes: Mapping[str, str | bool],
    *,
    at: datetime,
) -> None:
    """Set some of AMENDABLE; the ledger keeps which, and the name before. Raises NotFoundError, OrganisationGoneError."""
    row = await _standing(session, organisation_id)
    facts: dict[str, Fact] = {"fields": ", ".join(sorted(changes))}
    if "name" in changes:
        facts["name_before"] = row.name
    for name in AMENDABLE.intersection(changes):
        setattr(row, name, changes[name])
    await session.flush()
    subject = ("organisation", row.id)
    await record(session, principal, "organisation.amended", subject, at=at, region=row.region, facts=facts)


async def deregister_organisation(
    session: AsyncSession, principal: Principal, organisation_id: UUID, *, on: date, at: datetime
) -> None:
    """Note that an organisation is no more; all its data stay. Raises NotFoundError, OrganisationGoneError."""
    row = await _standing(session, organisation_id)
    row.deregistered_on = on
    await session.flush()
    subject, facts = ("organisation", row.id), {"on": on.isoformat()}
    await record(session, principal, "organisation.deregistered", subject, at=at, region=row.region, facts=facts)


async def _standing(session: AsyncSession, organisation_id: UUID) -> Organisation:
    row = await session.get(Organisation, organisation_id, with_for_update=True)
    if row is None:
        raise NotFoundError(organisation_id=str(organisation_id))
    if row.deregistered_on is not None:
        raise OrganisationGoneError(name=row.name)
    return row


async def find_organisation_by_uscc(session: AsyncSession, uscc: str) -> OrganisationView | None:
    """Return the organisation of a unified code within the scope, or None."""
    row = await session.scalar(select(Organisation).where(Organisation.uscc == uscc))
    return _view(row) if row else None


async def get_organisation(session: AsyncSession, organisation_id: UUID) -> OrganisationView:
    """Return an organisation of the scope."""
    row = await session.get(Organisation, organisation_id)
    if row is None:
        raise NotFoundError(organisation_id=str(organisation_id))
    return _view(row)


async def list_organisations(session: AsyncSession, *, kind: str, limit: int = 200) -> list[OrganisationView]:
    """Page the scope's organisations of a kind by name."""
    rows = await session.scalars(
        select(Organisation).where(Organisation.kind == kind).order_by(Organisation.name).limit(limit),
    )
    return [_view(row) for row in rows]


async def list_regions(session: AsyncSession, *, under: str, level: int | None = None) -> list[RegionView]:
    """Page the regions at and under a path, in order of their codes."""
    query = select(Region).where((Region.path == under) | Region.path.startswith(under + "/"))
    if level is not None:
        query = query.where(Region.level == level)
    rows = await session.scalars(query.order_by(Region.code))
    return [RegionView(row.path, row.code, row.name, row.level) for row in rows]


async def get_region(session: AsyncSession, path: str) -> RegionView:
    """Return one region."""
    row = await session.get(Region, path)
    if row is None:
        raise NotFoundError(region=path)
    return RegionView(row.path, row.code, row.name, row.level)
