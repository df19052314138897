"""What sittings need to know from packages above them, bound in the composition root."""

from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.ports import Port


class OpenAttempts(Protocol):
    """Counts the attempts of a sitting that may still change."""

    async def __call__(self, session: AsyncSession, sitting_id: UUID, /) -> int:
        """Return how many candidates are checked in and have not handed in."""


OPEN_ATTEMPTS = Port[OpenAttempts]("sitting.open_attempts")
