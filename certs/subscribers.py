"""What certs does when it hears of results."""

from sqlalchemy.ext.asyncio import AsyncSession

from certs.issuing import consider
from certs.lifecycle import suspend_after_correction
from exam.core.events import Subscription
from exam.core.runtime import Runtime
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


SUBSCRIPTIONS = (Subscription(ResultReleased, "certs.issue", on_result_released),)
