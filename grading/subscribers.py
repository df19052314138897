"""What grading does when it hears of sittings and attempts."""

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.events import Subscription
from exam.core.jobs import defer
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.delivery.events import AttemptVoided
from exam.sitting.events import SittingClosed
from grading.corrections import withdraw_result
from grading.jobs import REVEAL_SEED
from grading.statistics import ask_for_statistics
from grading.written import SCORE_SITTING, withdraw_answers
from questionbank.api import release_scoring_views
from questionbank.events import ViewUnsealed


async def on_sitting_closed(runtime: Runtime, session: AsyncSession, event: SittingClosed) -> None:
    """Open the scoring views, and let jobs reveal the draw's seed and score batch by batch once this has committed."""
    at = runtime.clock.now()
    await release_scoring_views(session, runtime, SYSTEM, sitting_id=event.sitting_id, at=at)
    await defer(session, REVEAL_SEED, sitting_id=str(event.sitting_id))
    await _ask_for_scores(session, str(event.sitting_id))


async def on_view_unsealed(_runtime: Runtime, session: AsyncSession, event: ViewUnsealed) -> None:
    """Go on with what waited for the custodians after the close."""
    if event.view == "scoring":
        await defer(session, REVEAL_SEED, sitting_id=str(event.sitting_id))
        await _ask_for_scores(session, str(event.sitting_id))


async def on_attempt_voided(runtime: Runtime, session: AsyncSession, event: AttemptVoided) -> None:
    """Take back a result that was told; one that was not is never released, and what is unmarked is marked no more."""
    await withdraw_result(session, event.attempt_id, at=runtime.clock.now())
    await withdraw_answers(session, event.sitting_id, event.attempt_id)
    await ask_for_statistics(session, event.sitting_id)


async def _ask_for_scores(session: AsyncSession, sitting_id: str) -> None:
    await defer(session, SCORE_SITTING, lock=f"{SCORE_SITTING}:{sitting_id}", sitting_id=sitting_id)


SUBSCRIPTIONS = (
    Subscription(SittingClosed, "grading.score_closed_sitting", on_sitting_closed),
    Subscription(ViewUnsealed, "grading.score_unsealed_sitting", on_view_unsealed),
    Subscription(AttemptVoided, "grading.withdraw_voided", on_attempt_voided),
)
