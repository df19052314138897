"""Accounts for tests, made by the product's own verbs."""

from datetime import date, datetime
from uuid import UUID

import pyotp

from exam.core.clock import local_midnight
from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.accounts import create_account, enrol_second_factor, grant_role
from exam.identity.models import Account
from exam.identity.organisations import create_organisation
from exam.identity.passwords import PasswordPool
from exam.identity.roles import NEEDS_ORGANISATION, Role
from exam.identity.seeding import seed_regions
from exam.identity.sessions import COOKIE, open_session

PASSWORD = "vier-kalte-brunnen-71"
PROVINCE = "33"
CITY = "33/3301"
COUNTY = "33/3301/330106"
_POOL = PasswordPool(2)


async def regions(runtime: Runtime) -> None:
    """Load the packaged regions."""
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        await seed_regions(session)


async def organisation(runtime: Runtime, *, kind: str, name: str, region: str) -> UUID:
    """Register an organisation without a unified code."""
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        return await create_organisation(session, SYSTEM, kind=kind, name=name, region=region, at=runtime.clock.now())


async def account(
    runtime: Runtime,
    *,
    login: str,
    roles: tuple[Role, ...],
    region: str,
    name: str = "测试员",
    must_change_password: bool = False,
) -> UUID:
    """Create an account with PASSWORD and its roles; an organisation is made where a role needs one."""
    at = runtime.clock.now()
    body: UUID | None = None
    if NEEDS_ORGANISATION.intersection(roles):
        body = await organisation(runtime, kind="centre", name=f"{login} 所在机构", region=region)
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        account_id = await create_account(
            session,
            SYSTEM,
            _POOL,
            login=login,
            name=name,
            password=PASSWORD,
            region=region,
            at=at,
            must_change_password=must_change_password,
        )
        for role in roles:
            held_for = body if role in NEEDS_ORGANISATION else None
            await grant_role(session, SYSTEM, account_id, role, region=region, at=at, organisation=held_for)
    return account_id


async def begin(runtime: Runtime, on: date) -> None:
    """Let the installation have begun on a day: its first account is of that day."""
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        first = Account(login="first", name="第一人", password_hash="-", enabled=False, failures=0)
        first.must_change_password, first.created_at = False, local_midnight(on)
        session.add(first)


async def second_factor(runtime: Runtime, account_id: UUID) -> str:
    """Bind an authenticator and return its secret."""
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        return await enrol_second_factor(session, runtime.sealer, account_id)


def code(secret: str, at: datetime) -> str:
    """Return what the authenticator shows at an instant."""
    return pyotp.TOTP(secret).at(at)


async def session_cookie(runtime: Runtime, account_id: UUID, *, second_factor: bool = True) -> dict[str, str]:
    """Open a session past the log-in and return its cookie."""
    settings, at = runtime.settings, runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        token = await open_session(session, account_id, at=at, settings=settings, second_factor=second_factor)
    return {COOKIE: token}
