"""What sittings need to know from packages above them, bound in the composition root."""

from typing import Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession


class OpenAttempts(Protocol):
    """Counts the attempts of a sitting that may still change."""

    async def __call__(self, session: AsyncSession, sitting_id: UUID, /) -> int:
        """Return how many candidates are checked in and have not handed in."""


async def _nobody(_session: AsyncSession, _sitting_id: UUID, /) -> int:
    return 0


class Ports:
    """The bound functions of one process; without delivery nobody is ever at work."""

    def __init__(self) -> None:
        self.open_attempts: OpenAttempts = _nobody


PORTS = Ports()
