"""Server-side sessions: a random token in the cookie, its digest in the database, ended by time or by hand."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.config import Settings
from exam.core.crypto import digest
from exam.core.principal import Grant, Principal
from exam.identity.models import Account, LoginSession, RoleGrant

COOKIE = "ankao_session"
TOUCH_S = 60
"""Seconds within which `seen_at` is not written again: most requests only read."""


class OpenedSession(msgspec.Struct, frozen=True):
    """A session and whose it is; `stale` asks for a new `seen_at`, nothing prolongs it beyond `expires_at`."""

    principal: Principal
    token_digest: bytes
    stale: bool
    expires_at: datetime


def login_of(token: str) -> bytes:
    """Return what a session is known by where its token must not stand: the token's digest."""
    return digest(token.encode())


async def open_session(
    session: AsyncSession,
    account_id: UUID,
    *,
    at: datetime,
    settings: Settings,
    second_factor: bool,
    sso: bool = False,
    sso_session: bytes | None = None,
) -> str:
    """Store a new session and return its token, 256 bits, known to the browser alone."""
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_digest=login_of(token),
            account_id=account_id,
            created_at=at,
            seen_at=at,
            expires_at=at + timedelta(hours=settings.session_max_h),
            second_factor_at=at if second_factor else None,
            sso=sso,
            sso_session=sso_session,
        ),
    )
    await session.flush()
    return token


async def find_session(session: AsyncSession, token: str, *, at: datetime, settings: Settings) -> OpenedSession | None:
    """Return the live session of a token; a disabled account has none from that moment."""
    key = login_of(token)
    rows = await session.execute(
        select(LoginSession, Account, RoleGrant)  # in one statement: every request of a person asks for it
        .join(Account, Account.id == LoginSession.account_id)
        .outerjoin(RoleGrant, RoleGrant.account_id == Account.id)
        .where(LoginSession.token_digest == key, Account.enabled, LoginSession.expires_at > at),
    )
    found = rows.all()
    if not found:
        return None
    login, account = found[0].LoginSession, found[0].Account
    if at - login.seen_at > timedelta(minutes=settings.session_idle_min):
        return None
    grants = [row.RoleGrant for row in found if row.RoleGrant is not None]
    principal = _principal(account, grants, second_factor=login.second_factor_at is not None)
    stale = at - login.seen_at > timedelta(seconds=TOUCH_S)
    return OpenedSession(principal, key, stale, login.expires_at)


def _principal(account: Account, grants: Iterable[RoleGrant], *, second_factor: bool) -> Principal:
    """Build the principal of an account from its grants, the widest region first.

    Who must choose a new password has no rights before that.
    """
    if account.must_change_password:
        return Principal(account=account.id, person=account.person_id, name=account.name, second_factor=second_factor)
    ordered = sorted(grants, key=lambda grant: (len(grant.region), grant.region, grant.role))
    return Principal(
        account=account.id,
        person=account.person_id,
        name=account.name,
        grants=tuple(Grant(grant.role, grant.region, grant.organisation_id) for grant in ordered),
        second_factor=second_factor,
    )


async def touch_session(session: AsyncSession, token_digest: bytes, *, at: datetime) -> None:
    """Note that the session is in use."""
    await session.execute(update(LoginSession).where(LoginSession.token_digest == token_digest).values(seen_at=at))


async def close_session(session: AsyncSession, token: str) -> bool:
    """End one session and tell whether it came from the OpenID provider."""
    ended = delete(LoginSession).where(LoginSession.token_digest == login_of(token)).returning(LoginSession.sso)
    return bool(await session.scalar(ended))


async def close_sessions_of(session: AsyncSession, account_id: UUID) -> None:
    """End every session of an account: a disabled person is out at the next request."""
    await session.execute(delete(LoginSession).where(LoginSession.account_id == account_id))


async def close_sso_sessions_of(session: AsyncSession, account_id: UUID) -> bool:
    """End every session of an account that came from the OpenID provider, and tell whether there was one."""
    came = (LoginSession.account_id == account_id) & LoginSession.sso
    ended = await session.scalars(delete(LoginSession).where(came).returning(LoginSession.token_digest))
    return ended.first() is not None


async def close_sso_session(session: AsyncSession, sso_session: bytes) -> UUID | None:
    """End the sessions that came from one log-in at the OpenID provider, and return whose they were."""
    came = LoginSession.sso_session == sso_session
    ended = await session.scalars(delete(LoginSession).where(came).returning(LoginSession.account_id))
    return ended.first()


async def close_other_sessions(session: AsyncSession, account_id: UUID, token: str) -> None:
    """End every session of an account but the one that asks."""
    own = login_of(token)
    await session.execute(
        delete(LoginSession).where(LoginSession.account_id == account_id, LoginSession.token_digest != own),
    )


class SessionView(msgspec.Struct, frozen=True):
    """A live session as its owner sees it."""

    created_at: datetime
    seen_at: datetime
    second_factor: bool
    own: bool


async def list_sessions(session: AsyncSession, account_id: UUID, token: str, *, at: datetime) -> list[SessionView]:
    """Return the account's live sessions, the newest first; `own` is the one that asks."""
    rows = await session.scalars(
        select(LoginSession)
        .where(LoginSession.account_id == account_id, LoginSession.expires_at > at)
        .order_by(LoginSession.created_at.desc()),
    )
    own = login_of(token)
    return [
        SessionView(row.created_at, row.seen_at, row.second_factor_at is not None, row.token_digest == own)
        for row in rows
    ]


async def purge_sessions(session: AsyncSession, *, at: datetime) -> None:
    """Forget the sessions that have run out."""
    await session.execute(delete(LoginSession).where(LoginSession.expires_at <= at))
