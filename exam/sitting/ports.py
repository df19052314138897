"""What sittings need to know from packages above them, bound in the composition root."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.ports import Port


class OpenAttempts(Protocol):
    """Counts the attempts of a sitting that may still change."""

    async def __call__(self, session: AsyncSession, sitting_id: UUID, at: datetime, /) -> int:
        """Return how many candidates are at work or checked in and still allowed to begin."""


OPEN_ATTEMPTS = Port[OpenAttempts]("sitting.open_attempts")
