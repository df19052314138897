"""Accounts as administrators and their owners see them."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.identity.candidates import NO_PASSWORD
from exam.identity.models import Account, Organisation, Region, RoleGrant
from exam.identity.names import mask_name
from exam.identity.roles import TITLES, Role

PAGE = 50


class GrantView(msgspec.Struct, frozen=True, kw_only=True):
    """A role of an account in words."""

    id: UUID
    role: str
    title: str
    region: str
    region_name: str
    organisation_name: str | None
    granted_at: datetime


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account without any secret; one that is entered `by_ticket` has no password, and its owner's name is masked."""

    id: UUID
    login: str
    name: str
    enabled: bool
    locked_until: datetime | None
    second_factor: bool
    must_change_password: bool
    created_at: datetime
    by_ticket: bool
    grants: list[GrantView]


class AccountFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What the list is narrowed to; `region` is a path within `within`, the administrator's own region."""

    within: str
    words: str = ""
    role: str = ""
    region: str = ""


def _covers(path: str) -> ColumnElement[bool]:
    return or_(RoleGrant.region == path, RoleGrant.region.startswith(path + "/", autoescape=True))


def _conditions(wanted: AccountFilter) -> list[ColumnElement[bool]]:
    own = RoleGrant.account_id == Account.id
    held = exists().where(own, _covers(wanted.region or wanted.within))
    if wanted.role:
        held = held.where(RoleGrant.role == wanted.role)
    # an account that has lost every role belongs to no region and must not get lost itself
    shown: ColumnElement[bool] = held if wanted.role or wanted.region else or_(held, ~exists().where(own))
    if wanted.role != Role.CANDIDATE:
        # candidates come by the thousand and are no staff: they are listed when asked for
        shown = and_(shown, Account.password_hash != NO_PASSWORD)
    words = wanted.words.strip()
    if not words:
        return [shown]
    return [shown, or_(Account.login.icontains(words, autoescape=True), Account.name.icontains(words, autoescape=True))]


async def list_accounts(session: AsyncSession, wanted: AccountFilter, *, page: int) -> tuple[list[AccountView], bool]:
    """Return one page of accounts by login, and whether there is another."""
    query = select(Account).where(*_conditions(wanted)).order_by(Account.login)
    rows = list(await session.scalars(query.offset((page - 1) * PAGE).limit(PAGE + 1)))
    grants = await _grants_of(session, [row.id for row in rows])
    return [_view(row, grants.get(row.id, [])) for row in rows[:PAGE]], len(rows) > PAGE


async def get_account(session: AsyncSession, account_id: UUID) -> AccountView:
    """Return one account; raises NotFoundError."""
    row = await session.get(Account, account_id)
    if row is None:
        raise NotFoundError(account_id=str(account_id))
    return _view(row, (await _grants_of(session, [account_id])).get(account_id, []))


async def _grants_of(session: AsyncSession, accounts: list[UUID]) -> dict[UUID, list[GrantView]]:
    query = (
        select(RoleGrant, Region.name, Organisation.name)
        .outerjoin(Region, Region.path == RoleGrant.region)
        .outerjoin(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(RoleGrant.account_id.in_(accounts))
        .order_by(RoleGrant.region, RoleGrant.role)
    )
    found: dict[UUID, list[GrantView]] = {}
    for grant, region_name, organisation_name in await session.execute(query):
        view = GrantView(
            id=grant.id,
            role=grant.role,
            title=TITLES[Role(grant.role)],
            region=grant.region,
            region_name=region_name or grant.region,
            organisation_name=organisation_name,
            granted_at=grant.granted_at,
        )
        found.setdefault(grant.account_id, []).append(view)
    return found


def _view(row: Account, grants: list[GrantView]) -> AccountView:
    by_ticket = row.password_hash == NO_PASSWORD
    return AccountView(
        id=row.id,
        login=row.login,
        name=mask_name(row.name) if by_ticket else row.name,
        by_ticket=by_ticket,
        enabled=row.enabled,
        locked_until=row.locked_until,
        second_factor=row.totp_sealed is not None,
        must_change_password=row.must_change_password,
        created_at=row.created_at,
        grants=grants,
    )
