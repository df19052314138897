"""Accounts by name, for pages that show who has acted."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.identity.models import Account, RoleGrant
from exam.identity.names import mask_name

MAX_MATCHES = 50


async def names_of_accounts(session: AsyncSession, account_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return name and login by account id; of candidates the masked name alone."""
    rows = await session.scalars(select(Account).where(Account.id.in_(set(account_ids))))
    return {row.id: mask_name(row.name) if row.person_id else f"{row.name} ({row.login})" for row in rows}


async def list_role_holders(session: AsyncSession, role: str, organisation_id: UUID) -> dict[UUID, str]:
    """Return the names of the enabled accounts that hold a role for an organisation, by account id, in order of name."""
    query = (
        select(Account.id, Account.name)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(RoleGrant.role == role, RoleGrant.organisation_id == organisation_id, Account.enabled)
        .order_by(Account.name, Account.id)
    )
    return {row.id: row.name for row in await session.execute(query)}


async def list_role_holders_over(session: AsyncSession, role: str, region: str) -> dict[UUID, str]:
    """Return name and login of the enabled accounts whose role reaches a region, by account id, in order of name."""
    steps = region.split("/")
    above = ["/".join(steps[: depth + 1]) for depth in range(len(steps))]
    query = (
        select(RoleGrant.account_id)
        .join(Account, RoleGrant.account_id == Account.id)
        .where(RoleGrant.role == role, RoleGrant.region.in_(above), Account.enabled)
    )
    names = await names_of_accounts(session, await session.scalars(query))
    return dict(sorted(names.items(), key=lambda each: each[1]))


async def find_account_ids(session: AsyncSession, words: str) -> list[UUID]:
    """Return the accounts whose login or name is exactly `words`."""
    query = select(Account.id).where(or_(Account.login == words, Account.name == words)).limit(MAX_MATCHES)
    return list(await session.scalars(query))


async def enabled_accounts(session: AsyncSession, account_ids: Iterable[UUID]) -> set[UUID]:
    """Return those of the accounts that may still log in."""
    query = select(Account.id).where(Account.id.in_(set(account_ids)), Account.enabled)
    return set(await session.scalars(query))
