"""Merging rows into the base of enterprises, by unified code: first without effect, then for good.

What is filled in replaces what was known, an empty cell leaves it; a region is never changed, a deregistered enterprise
neither; and nothing is ever deleted.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.sheets.columns import NamedRow
from exam.identity.api import (
    OrganisationView,
    amend_organisation,
    create_organisation,
    deregister_organisation,
    find_organisation_by_uscc,
    list_regions,
)
from exam.records.enterprises.errors import EnterpriseElsewhereError, EnterpriseRegionError, EnterpriseTwiceError
from exam.records.enterprises.reading import Given, given_of
from exam.sitting.api import EnterpriseDeregisteredError, find_enterprise

COUNTY = 3
"""The level from which an enterprise is registered; a city or province has none of its own."""


class Act(StrEnum):
    """What a row does."""

    CREATE = "create"
    AMEND = "amend"
    KEEP = "keep"
    """Everything is known already."""
    DEREGISTER = "deregister"


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """What a row asks for, once everything about it is known to be right."""

    act: Act
    given: Given
    known: OrganisationView | None
    region: str
    changes: dict[str, str | bool]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one row: what it does, or why it is refused."""

    number: int
    name: str
    merge: Merge | None
    refused: DomainError | None


async def merge_all(
    session: AsyncSession,
    principal: Principal,
    under: str,
    lines: Sequence[NamedRow],
    *,
    dry_run: bool,
    at: datetime,
) -> list[Verdict]:
    """Judge every row, and write those that hold unless it is a dry run; one row never fails its neighbours.

    New enterprises are registered under the region of the scope, which is said again by its path.
    """
    places = {region.code: region.path for region in await list_regions(session, under=under) if region.level >= COUNTY}
    verdicts, seen = [], dict[str, int]()
    for line in lines:
        merge, refused = None, None
        try:
            merge = await _judge(session, given_of(line.cells), places, seen, line.number)
            if not dry_run:
                await _write(session, principal, merge, at)
        except DomainError as error:
            merge, refused = None, error
        name = line.cells.get("name", "")[:120]
        verdicts.append(Verdict(number=line.number, name=name, merge=merge, refused=refused))
    return verdicts


async def _judge(
    session: AsyncSession, given: Given, places: Mapping[str, str], seen: dict[str, int], number: int
) -> Merge:
    if given.uscc in seen:
        raise EnterpriseTwiceError(number=seen[given.uscc])
    seen[given.uscc] = number
    region = _place(given.region, places) if given.region else ""
    known = await find_organisation_by_uscc(session, given.uscc)
    if known is None:
        return await _new(session, given, region)
    if known.kind != "enterprise" or (region and region != known.region):
        raise EnterpriseElsewhereError
    changes = {column: value for column, value in given.fields.items() if getattr(known, column) != value}
    if known.deregistered_on is not None:
        if changes or not given.gone:
            raise EnterpriseDeregisteredError(name=known.name)
        return Merge(act=Act.KEEP, given=given, known=known, region=known.region, changes={})
    act = Act.DEREGISTER if given.gone else Act.AMEND if changes else Act.KEEP
    return Merge(act=act, given=given, known=known, region=known.region, changes=changes)


def _place(code: str, places: Mapping[str, str]) -> str:
    # statistics write a county with zeros for the township and the village behind it
    for written in (code, code[:9], code[:6]):
        if written in places and not code.removeprefix(written).strip("0"):
            return places[written]
    raise EnterpriseRegionError


async def _new(session: AsyncSession, given: Given, region: str) -> Merge:
    if await find_enterprise(session, given.uscc) is not None:
        raise EnterpriseElsewhereError
    if not region:
        raise EnterpriseRegionError
    return Merge(act=Act.CREATE, given=given, known=None, region=region, changes=given.fields)


async def _write(session: AsyncSession, principal: Principal, merge: Merge, at: datetime) -> None:
    organisation_id = merge.known.id if merge.known else await _create(session, principal, merge, at)
    further = {column: value for column, value in merge.changes.items() if merge.known or column not in _AT_FIRST}
    if further:
        await amend_organisation(session, principal, organisation_id, further, at=at)
    if merge.given.gone and merge.act is not Act.KEEP:
        await deregister_organisation(session, principal, organisation_id, on=local_date(at), at=at)


_AT_FIRST = frozenset({"name", "industry", "address", "contact"})


async def _create(session: AsyncSession, principal: Principal, merge: Merge, at: datetime) -> UUID:
    first = {column: str(value) for column, value in merge.changes.items() if column in _AT_FIRST - {"name"}}
    try:
        async with session.begin_nested():
            return await create_organisation(
                session,
                principal,
                kind="enterprise",
                name=merge.given.name,
                uscc=merge.given.uscc,
                region=merge.region,
                at=at,
                **first,
            )
    except IntegrityError:
        # registered in between, or by a centre of another region, which nobody here may see
        raise EnterpriseElsewhereError from None
