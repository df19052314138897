"""Background work of certs: PDFs, terms that have run out, and issues that were withheld."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from certs.applications.deciding import deem_accepted
from certs.batches.making import forget_batches, make_batch
from certs.batches.service import MAKE
from certs.drafts import sweep_drafts
from certs.duties import review_day
from certs.grounds import Warrant
from certs.history import PUBLISH, lock_credential, note
from certs.issuing import RENDER, consider
from certs.models import Credential, CredentialEvent
from certs.publishing import publish_status
from certs.rendering import render_pdf
from certs.reviews import end_reviews
from certs.state import CredentialState
from certs.withheld import list_withheld
from exam.core.audit.entry import Fact
from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.jobs import Job
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.standards.api import basis_of, recall_rule_set, resolve_rule_set

RECONSIDER_ONE = "certs.reconsider_one"
EXPIRY_BATCH = 500
LOOK_BACK = timedelta(days=400)
"""How far back a run-out term is still noted: a service that stood still for a year catches up."""


async def note_expiry(runtime: Runtime) -> None:
    """Write ended reviews and the day's run-out terms into the histories; the date alone decides the status everywhere."""
    scope, last = Scope(region=runtime.settings.root_region), None
    while True:
        async with runtime.databases.transaction(scope) as session:
            last = await end_reviews(session, after=last, limit=EXPIRY_BATCH, at=runtime.clock.now())
        if last is None:
            break
    while await _note_some(runtime):
        pass


async def _note_some(runtime: Runtime) -> int:
    at = runtime.clock.now()
    today = local_date(at)
    noted = select(CredentialEvent.id).where(
        CredentialEvent.credential_id == Credential.id,
        CredentialEvent.kind == "expired",
    )
    # PostgreSQL's least passes over null
    ends_on = func.least(Credential.valid_until_on, Credential.review_on)
    query = select(Credential.id).where(
        ends_on < today,
        ends_on >= today - LOOK_BACK,
        Credential.status.in_([CredentialState.ISSUED, CredentialState.SUSPENDED]),
        ~noted.exists(),
    )
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        ids = (await session.scalars(query.limit(EXPIRY_BATCH))).all()
        for credential_id in ids:
            row = await lock_credential(session, credential_id)
            await _note_one(session, row, at)
    return len(ids)


async def _note_one(session: AsyncSession, row: Credential, at: datetime) -> None:
    facts: dict[str, Fact] = {"valid_until": row.valid_until_on.isoformat()}
    rules, key, reason = recall_rule_set(row.qualification, row.rule_set), "credential_term_years", ""
    lapsed = review_day(row.qualification, row.review_on)
    if lapsed is not None and lapsed < row.valid_until_on:
        rules, key, reason = resolve_rule_set(row.qualification, lapsed), "review_lapse_voids", "逾期未复审,证书失效"
        facts["review_on"] = lapsed.isoformat()
    warrant = Warrant(rule_set=rules.version, basis=basis_of(rules, key))
    await note(session, SYSTEM, row, "expired", reason=reason, at=at, facts=facts, warrant=warrant)


async def reconsider(runtime: Runtime) -> None:
    """Look again at every withheld issue: a hold may have been lifted, a ban run out, an authority registered."""
    scope = Scope(region=runtime.settings.root_region)
    async with runtime.databases.transaction(scope) as session:
        waiting = await list_withheld(session, limit=10_000)
    for each in waiting:
        await reconsider_one(runtime, registration_id=str(each.registration_id))


async def deem_applications(runtime: Runtime) -> None:
    """Accept every application that nobody has answered within the days of the law."""
    scope = Scope(region=runtime.settings.root_region)
    done = EXPIRY_BATCH
    while done == EXPIRY_BATCH:
        async with runtime.databases.transaction(scope) as session:
            done = await deem_accepted(session, limit=EXPIRY_BATCH, at=runtime.clock.now())


async def reconsider_one(runtime: Runtime, *, registration_id: str) -> None:
    """Look again at one withheld issue, in the scope of the whole installation."""
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        await consider(session, runtime, UUID(registration_id), at=runtime.clock.now())


JOBS = (
    Job(RENDER, render_pdf),
    Job(RECONSIDER_ONE, reconsider_one),
    Job(MAKE, make_batch),
    Job("certs.forget_batches", forget_batches, cron="25 17 * * *"),
    Job("certs.sweep_drafts", sweep_drafts, cron="55 * * * *"),
    Job(PUBLISH, publish_status, cron="*/5 * * * *"),
    Job("certs.deem_applications", deem_applications, cron="5 16 * * *"),
    # 00:10 and 00:40 in Shanghai; the scheduler counts in UTC
    Job("certs.note_expiry", note_expiry, cron="10 16 * * *"),
    Job("certs.reconsider", reconsider, cron="40 16 * * *"),
)
