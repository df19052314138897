"""The course of an incident: reported, reviewed, disposed of; three people, and nobody twice."""

from enum import StrEnum
from uuid import UUID

from exam.core.errors import ConflictError, SamePersonError


class IncidentState(StrEnum):
    """异常事件状态; it moves only forward."""

    REPORTED = "reported"
    REVIEWED = "reviewed"
    DISPOSED = "disposed"


class Finding(StrEnum):
    """What the first reviewer saw: a recommendation and no verdict."""

    CONFIRMED = "confirmed"
    DOUBTFUL = "doubtful"
    UNFOUNDED = "unfounded"


class Disposition(StrEnum):
    """What the second reviewer decides."""

    NO_FINDING = "no_finding"
    WARNING = "warning"
    SCORE_VOID = "score_void"
    REFERRED = "referred"
    """Handed to the authority; the result stays on hold until that is settled."""


class IncidentStateError(ConflictError):
    """The incident has moved on."""

    code = "incident_state"
    message = "该异常事件已进入下一步,请刷新后再看。"


def require_review(state: IncidentState, reporter: UUID | None, reviewer: UUID | None) -> None:
    """Refuse a first review out of turn or by who reported."""
    if state is not IncidentState.REPORTED:
        raise IncidentStateError
    if reviewer is None or reviewer == reporter:
        raise SamePersonError


def require_disposal(state: IncidentState, reporter: UUID | None, reviewer: UUID | None, disposer: UUID | None) -> None:
    """Refuse a disposal before the first review, or by who reported or reviewed."""
    if state is not IncidentState.REVIEWED:
        raise IncidentStateError
    if disposer is None or disposer in {reporter, reviewer}:
        raise SamePersonError


def releases_hold(disposition: Disposition) -> bool:
    """Tell whether the result may go its way after a disposition; a void result needs no hold, a referred one does."""
    return disposition is not Disposition.REFERRED
