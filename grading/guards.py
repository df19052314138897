"""Who may do what with results: roles within the sitting's region, and the sitting's own centre."""

from exam.core.principal import Principal
from exam.identity.api import require_region
from exam.sitting.api import SittingState, SittingView
from grading.errors import NotOwnSittingError, SittingNotClosedError


def require_centre(principal: Principal, sitting: SittingView) -> None:
    """Let only an account of the sitting's own centre act on its results; raises NotOwnSittingError."""
    require_region(principal, sitting.region, "centre")
    if not is_own_centre(principal, sitting):
        raise NotOwnSittingError(sitting_id=str(sitting.id))


def is_own_centre(principal: Principal, sitting: SittingView) -> bool:
    """Tell whether `require_centre` would let the principal act, for what a page offers."""
    return sitting.centre_id in principal.organisations("centre")


def require_reader(principal: Principal, sitting: SittingView) -> None:
    """Let the region's centres and regulators read."""
    require_region(principal, sitting.region, "centre", "regulator")


def require_closed(sitting: SittingView) -> None:
    """Refuse to touch results while candidates may still answer."""
    if sitting.state not in {SittingState.CLOSED, SittingState.RELEASED}:
        raise SittingNotClosedError(sitting_id=str(sitting.id))
