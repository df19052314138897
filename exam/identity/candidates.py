"""How a candidate gets in at home: whoever shows the ticket and knows the ID number is given an account without a password."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.config import Settings
from exam.core.principal import SYSTEM, Principal
from exam.identity.accounts import grant_role
from exam.identity.errors import CandidateEntranceError
from exam.identity.models import Account
from exam.identity.people import get_person
from exam.identity.roles import Role
from exam.identity.sessions import close_session, open_session

NO_PASSWORD = "!"  # noqa: S105  # no argon2 text: every comparison with it fails

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:login, 0))")


def candidate_login(person_id: UUID) -> str:
    """Return the login of the account that belongs to a person as a candidate and has no other role."""
    return f"candidate-{person_id.hex}"


async def open_candidate_session(
    session: AsyncSession,
    settings: Settings,
    *,
    person_id: UUID,
    region: str,
    at: datetime,
    old_token: str | None = None,
) -> str:
    """Open a one-factor session for a person who has proved who they are, making the account if it is missing.

    The session's scope must show the person. Only the account made here is used, so that a ticket never opens one
    that has staff roles. Raises CandidateEntranceError where that account is disabled.
    """
    account = await _ensure_account(session, person_id, region=region, at=at)
    if not account.enabled:
        raise CandidateEntranceError
    if old_token:
        await close_session(session, old_token)
    token = await open_session(session, account.id, at=at, settings=settings, second_factor=False)
    own = Principal(account=account.id, person=person_id, name=account.name)
    await record(session, own, "account.logged_in", ("account", account.id), at=at, region=region)
    return token


async def _ensure_account(session: AsyncSession, person_id: UUID, *, region: str, at: datetime) -> Account:
    login = candidate_login(person_id)
    await session.execute(_LOCK, {"login": login})
    found = await session.scalar(select(Account).where(Account.login == login))
    if found is not None:
        return found
    person = await get_person(session, person_id)
    account = Account(
        login=login,
        name=person.name,
        password_hash=NO_PASSWORD,
        person_id=person_id,
        enabled=True,
        failures=0,
        must_change_password=False,
        created_at=at,
    )
    session.add(account)
    await session.flush()
    await record(session, SYSTEM, "account.created", ("account", account.id), at=at, region=region)
    await grant_role(session, SYSTEM, account.id, Role.CANDIDATE, region=region, at=at, reason="ticket")
    return account
