"""Sharing a view's key out among the custodians, so that from then on no machine holds it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from questionbank.custody.envelope import seal_share, share_context
from questionbank.custody.errors import TooFewCustodiansError
from questionbank.custody.models import CustodianKey, KeyShare
from questionbank.custody.shamir import split
from questionbank.forms.canonical import digest_of
from questionbank.forms.models import SittingKey
from questionbank.forms.seal import key_aad

_COMMITMENT = b"ankao-key-1\x00"


def commit_to_key(key: bytes, *, sitting_id: UUID, view: str) -> str:
    """Return what is kept of a key: it tells a right combination from a wrong one and nothing about 256 random bits."""
    return digest_of(_COMMITMENT + key_aad(sitting=str(sitting_id), view=view) + key)


async def list_custodian_keys(session: AsyncSession) -> list[CustodianKey]:
    """Return the keys in force of the scope, oldest first."""
    query = select(CustodianKey).where(CustodianKey.retired_at.is_(None)).order_by(CustodianKey.id)
    return list(await session.scalars(query))


async def share_out(
    session: AsyncSession, runtime: Runtime, key: bytes, *, sitting_id: UUID, region: str, view: str, at: datetime
) -> None:
    """Store one sealed share per custodian and a commitment, and nothing else; raises TooFewCustodiansError."""
    holders, need = await list_custodian_keys(session), runtime.settings.seal_threshold
    if len(holders) < need:
        raise TooFewCustodiansError(have=len(holders), need=need)
    shares = split(key, shares=len(holders), threshold=need)
    for holder, (number, share) in zip(holders, shares.items(), strict=True):
        context = share_context(sitting=str(sitting_id), view=view, number=number)
        sealed = seal_share(holder.public, share, context)
        session.add(
            KeyShare(
                sitting_id=sitting_id,
                view=view,
                number=number,
                region=region,
                custodian_key_id=holder.id,
                sealed=sealed,
                reason="",
            )
        )
    session.add(
        SittingKey(
            sitting_id=sitting_id,
            view=view,
            region=region,
            wrapped=None,
            threshold=need,
            commitment=commit_to_key(key, sitting_id=sitting_id, view=view),
            created_at=at,
        )
    )
