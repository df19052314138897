"""Logging in by an identity that was bound before; like the log-in it owns its transactions."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.crypto import digest
from exam.core.db.scope import NOTHING
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.entrance import Entered, home_region, roles_of
from exam.identity.models import Account
from exam.identity.own_account import account_of
from exam.identity.roles import needs_second_factor
from exam.identity.sessions import close_session, close_sso_session, close_sso_sessions_of, open_session
from exam.identity.sso.asking import Identity, Left
from exam.identity.sso.errors import SsoNotBoundError, SsoStaffOnlyError, SsoTakenError, SsoUnknownError
from exam.identity.sso.models import SsoIdentity

PLACE = "identity_sso.subject_sealed"


async def enter(runtime: Runtime, identity: Identity, old_token: str | None) -> Entered:
    """Open a session for the account that an identity is bound to; raises SsoUnknownError.

    Where the provider does not vouch for two factors, our own second step follows as after a password.
    """
    at = runtime.clock.now()
    async with runtime.databases.transaction(NOTHING) as session:
        account = await _account_behind(runtime, session, identity)
        if account is None or not account.enabled or not needs_second_factor(await roles_of(session, account.id)):
            raise SsoUnknownError
        if old_token:
            await close_session(session, old_token)
        token = await open_session(
            session,
            account.id,
            at=at,
            settings=runtime.settings,
            second_factor=identity.second_factor,
            sso=True,
            sso_session=_session_known_as(runtime, identity.session),
        )
        if identity.second_factor:
            own = Principal(account=account.id, name=account.name)
            await _record(runtime, session, own, "account.sso_logged_in")
    return Entered(
        token=token,
        second_factor_needed=not identity.second_factor,
        must_change_password=account.must_change_password,
    )


async def leave(runtime: Runtime, left: Left) -> None:
    """End the sessions that came from the provider for somebody who has logged out there; a stranger has none.

    Where a subject is named all of them end, otherwise those of the one log-in there.
    """
    async with runtime.databases.transaction(NOTHING) as session:
        end = _end_all(runtime, session, left.subject) if left.subject else _end_one(runtime, session, left.session)
        if (account := await end) is not None:
            own = Principal(account=account.id, name=account.name)
            await _record(runtime, session, own, "account.sso_logged_out")


async def _end_all(runtime: Runtime, session: AsyncSession, subject: str) -> Account | None:
    """Return whose sessions have ended, or None where there were none."""
    account = await _account_behind(runtime, session, Identity(subject, second_factor=False))
    return account if account is not None and await close_sso_sessions_of(session, account.id) else None


async def _end_one(runtime: Runtime, session: AsyncSession, number: str) -> Account | None:
    """Return whose session has ended, or None where none is known by that number."""
    known = _session_known_as(runtime, number)
    account_id = await close_sso_session(session, known) if known else None
    return await session.get(Account, account_id) if account_id else None


async def require_binder(runtime: Runtime, principal: Principal) -> UUID:
    """Return the account of staff who have passed both steps; raises SsoStaffOnlyError."""
    account_id = account_of(principal)
    async with runtime.databases.session(NOTHING) as session:
        staff = needs_second_factor(await roles_of(session, account_id))
    if not staff or not principal.second_factor:
        raise SsoStaffOnlyError
    return account_id


async def bind(runtime: Runtime, principal: Principal, identity: Identity) -> None:
    """Bind an identity to the own account; raises SsoTakenError, SsoStaffOnlyError."""
    account_id = await require_binder(runtime, principal)
    async with runtime.databases.transaction(NOTHING) as session:
        await session.get_one(Account, account_id, with_for_update=True)
        behind = await _account_behind(runtime, session, identity)
        if behind is not None and behind.id == account_id:
            return
        if behind is not None or await is_bound(session, account_id):
            raise SsoTakenError
        known = _known_as(runtime, identity)
        session.add(
            SsoIdentity(
                account_id=account_id,
                subject_sealed=runtime.sealer.seal(known, PLACE),
                subject_index=runtime.sealer.blind_index(known, PLACE),
                bound_at=runtime.clock.now(),
            ),
        )
        await session.flush()
        await _record(runtime, session, principal, "account.sso_bound")


async def unbind(runtime: Runtime, principal: Principal) -> None:
    """Take the own binding away; raises SsoNotBoundError."""
    account_id = await require_binder(runtime, principal)
    async with runtime.databases.transaction(NOTHING) as session:
        if not await forget(session, account_id):
            raise SsoNotBoundError
        await _record(runtime, session, principal, "account.sso_unbound")


async def forget(session: AsyncSession, account_id: UUID) -> bool:
    """Take an account's binding away and tell whether there was one."""
    gone = await session.scalars(
        delete(SsoIdentity).where(SsoIdentity.account_id == account_id).returning(SsoIdentity.id)
    )
    return gone.first() is not None


async def is_bound(session: AsyncSession, account_id: UUID) -> bool:
    """Tell whether an identity is bound to an account."""
    return await session.scalar(select(SsoIdentity.id).where(SsoIdentity.account_id == account_id)) is not None


async def _account_behind(runtime: Runtime, session: AsyncSession, identity: Identity) -> Account | None:
    indexes = runtime.sealer.blind_indexes(_known_as(runtime, identity), PLACE)
    bound = select(SsoIdentity.account_id).where(SsoIdentity.subject_index.in_(indexes))
    return await session.scalar(select(Account).where(Account.id.in_(bound)))


def _known_as(runtime: Runtime, identity: Identity) -> str:
    """Return issuer and subject together: another provider's subject of the same name is somebody else."""
    return f"{runtime.settings.oidc_issuer} {identity.subject}"


def _session_known_as(runtime: Runtime, number: str) -> bytes | None:
    return digest(f"{runtime.settings.oidc_issuer} {number}".encode()) if number else None


async def _record(runtime: Runtime, session: AsyncSession, principal: Principal, act: str) -> None:
    account_id = account_of(principal)
    region = await home_region(session, account_id)
    await record(session, principal, act, ("account", account_id), at=runtime.clock.now(), region=region)
