"""The first accounts of an installation (三员): before them nobody can log in, and after them nobody is made this way."""

from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import SYSTEM
from exam.identity.accounts import create_account, grant_role
from exam.identity.administration import initial_password
from exam.identity.errors import AlreadyFoundedError
from exam.identity.models import Account
from exam.identity.passwords import PasswordPool
from exam.identity.roles import TITLES, Role

LOGINS = {"sysadmin": Role.SYSTEM_ADMIN, "secadmin": Role.SECURITY_ADMIN, "auditor": Role.AUDITOR}
"""The three administrators, whom no two roles ever unite in one person."""
REASON = "系统初始化"


class Founder(msgspec.Struct, frozen=True, kw_only=True):
    """One administrator; the password is told once and must be changed at the first log-in."""

    login: str
    title: str
    password: str


async def find_beginning(session: AsyncSession) -> datetime | None:
    """Return when the first account was made, which is when the installation began; None before."""
    # ids grow with time, and there may be millions of accounts
    return await session.scalar(select(Account.created_at).order_by(Account.id).limit(1))


async def found_installation(
    session: AsyncSession, passwords: PasswordPool, *, region: str, at: datetime
) -> list[Founder]:
    """Create the three administrators of a region; raises AlreadyFoundedError where there is any account."""
    if await session.scalar(select(Account.id).limit(1)) is not None:
        raise AlreadyFoundedError
    founders = []
    for login, role in LOGINS.items():
        title, password = TITLES[role], initial_password()
        account = await create_account(
            session,
            SYSTEM,
            passwords,
            login=login,
            name=title,
            password=password,
            region=region,
            at=at,
            must_change_password=True,
        )
        await grant_role(session, SYSTEM, account, role, region=region, at=at, organisation=None, reason=REASON)
        founders.append(Founder(login=login, title=title, password=password))
    return founders
