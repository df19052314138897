"""The edge of logging in: it owns its transactions, for a refusal is counted in the database before it is spoken."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.db.scope import NOTHING
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.valkey import require_allowance
from exam.identity.accounts import begin_password_check, check_second_factor, count_failure, forgive_failures
from exam.identity.enrolment import bind_second_factor, open_offer
from exam.identity.errors import CredentialsError, SecondFactorError
from exam.identity.models import Account, RoleGrant
from exam.identity.passwords import PasswordPool
from exam.identity.roles import needs_second_factor
from exam.identity.sessions import close_session, open_session
from exam.web.policy import LoginRequiredError

# a training centre's four hundred people share one address; a guesser of one login gets ten tries in five minutes
PER_ADDRESS, ADDRESS_WINDOW_S = 120, 60
PER_LOGIN, LOGIN_WINDOW_S = 10, 300


class Entered(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the log-in is passed: `token` is new at every step, so that a planted one is worth nothing."""

    token: str
    second_factor_needed: bool
    must_change_password: bool


async def roles_of(session: AsyncSession, account_id: UUID) -> frozenset[str]:
    """Return the roles an account holds anywhere."""
    return frozenset(await session.scalars(select(RoleGrant.role).where(RoleGrant.account_id == account_id)))


async def home_region(session: AsyncSession, account_id: UUID) -> str:
    """Return the widest region of an account's grants, where its own acts are logged; empty without a grant."""
    regions = await session.scalars(select(RoleGrant.region).where(RoleGrant.account_id == account_id))
    return min(regions, key=lambda path: (len(path), path), default="")


async def enter(
    runtime: Runtime,
    passwords: PasswordPool,
    *,
    login: str,
    password: str,
    address: str,
    old_token: str | None,
) -> Entered:
    """Pass the first step; raises CredentialsError for every refusal alike, TooManyRequestsError, BusyError."""
    await _require_allowances(runtime, login, address)
    at = runtime.clock.now()
    async with runtime.databases.transaction(NOTHING) as session:
        check = await begin_password_check(session, login, at=at)
    matches = await passwords.verify(check.stored, password)
    if not matches or check.account_id is None:
        raise CredentialsError
    async with runtime.databases.transaction(NOTHING) as session:
        account = await forgive_failures(session, check.account_id)
        if account is None:
            raise CredentialsError
        staff = needs_second_factor(await roles_of(session, account.id))
        token = await _renew(runtime, session, account, old_token, second_factor=False)
        if not staff:
            await _record(session, "account.logged_in", account, at)
    return Entered(token=token, second_factor_needed=staff, must_change_password=account.must_change_password)


async def pass_second_factor(runtime: Runtime, principal: Principal, token: str, code: str, offer: str = "") -> Entered:
    """Pass the second step with a code, binding the offered secret where the account has none yet.

    Raises SecondFactorError after counting the failure, CredentialsError while the account is locked.
    """
    if principal.account is None:
        raise LoginRequiredError
    at = runtime.clock.now()
    async with runtime.databases.transaction(NOTHING) as session:
        account = await session.get_one(Account, principal.account, with_for_update=True)
        if account.locked_until is not None and account.locked_until > at:
            raise CredentialsError
        try:
            await _accept(runtime, session, account, code, offer, at)
        except SecondFactorError as refusal:
            count_failure(account, at)
            refused: SecondFactorError | None = refusal
        else:
            refused = None
            account.failures, account.locked_until = 0, None
            fresh = await _renew(runtime, session, account, token, second_factor=True)
            await _record(session, "account.logged_in", account, at)
    if refused is not None:
        raise refused
    return Entered(token=fresh, second_factor_needed=False, must_change_password=account.must_change_password)


async def leave(runtime: Runtime, token: str) -> bool:
    """End the session of a token and tell whether it came from the OpenID provider."""
    async with runtime.databases.transaction(NOTHING) as session:
        return await close_session(session, token)


async def _require_allowances(runtime: Runtime, login: str, address: str) -> None:
    name = sha256(login.encode()).hexdigest()[:32]
    await require_allowance(runtime.valkey, f"login:from:{address}", limit=PER_ADDRESS, window_s=ADDRESS_WINDOW_S)
    await require_allowance(runtime.valkey, f"login:to:{name}", limit=PER_LOGIN, window_s=LOGIN_WINDOW_S)


async def _accept(
    runtime: Runtime,
    session: AsyncSession,
    account: Account,
    code: str,
    offer: str,
    at: datetime,
) -> None:
    if account.totp_sealed is not None:
        check_second_factor(account, runtime.sealer, code, at=at)
        return
    secret = open_offer(runtime.sealer, account.id, offer, at=at)
    bind_second_factor(account, runtime.sealer, secret, code, at=at)
    await _record(session, "account.second_factor_bound", account, at)


async def _renew(
    runtime: Runtime,
    session: AsyncSession,
    account: Account,
    old_token: str | None,
    *,
    second_factor: bool,
) -> str:
    if old_token:
        await close_session(session, old_token)
    return await open_session(
        session,
        account.id,
        at=runtime.clock.now(),
        settings=runtime.settings,
        second_factor=second_factor,
    )


async def _record(session: AsyncSession, act: str, account: Account, at: datetime) -> None:
    own = Principal(account=account.id, person=account.person_id, name=account.name)
    region = await home_region(session, account.id)
    await record(session, own, act, ("account", account.id), at=at, region=region)
