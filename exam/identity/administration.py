"""What a security administrator does to accounts: every act has a reason, an audit entry and a limit in the region."""

import re
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.identity.accounts import create_account, grant_role
from exam.identity.candidates import NO_PASSWORD
from exam.identity.errors import (
    OrganisationNeededError,
    OwnAccountError,
    RegionForbiddenError,
    RoleConflictError,
    TicketAccountError,
)
from exam.identity.guards import require_region
from exam.identity.models import Account, RoleGrant
from exam.identity.organisations import get_organisation, get_region
from exam.identity.passwords import PasswordPool
from exam.identity.roles import NEEDS_ORGANISATION, TITLES, Role
from exam.identity.sessions import close_sessions_of
from exam.identity.sso.service import forget

OFFICE = Role.SECURITY_ADMIN.value
# no 0/O, 1/l/I: an initial password is read out and typed once
_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
INITIAL_LENGTH = 14
_TRIGGER_SAYS = re.compile(r"roles (\w+) and \w+ must")


def initial_password() -> str:
    """Return a password of 80 random bits that must be changed at the first log-in; never derived from a person."""
    return "".join(secrets.choice(_LETTERS) for _ in range(INITIAL_LENGTH))


async def open_account(
    session: AsyncSession,
    principal: Principal,
    passwords: PasswordPool,
    *,
    login: str,
    name: str,
    role: Role,
    region: str,
    organisation: UUID | None,
    reason: str,
    at: datetime,
) -> tuple[UUID, str]:
    """Create an account with its first role; return its id and the initial password, which is shown once."""
    require_region(principal, region, OFFICE)
    password = initial_password()
    account_id = await create_account(
        session,
        principal,
        passwords,
        login=login,
        name=name,
        password=password,
        region=region,
        at=at,
        must_change_password=True,
    )
    await give_role(
        session, principal, account_id, role, region=region, organisation=organisation, reason=reason, at=at
    )
    return account_id, password


async def give_role(
    session: AsyncSession,
    principal: Principal,
    account_id: UUID,
    role: Role,
    *,
    region: str,
    organisation: UUID | None,
    reason: str,
    at: datetime,
) -> None:
    """Grant a role within the administrator's region.

    Raises RoleConflictError, also where the database's own trigger has refused, and OrganisationNeededError.
    """
    require_region(principal, region, OFFICE)
    await _get_manageable(session, principal, account_id)
    await get_region(session, region)
    if role in NEEDS_ORGANISATION and organisation is None:
        raise OrganisationNeededError(role=TITLES[role])
    if organisation is not None:
        await get_organisation(session, organisation)
    try:
        await grant_role(
            session, principal, account_id, role, region=region, organisation=organisation, reason=reason, at=at
        )
    except IntegrityError as error:
        raise _conflict_of(error, role) from error


def _conflict_of(error: IntegrityError, wanted: Role) -> RoleConflictError:
    """Read the held role out of what the trigger said: `roles author and reviewer must …`."""
    found = _TRIGGER_SAYS.search(str(error.orig))
    return RoleConflictError(held=TITLES[Role(found[1])] if found else "", wanted=TITLES[wanted])


async def revoke_role(
    session: AsyncSession,
    principal: Principal,
    account_id: UUID,
    grant_id: UUID,
    *,
    reason: str,
    at: datetime,
) -> None:
    """Take a role away; the right is gone at the next request."""
    account = await _get_manageable(session, principal, account_id)
    grant = await session.get(RoleGrant, grant_id)
    if grant is None or grant.account_id != account_id:
        raise NotFoundError(grant_id=str(grant_id))
    await session.delete(grant)
    await session.flush()
    facts = {"role": grant.role, "reason": reason}
    await record(session, principal, "role.revoked", ("account", account.id), at=at, region=grant.region, facts=facts)


async def set_enabled(
    session: AsyncSession,
    principal: Principal,
    account_id: UUID,
    *,
    enabled: bool,
    reason: str,
    at: datetime,
) -> None:
    """Disable or enable an account; who is disabled is out at the next request, by state and by closed sessions."""
    account = await _get_manageable(session, principal, account_id)
    account.enabled = enabled
    if enabled:
        account.failures, account.locked_until = 0, None
    else:
        await close_sessions_of(session, account_id)
    await _record(session, principal, "account.enabled" if enabled else "account.disabled", account_id, reason, at)


async def reset_password(
    session: AsyncSession,
    principal: Principal,
    passwords: PasswordPool,
    account_id: UUID,
    *,
    reason: str,
    at: datetime,
) -> str:
    """Replace the password by an initial one, close every session, and return it to be shown once.

    Raises TicketAccountError: a candidate's account must not be opened by a password.
    """
    account = await _get_manageable(session, principal, account_id)
    if account.password_hash == NO_PASSWORD:
        raise TicketAccountError
    password = initial_password()
    account.password_hash = await passwords.hash(password)
    account.must_change_password = True
    account.failures, account.locked_until = 0, None
    await close_sessions_of(session, account_id)
    await _record(session, principal, "account.password_reset", account_id, reason, at)
    return password


async def reset_second_factor(
    session: AsyncSession,
    principal: Principal,
    account_id: UUID,
    *,
    reason: str,
    at: datetime,
) -> None:
    """Unbind the authenticator and the identity at the provider, and close every session: the next log-in binds anew."""
    account = await _get_manageable(session, principal, account_id)
    await forget(session, account_id)
    account.totp_sealed, account.totp_last_step = None, None
    await close_sessions_of(session, account_id)
    await _record(session, principal, "account.second_factor_reset", account_id, reason, at)


async def _get_manageable(session: AsyncSession, principal: Principal, account_id: UUID) -> Account:
    """Return an account all of whose grants lie in the administrator's region, and never their own."""
    if account_id == principal.account:
        raise OwnAccountError
    account = await session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFoundError(account_id=str(account_id))
    for region in await session.scalars(select(RoleGrant.region).where(RoleGrant.account_id == account_id)):
        require_region(principal, region, OFFICE)
    return account


async def _record(
    session: AsyncSession,
    principal: Principal,
    act: str,
    account_id: UUID,
    reason: str,
    at: datetime,
) -> None:
    facts = {"reason": reason}
    await session.flush()
    await record(session, principal, act, ("account", account_id), at=at, region=principal.region, facts=facts)


async def require_visible(session: AsyncSession, principal: Principal, account_id: UUID) -> None:
    """Refuse an account that has roles, none of them within the administrator's region, as if it did not exist."""
    regions = list(await session.scalars(select(RoleGrant.region).where(RoleGrant.account_id == account_id)))
    for region in regions:
        try:
            require_region(principal, region, OFFICE)
        except RegionForbiddenError:
            continue
        return
    if regions:
        raise NotFoundError(account_id=str(account_id))
