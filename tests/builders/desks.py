"""People who open pages: staff past their second factor, enterprises and candidates past their first."""

from uuid import UUID

from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from exam.identity.api import open_candidate_session
from exam.identity.models import Account, RoleGrant
from exam.identity.sessions import open_session
from exam.sitting.api import RegistrationView, ticket_secret
from tests.builders.sitting import COUNTY


async def session_of(
    runtime: Runtime, *, role: str, region: str = COUNTY, organisation: UUID | None = None, second_factor: bool = True
) -> tuple[UUID, str]:
    """Store an account with one role; return its id and the token of its session."""
    at = runtime.clock.now()
    async with runtime.databases.transaction(NOTHING) as session:
        account = Account(
            login=f"u{new_id().hex[-12:]}",
            name="李明",
            password_hash="-",
            enabled=True,
            failures=0,
            must_change_password=False,
            created_at=at,
        )
        session.add(account)
        await session.flush()
        grant = RoleGrant(account_id=account.id, role=role, region=region, organisation_id=organisation, granted_at=at)
        session.add(grant)
        token = await open_session(session, account.id, at=at, settings=runtime.settings, second_factor=second_factor)
    return account.id, token


async def candidate_session(runtime: Runtime, registration: RegistrationView) -> str:
    """Return the token of a candidate at home."""
    async with runtime.databases.transaction(Scope(person=registration.person_id)) as session:
        return await open_candidate_session(
            session,
            runtime.settings,
            person_id=registration.person_id,
            region=registration.region,
            at=runtime.clock.now(),
        )


async def ticket_of(runtime: Runtime, registration: RegistrationView) -> str:
    """Return the secret of a ticket."""
    async with runtime.databases.session(Scope(region=registration.region)) as session:
        return await ticket_secret(session, runtime, registration.id)
