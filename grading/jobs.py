"""Scoring in the background: batches, each its own transaction, so that a crash loses one batch and repeats nothing."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from uuid import UUID

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.jobs import Job
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.delivery.api import AttemptView, list_attempts
from exam.sitting.api import SittingState, SittingView, get_sitting, list_sittings
from grading.scores import SCORABLE, open_forms, score_one
from grading.statistics import WRITE_STATISTICS, ask_for_statistics, write_statistics
from grading.written import SCORE_SITTING, list_unsettled
from questionbank.api import FormsAwaitCustodiansError, reveal_seed

REVEAL_SEED = "grading.reveal_seed"
SWEEP = "grading.score_overlooked"
BATCH = 50
SWEEP_SITTINGS = 200


async def score_sitting(runtime: Runtime, *, sitting_id: str) -> None:
    """Score what a closed sitting has left to score and needs no marks of people; a second run finds nothing."""
    scope = Scope(region=runtime.settings.root_region)
    async with runtime.databases.session(scope) as session:
        sitting = await get_sitting(session, UUID(sitting_id))
        attempts = await list_attempts(session, sitting.id, now=runtime.clock.now())
        unmarked = await list_unsettled(session, sitting.id)
    waiting = [attempt for attempt in attempts if attempt.state in SCORABLE and attempt.id not in unmarked]
    # a key that is still in pieces is no fault: its coming is an event, and that asks again
    with suppress(FormsAwaitCustodiansError):
        for batch in _batches(waiting):
            await _score_batch(runtime, scope, sitting, batch, last=batch[-1] is waiting[-1])


async def _score_batch(
    runtime: Runtime, scope: Scope, sitting: SittingView, batch: Sequence[AttemptView], *, last: bool
) -> None:
    at = runtime.clock.now()
    async with runtime.databases.transaction(scope) as session:
        forms = await open_forms(session, runtime, batch, at=at)
        # in id order, so that two workers at the same sitting wait for each other instead of deadlocking
        for attempt in sorted(batch, key=lambda each: each.id):
            await score_one(session, sitting, attempt, forms, at=at)
        if last:
            await ask_for_statistics(session, sitting.id)


def _batches(attempts: Sequence[AttemptView]) -> Iterator[Sequence[AttemptView]]:
    for start in range(0, len(attempts), BATCH):
        yield attempts[start : start + BATCH]


async def score_overlooked(runtime: Runtime) -> None:
    """Score in every closed sitting what a lost job has left (TRUST.md A10)."""
    async with runtime.databases.session(Scope(region=runtime.settings.root_region)) as session:
        closed = await list_sittings(session, state=SittingState.CLOSED, limit=SWEEP_SITTINGS)
    for sitting in closed:
        await score_sitting(runtime, sitting_id=str(sitting.id))


async def reveal_draw(runtime: Runtime, *, sitting_id: str) -> None:
    """Put the seed of a closed sitting's draw on the ledger, under the one role that can read it."""
    scope = Scope(region=runtime.settings.root_region)
    with suppress(FormsAwaitCustodiansError):
        async with runtime.databases.transaction(scope, Role.BANK) as bank:
            await reveal_seed(bank, runtime, SYSTEM, sitting_id=UUID(sitting_id), at=runtime.clock.now())


JOBS = (
    Job(SCORE_SITTING, score_sitting),
    Job(WRITE_STATISTICS, write_statistics),
    Job(REVEAL_SEED, reveal_draw),
    Job(SWEEP, score_overlooked, cron="*/5 * * * *"),
)
