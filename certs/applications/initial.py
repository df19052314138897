"""The application that a passed exam is: accepted with the registration, granted as soon as nothing stands in the way."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.applications.models import Application
from certs.applications.state import (
    OPEN_STATES,
    ApplicationAct,
    ApplicationKind,
    ApplicationState,
    decide_due_on,
    next_state,
)
from exam.core.clock import local_date
from exam.core.ids import new_id
from exam.sitting.api import RegistrationView
from exam.standards.api import NoRuleSetError, resolve_rule_set


async def find_open(session: AsyncSession, person_id: UUID, qualification: str) -> Application | None:
    """Return the open application of a person for an item, or None."""
    query = select(Application).where(
        Application.person_id == person_id,
        Application.qualification == qualification,
        Application.state.in_(OPEN_STATES),
    )
    found: Application | None = await session.scalar(query)
    return found


async def find_refusal(session: AsyncSession, registration_id: UUID) -> ApplicationState | None:
    """Return how far a refusal of what a registration led to has come: nothing is issued by itself after it, or during it."""
    query = select(Application.state).where(
        Application.registration_id == registration_id,
        Application.state.in_([ApplicationState.REFUSAL_PROPOSED, ApplicationState.REFUSED]),
    )
    found = await session.scalar(query)
    return ApplicationState(found) if found else None


async def open_initial(session: AsyncSession, registration: RegistrationView, *, at: datetime) -> None:
    """Let the days of the law begin for whoever has passed; an application that is open already goes on.

    Nothing is opened where no rules hold: the withheld issue says so.
    """
    on = local_date(at)
    if await find_open(session, registration.person_id, registration.qualification):
        return
    try:
        rules = resolve_rule_set(registration.qualification, on)
    except NoRuleSetError:
        return
    row = Application(
        id=new_id(),
        kind=ApplicationKind.INITIAL,
        person_id=registration.person_id,
        qualification=registration.qualification,
        region=registration.region,
        registration_id=registration.id,
        reason="",
        rule_set=rules.version,
        state=ApplicationState.ACCEPTED,
        received_at=at,
        accepted_at=at,
        decide_due_on=decide_due_on(rules, on),
    )
    session.add(row)
    await session.flush()


async def close_initial(session: AsyncSession, registration: RegistrationView, issued: UUID, *, at: datetime) -> None:
    """Note that the credential was issued; the issue itself is the audited act."""
    row = await find_open(session, registration.person_id, registration.qualification)
    if row is None or row.kind != ApplicationKind.INITIAL or row.state != ApplicationState.ACCEPTED:
        return
    row.state = next_state(ApplicationState(row.state), ApplicationAct.GRANT)
    row.decided_at, row.issued_id = at, issued
    await session.flush()
