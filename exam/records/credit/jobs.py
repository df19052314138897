"""Looking through what the platform knows: every morning, and at once when something grave was decided."""

from typing import get_args

from sqlalchemy.ext.asyncio import AsyncSession

from certs.events import CredentialRevoked
from exam.core.db.scope import Scope
from exam.core.events import Event, Subscription
from exam.core.jobs import Job, defer
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.delivery.events import AttemptVoided
from exam.records.credit.finding import find_clues
from exam.records.credit.rules import Source

FIND = "records.find_clues"


async def find(runtime: Runtime, *, source: Source | None = None) -> None:
    """Let the rules look at the whole installation, those of one source or all."""
    async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
        await find_clues(
            session, SYSTEM, at=runtime.clock.now(), sources=frozenset({source} if source else get_args(Source))
        )


async def look_at_incidents(_runtime: Runtime, session: AsyncSession, _event: Event) -> None:
    """Look at once when an attempt was voided."""
    await defer(session, FIND, lock=FIND, source="incidents")


async def look_at_revocations(_runtime: Runtime, session: AsyncSession, _event: Event) -> None:
    """Look at once when a credential was revoked."""
    await defer(session, FIND, lock=FIND, source="revocations")


# 06:20 in Shanghai; the scheduler counts in UTC
JOBS = (Job(FIND, find, cron="20 22 * * *"),)
SUBSCRIPTIONS = (
    Subscription(AttemptVoided, "records.clue_of_void", look_at_incidents),
    Subscription(CredentialRevoked, "records.clue_of_revocation", look_at_revocations),
)
