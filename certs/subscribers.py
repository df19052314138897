"""What certs does when it hears of results."""

from sqlalchemy.ext.asyncio import AsyncSession

from certs.issuing import consider
from certs.lifecycle import open_case_of_hold, suspend_after_correction
from exam.core.events import Subscription
from exam.core.runtime import Runtime
from exam.delivery.events import HoldPlaced
from grading.events import ResultReleased


async def on_result_released(runtime: Runtime, session: AsyncSession, event: ResultReleased) -> None:
    """Issue on a pass that completes an exam; suspend on a fail that was a pass when the credential was issued."""
    at = runtime.clock.now()
    if event.passed:
        await consider(session, runtime, event.registration_id, at=at)
        return
    await suspend_after_correction(
        session,
        registration_id=event.registration_id,
        part=event.part,
        person_id=event.person_id,
        qualification=event.qualification,
        at=at,
    )


async def on_hold_placed(runtime: Runtime, session: AsyncSession, event: HoldPlaced) -> None:
    """Open a suspension case where a credential was issued before the hold; one that was not is withheld by it."""
    await open_case_of_hold(session, event.attempt_id, at=runtime.clock.now())


SUBSCRIPTIONS = (
    Subscription(ResultReleased, "certs.issue", on_result_released),
    Subscription(HoldPlaced, "certs.open_case_of_hold", on_hold_placed),
)
