"""The enterprise behind a registration: found by its unified code wherever it is registered."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.words import clean_line
from exam.identity.api import create_organisation, parse_uscc
from exam.sitting.errors import (
    EnterpriseDeregisteredError,
    EnterpriseExistsError,
    EnterpriseFormError,
    EnterpriseUnknownError,
)
from exam.standards.api import load_catalogue

NAME_LENGTH = 120
_BY_USCC = text("select id, name, deregistered_on from sitting_enterprise_by_uscc(:uscc)")


class KnownEnterprise(msgspec.Struct, frozen=True):
    """An enterprise that is registered somewhere, in whatever region."""

    id: UUID
    name: str
    deregistered_on: date | None


class Enterprise(msgspec.Struct, frozen=True):
    """A registered enterprise, of any region."""

    id: UUID
    name: str


async def find_enterprise(session: AsyncSession, uscc: str) -> KnownEnterprise | None:
    """Return the enterprise of a checked code wherever it is registered, or None."""
    found = (await session.execute(_BY_USCC, {"uscc": uscc})).one_or_none()
    return None if found is None else KnownEnterprise(found.id, found.name, found.deregistered_on)


async def require_enterprise(session: AsyncSession, uscc: str) -> Enterprise:
    """Return a registered enterprise by its unified code.

    Raises the refusals of the code's form, EnterpriseUnknownError and EnterpriseDeregisteredError.
    """
    code = parse_uscc(uscc)
    found = await find_enterprise(session, code)
    if found is None:
        raise EnterpriseUnknownError(uscc=code)
    if found.deregistered_on is not None:
        raise EnterpriseDeregisteredError(name=found.name)
    return Enterprise(found.id, found.name)


async def register_enterprise(
    session: AsyncSession,
    principal: Principal,
    *,
    name: str,
    uscc: str,
    industry: str,
    region: str,
    at: datetime,
) -> UUID:
    """Register an enterprise of a region.

    Raises EnterpriseFormError, EnterpriseExistsError wherever the code is registered, and the code's own refusals.
    """
    known = {known.code for known in load_catalogue().industries}
    name = clean_line(name)
    if not 0 < len(name) <= NAME_LENGTH or industry not in known:
        raise EnterpriseFormError
    code = parse_uscc(uscc)
    if found := await find_enterprise(session, code):
        raise EnterpriseExistsError(name=found.name)
    return await create_organisation(
        session,
        principal,
        kind="enterprise",
        name=name,
        uscc=code,
        industry=industry,
        region=region,
        at=at,
    )
