"""Who issues (发证机关), under which name the key stands, and for whom the holder works."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from certs.keys import is_published
from certs.signing import KeyName, PublicKey
from exam.core.errors import NotFoundError
from exam.core.principal import contains
from exam.identity.api import OrganisationView, get_organisation, list_organisations

AUTHORITY = "authority"
MANY = 5000
"""More than a province has authorities."""
_CITY_DEPTH = 2


async def find_issuer(session: AsyncSession, region: str) -> OrganisationView | None:
    """Return the authority of the region's city, else the one of its province, else the nearest above it, or None.

    Certificates are issued by city bureaus or by the province, not by counties (DOMAIN.md §1.1); a county's own
    authority comes last, for installations that serve nothing wider.
    """
    standing = [
        each
        for each in await list_organisations(session, kind=AUTHORITY, limit=MANY)
        if each.deregistered_on is None and contains(each.region, region)
    ]
    return min(standing, key=lambda each: abs(_depth(each.region) - _CITY_DEPTH), default=None)


def _depth(region: str) -> int:
    return region.count("/") + 1


async def unpublished_key(session: AsyncSession, root: str, signer: KeyName, issuer: str) -> PublicKey | None:
    """Return a key that is not in the ring yet, under its name: the authority of the whole installation, else `issuer`."""
    if await is_published(session, signer.key_id):
        return None
    authorities = await list_organisations(session, kind=AUTHORITY, limit=MANY)
    return signer.pinned_as(next((each.name for each in authorities if each.region == root), issuer))


async def find_employer(session: AsyncSession, organisation_id: UUID | None) -> str:
    """Return the name of the enterprise that registered the holder; empty where there is none or it is not visible."""
    if organisation_id is None:
        return ""
    try:
        return (await get_organisation(session, organisation_id)).name
    except NotFoundError:
        return ""
