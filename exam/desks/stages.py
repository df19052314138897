"""Where a candidate's registration stands, in the candidate's own terms; pure."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from exam.delivery.api import OPEN_STATES, AttemptState, AttemptView
from exam.sitting.api import SittingState, SittingView
from grading.api import ResultView

PASSED = "passed"


class Stage(StrEnum):
    """一次报名走到了哪一步."""

    UPCOMING = "upcoming"
    """The day is still to come."""
    ARRIVING = "arriving"
    """Check-in is open and the candidate has not come yet."""
    PRESENT = "present"
    """Checked in or answering."""
    AWAITING = "awaiting"
    """Handed in; the result is not told yet."""
    TOLD = "told"
    ABSENT = "absent"
    VOIDED = "voided"


def stage_of(
    sitting: SittingView,
    attempt: AttemptView | None,
    results: Sequence[ResultView],
    *,
    now: datetime,
) -> Stage:
    """Return the stage; a told result comes before everything else."""
    if results:
        return Stage.TOLD
    if attempt is None or (attempt.never_began and _is_over(sitting, now)):
        return _without_attempt(sitting, now)
    if attempt.state == AttemptState.VOIDED:
        return Stage.VOIDED
    return Stage.PRESENT if attempt.state in OPEN_STATES else Stage.AWAITING


def _without_attempt(sitting: SittingView, now: datetime) -> Stage:
    if _is_over(sitting, now):
        return Stage.ABSENT
    return Stage.ARRIVING if sitting.state is SittingState.OPEN else Stage.UPCOMING


def _is_over(sitting: SittingView, now: datetime) -> bool:
    return sitting.state in {SittingState.CLOSED, SittingState.RELEASED} or now > sitting.ends_at
