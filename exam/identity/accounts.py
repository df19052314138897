"""Accounts: log-in with lock-out, second factor, roles."""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.crypto import Sealer
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.identity.errors import CredentialsError, LoginTakenError, RoleConflictError, SecondFactorError
from exam.identity.models import Account, RoleGrant
from exam.identity.passwords import PasswordPool, require_strong
from exam.identity.roles import Role, conflict_between

MAX_FAILURES = 5
LOCK = timedelta(minutes=15)
TOTP_PLACE = "identity_account.totp_sealed"
TOTP_STEP_S = 30


async def create_account(
    session: AsyncSession,
    principal: Principal,
    passwords: PasswordPool,
    *,
    login: str,
    name: str,
    password: str,
    region: str,
    at: datetime,
    person_id: UUID | None = None,
    must_change_password: bool = False,
) -> UUID:
    """Create an enabled account without roles and return its id; raises LoginTakenError, WeakPasswordError."""
    require_strong(password, login)
    if await session.scalar(select(Account.id).where(Account.login == login)):
        raise LoginTakenError(login=login)
    account = Account(
        login=login,
        name=name,
        password_hash=await passwords.hash(password),
        person_id=person_id,
        enabled=True,
        failures=0,
        must_change_password=must_change_password,
        created_at=at,
    )
    session.add(account)
    await session.flush()
    await record(session, principal, "account.created", ("account", account.id), at=at, region=region)
    return account.id


async def grant_role(
    session: AsyncSession,
    principal: Principal,
    account_id: UUID,
    role: Role,
    *,
    region: str,
    at: datetime,
    organisation: UUID | None = None,
) -> None:
    """Grant a role in a region; raises RoleConflictError where two people are wanted (三员分立, author ≠ reviewer …)."""
    held = await session.scalars(select(RoleGrant.role).where(RoleGrant.account_id == account_id))
    if (other := conflict_between(frozenset(Role(name) for name in held), role)) is not None:
        raise RoleConflictError(held=other.value, wanted=role.value)
    session.add(
        RoleGrant(
            account_id=account_id,
            role=role.value,
            region=region,
            organisation_id=organisation,
            granted_by=principal.account,
            granted_at=at,
        ),
    )
    await session.flush()
    facts = {"role": role.value, "organisation": str(organisation) if organisation else None}
    await record(session, principal, "role.granted", ("account", account_id), at=at, region=region, facts=facts)


async def check_password(
    session: AsyncSession,
    passwords: PasswordPool,
    login: str,
    password: str,
    *,
    at: datetime,
) -> Account | None:
    """Return the account, or None after counting the failure; the caller commits either way and then refuses."""
    account = await session.scalar(select(Account).where(Account.login == login).with_for_update())
    locked = account is not None and account.locked_until is not None and account.locked_until > at
    usable = account is not None and account.enabled and not locked
    stored = account.password_hash if account is not None and usable else None
    if await passwords.verify(stored, password) and account is not None:
        account.failures, account.locked_until = 0, None
        return account
    if account is not None and usable:
        account.failures += 1
        if account.failures >= MAX_FAILURES:
            account.failures, account.locked_until = 0, at + LOCK
    return None


def require_account(account: Account | None) -> Account:
    """Refuse in one way whatever the reason was."""
    if account is None:
        raise CredentialsError
    return account


async def enrol_second_factor(session: AsyncSession, sealer: Sealer, account_id: UUID) -> str:
    """Give the account a fresh TOTP secret (RFC 6238, 160 bits) and return it for the person's authenticator."""
    account = await session.get(Account, account_id)
    if account is None:
        raise NotFoundError(account_id=str(account_id))
    secret = pyotp.random_base32()
    account.totp_sealed = sealer.seal(secret, TOTP_PLACE)
    account.totp_last_step = None
    await session.flush()
    return secret


def check_second_factor(account: Account, sealer: Sealer, code: str, *, at: datetime) -> None:
    """Accept a code of this step or its neighbours once; raises SecondFactorError."""
    if account.totp_sealed is None:
        raise SecondFactorError
    totp = pyotp.TOTP(sealer.open(account.totp_sealed, TOTP_PLACE))
    now = int(at.timestamp()) // TOTP_STEP_S
    for step in (now - 1, now, now + 1):
        fresh = account.totp_last_step is None or step > account.totp_last_step
        if fresh and hmac.compare_digest(totp.generate_otp(step), code.strip()):
            account.totp_last_step = step
            return
    raise SecondFactorError
