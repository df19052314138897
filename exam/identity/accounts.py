"""Accounts: log-in with lock-out, second factor, roles."""

import hmac
import re
import unicodedata
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pyotp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.crypto import Sealer
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.identity.errors import LoginFormError, LoginTakenError, RoleConflictError, SecondFactorError
from exam.identity.models import Account, RoleGrant
from exam.identity.passwords import PasswordPool, require_strong
from exam.identity.roles import TITLES, Role, conflict_between

MAX_FAILURES = 5
LOCK = timedelta(minutes=15)
TOTP_PLACE = "identity_account.totp_sealed"
TOTP_STEP_S = 30
LOGIN = re.compile(r"[0-9A-Za-z._@-]{3,64}")


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
    if not LOGIN.fullmatch(login):
        raise LoginFormError
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
    reason: str = "",
) -> None:
    """Grant a role in a region, once; raises RoleConflictError where two people are wanted (三员分立, author ≠ reviewer …)."""
    held = list(await session.scalars(select(RoleGrant).where(RoleGrant.account_id == account_id)))
    if (other := conflict_between(frozenset(Role(grant.role) for grant in held), role)) is not None:
        raise RoleConflictError(held=TITLES[other], wanted=TITLES[role])
    if any((grant.role, grant.region, grant.organisation_id) == (role, region, organisation) for grant in held):
        return
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
    facts = {"role": role.value, "organisation": str(organisation) if organisation else None, "reason": reason}
    await record(session, principal, "role.granted", ("account", account_id), at=at, region=region, facts=facts)


class PasswordCheck(msgspec.Struct, frozen=True):
    """What a password is to be compared with; `stored` is None where nothing may match."""

    account_id: UUID | None
    stored: str | None


async def begin_password_check(session: AsyncSession, login: str, *, at: datetime) -> PasswordCheck:
    """Count a failure in advance and return what to compare; the caller commits before it computes the hash.

    Counting first means that guesses made at once cannot outrun the lock, and that no connection waits for argon2.
    """
    account = await session.scalar(select(Account).where(Account.login == login).with_for_update())
    if account is None or not account.enabled or (account.locked_until is not None and account.locked_until > at):
        return PasswordCheck(None, None)
    count_failure(account, at)
    return PasswordCheck(account.id, account.password_hash)


def count_failure(account: Account, at: datetime) -> None:
    """Count one wrong answer; the fifth locks the account."""
    account.failures += 1
    if account.failures >= MAX_FAILURES:
        account.failures, account.locked_until = 0, at + LOCK


async def forgive_failures(session: AsyncSession, account_id: UUID) -> Account | None:
    """Forget the failures of somebody who has proved who they are; None if disabled meanwhile."""
    account = await session.get(Account, account_id, with_for_update=True)
    if account is None or not account.enabled:
        return None
    account.failures, account.locked_until = 0, None
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
    secret = sealer.open(account.totp_sealed, TOTP_PLACE)
    account.totp_last_step = accepted_step(secret, code, account.totp_last_step, at=at)


def accepted_step(secret: str, code: str, last_step: int | None, *, at: datetime) -> int:
    """Return the 30-second step that a code belongs to, later than the last one used; raises SecondFactorError."""
    totp = pyotp.TOTP(secret)
    # a Chinese input method types full-width digits, an authenticator shows "123 456"
    typed = "".join(unicodedata.normalize("NFKC", code).split()).encode()
    now = int(at.timestamp()) // TOTP_STEP_S
    for step in (now - 1, now, now + 1):
        fresh = last_step is None or step > last_step
        if fresh and hmac.compare_digest(totp.generate_otp(step).encode(), typed):
            return step
    raise SecondFactorError
