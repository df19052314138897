"""Background work of certs: PDFs, terms that have run out, and issues that were withheld."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from certs.history import PUBLISH, lock_credential, note
from certs.issuing import RENDER, consider
from certs.models import Credential, CredentialEvent
from certs.publishing import publish_status
from certs.rendering import render_pdf
from certs.state import CredentialState
from certs.withheld import list_withheld
from exam.core.audit.entry import Fact
from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.jobs import Job
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime

RECONSIDER_ONE = "certs.reconsider_one"
EXPIRY_BATCH = 500
LOOK_BACK = timedelta(days=400)
"""How far back a run-out term is still noted: a service that stood still for a year catches up."""


async def note_expiry(runtime: Runtime) -> None:
    """Write the day's run-out terms into the histories; the status itself is computed from the date everywhere."""
    while await _note_some(runtime):
        pass


async def _note_some(runtime: Runtime) -> int:
    at = runtime.clock.now()
    today = local_date(at)
    noted = select(CredentialEvent.id).where(
        CredentialEvent.credential_id == Credential.id,
        CredentialEvent.kind == "expired",
    )
    query = select(Credential.id).where(
        Credential.valid_until_on < today,
        Credential.valid_until_on >= today - LOOK_BACK,
        Credential.status.in_([CredentialState.ISSUED, CredentialState.SUSPENDED]),
        ~noted.exists(),
    )
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        ids = (await session.scalars(query.limit(EXPIRY_BATCH))).all()
        for credential_id in ids:
            row = await lock_credential(session, credential_id)
            facts: dict[str, Fact] = {"valid_until": row.valid_until_on.isoformat()}
            await note(session, SYSTEM, row, "expired", reason="", at=at, facts=facts)
    return len(ids)


async def reconsider(runtime: Runtime) -> None:
    """Look again at every withheld issue: a hold may have been lifted, a ban run out, an authority registered."""
    scope = Scope(region=runtime.settings.root_region)
    async with runtime.databases.transaction(scope) as session:
        waiting = await list_withheld(session, limit=10_000)
    for each in waiting:
        await reconsider_one(runtime, registration_id=str(each.registration_id))


async def reconsider_one(runtime: Runtime, *, registration_id: str) -> None:
    """Look again at one withheld issue, in the scope of the whole installation."""
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        await consider(session, runtime, UUID(registration_id), at=runtime.clock.now())


JOBS = (
    Job(RENDER, render_pdf),
    Job(RECONSIDER_ONE, reconsider_one),
    Job(PUBLISH, publish_status, cron="*/5 * * * *"),
    # 00:10 and 00:40 in Shanghai; the scheduler counts in UTC
    Job("certs.note_expiry", note_expiry, cron="10 16 * * *"),
    Job("certs.reconsider", reconsider, cron="40 16 * * *"),
)
