"""What may follow what in the life of a report; pure."""

from enum import StrEnum


class ReportState(StrEnum):
    """报表状态."""

    DRAFT = "draft"
    SIGNED = "signed"
    SUBMITTED = "submitted"
    RECEIVED = "received"
    """Received and archived: nothing of it changes any more."""
    RETURNED = "returned"


FOLLOWS = {
    ReportState.DRAFT: frozenset({ReportState.SIGNED}),
    ReportState.SIGNED: frozenset({ReportState.DRAFT, ReportState.SUBMITTED}),
    ReportState.SUBMITTED: frozenset({ReportState.RECEIVED, ReportState.RETURNED}),
    ReportState.RECEIVED: frozenset[ReportState](),
    ReportState.RETURNED: frozenset[ReportState](),
}
ENDED = frozenset({ReportState.RECEIVED, ReportState.RETURNED})
"""After these a further version may begin."""
SENT = frozenset({ReportState.SUBMITTED, ReportState.RECEIVED, ReportState.RETURNED})


def may_follow(state: ReportState, wanted: ReportState) -> bool:
    """Tell whether a report may go from one state to the other."""
    return wanted in FOLLOWS[state]
