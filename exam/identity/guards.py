"""The one place where a VisibleRegion is minted."""

from exam.core.principal import Principal, VisibleRegion
from exam.identity.errors import RegionForbiddenError


def require_region(principal: Principal, path: str, *roles: str) -> VisibleRegion:
    """Prove that the principal sees a region through a grant of one of the roles, or of any role where none is named."""
    for grant in principal.grants:
        if grant.covers(path) and (not roles or grant.role in roles):
            return VisibleRegion(path)
    raise RegionForbiddenError(region=path)
