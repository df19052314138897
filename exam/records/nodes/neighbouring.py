"""Names of other nodes."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.records.exchange.models import Neighbour


async def names_of_neighbours(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names under which the administrators registered them."""
    query = select(Neighbour.id, Neighbour.name).where(Neighbour.id.in_(ids))
    return {row[0]: row[1] for row in await session.execute(query)}
