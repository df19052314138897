"""Which terminals were heard of late: collected in the process, told to Valkey once a second, forgotten with it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from exam.core.runtime import Runtime

PRESENCE_S = 60
"""How long a terminal is remembered."""
TELL_EVERY_S = 1.0


class Presence:
    """One process's ear; a word to Valkey for every request would cost as much as answering it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._heard: dict[UUID, datetime] = {}
        self._task: asyncio.Task[None] | None = None

    def note(self, attempt_id: UUID) -> None:
        """Remember that the attempt's terminal was heard just now."""
        self._heard[attempt_id] = self._runtime.clock.now()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="presence")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._tell()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            await self._tell()

    async def _tell(self) -> None:
        heard, self._heard = self._heard, {}
        if not heard:
            return
        try:
            async with self._runtime.valkey.pipeline(transaction=False) as pipe:
                for attempt_id, at in heard.items():
                    pipe.set(_key(attempt_id), at.isoformat(), ex=PRESENCE_S)
                await pipe.execute()
        except (RedisError, OSError) as error:
            structlog.get_logger().warning("presence_not_told", terminals=len(heard), error=type(error).__name__)


async def last_heard(runtime: Runtime, attempts: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return when each attempt's terminal was last heard, as far as Valkey remembers."""
    if not attempts:
        return {}
    try:
        seen = await runtime.valkey.mget([_key(attempt_id) for attempt_id in attempts])
    except (RedisError, OSError):
        return {}
    return {each: datetime.fromisoformat(str(told)) for each, told in zip(attempts, seen, strict=True) if told}


def _key(attempt_id: UUID) -> str:
    return f"presence:{attempt_id}"
