"""What a person does to their own account; like the log-in it owns its transactions, for wrong passwords are counted."""

from uuid import UUID

from exam.core.audit.ledger import record
from exam.core.db.scope import NOTHING
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.accounts import PasswordCheck, begin_password_check, forgive_failures
from exam.identity.entrance import home_region, roles_of
from exam.identity.errors import CredentialsError, OldPasswordError, PasswordRepeatError, SamePasswordError
from exam.identity.models import Account
from exam.identity.passwords import PasswordPool, require_strong
from exam.identity.roles import needs_second_factor
from exam.identity.sessions import close_other_sessions, close_session, open_session
from exam.web.policy import LoginRequiredError, SecondFactorRequiredError


def account_of(principal: Principal) -> UUID:
    """Return the account of somebody who is logged in."""
    if principal.account is None:
        raise LoginRequiredError
    return principal.account


async def require_whole_log_in(runtime: Runtime, principal: Principal) -> None:
    """Refuse staff who have passed a password only."""
    async with runtime.databases.transaction(NOTHING) as session:
        staff = needs_second_factor(await roles_of(session, account_of(principal)))
    if staff and not principal.second_factor:
        raise SecondFactorRequiredError


async def change_password(
    runtime: Runtime,
    passwords: PasswordPool,
    principal: Principal,
    token: str,
    *,
    old: str,
    new: str,
    repeat: str,
) -> str:
    """Replace the password, end every other session, and return the token of the renewed one.

    Raises PasswordRepeatError, WeakPasswordError, SamePasswordError, and OldPasswordError after counting the failure.
    """
    await require_whole_log_in(runtime, principal)
    if new != repeat:
        raise PasswordRepeatError
    if new == old:
        raise SamePasswordError
    check = await _begin(runtime, principal, new)
    if not await passwords.verify(check.stored, old) or check.account_id is None:
        raise OldPasswordError
    hashed = await passwords.hash(new)
    at = runtime.clock.now()
    async with runtime.databases.transaction(NOTHING) as session:
        account = await forgive_failures(session, check.account_id)
        if account is None:
            raise CredentialsError
        account.password_hash, account.must_change_password = hashed, False
        await close_other_sessions(session, account.id, token)
        await close_session(session, token)
        region = await home_region(session, account.id)
        await record(session, principal, "account.password_changed", ("account", account.id), at=at, region=region)
        factor = principal.second_factor
        return await open_session(session, account.id, at=at, settings=runtime.settings, second_factor=factor)


async def _begin(runtime: Runtime, principal: Principal, new: str) -> PasswordCheck:
    async with runtime.databases.transaction(NOTHING) as session:
        account = await session.get_one(Account, account_of(principal))
        require_strong(new, account.login)
        return await begin_password_check(session, account.login, at=runtime.clock.now())


async def end_other_sessions(runtime: Runtime, principal: Principal, token: str) -> None:
    """End every session of the account but the one that asks."""
    await require_whole_log_in(runtime, principal)
    at = runtime.clock.now()
    async with runtime.databases.transaction(NOTHING) as session:
        account_id = account_of(principal)
        await close_other_sessions(session, account_id, token)
        region = await home_region(session, account_id)
        await record(session, principal, "account.sessions_ended", ("account", account_id), at=at, region=region)
