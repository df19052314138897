"""What nodes tell terminals, brought by the web process: one subscription for all terminals that listen here."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from exam.core.runtime import Runtime
from proctor.media.registry import TELL, wanted_tracks

QUEUE = 8
BEAT_S = 5.0
RETRY_S = 1.0
STREAM_S = 600
"""A stream ends after so long, and the terminal asks for the next with a lease that is checked anew."""

log = structlog.get_logger(__name__)


class CommandBus:
    """Hands what is told to an attempt's terminal to its open streams; a slow stream loses the oldest."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._streams: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        self.closing = asyncio.Event()

    async def listen(self) -> None:
        """Stay subscribed until cancelled; the client library can lose a cancellation while it connects."""
        while not self.closing.is_set():
            try:
                await self._listen_once()
            except (RedisError, OSError) as error:
                log.warning("media.commands_lost", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)

    async def _listen_once(self) -> None:
        async with self._runtime.valkey.pubsub() as subscription:
            await subscription.psubscribe(f"{TELL}*")
            while not self.closing.is_set():
                message = await subscription.get_message(ignore_subscribe_messages=True, timeout=BEAT_S)
                if message is not None:
                    self._hand_over(str(message["channel"]).removeprefix(TELL), str(message["data"]))

    def _hand_over(self, attempt: str, words: str) -> None:
        for queue in self._streams.get(attempt, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(words)

    async def stream(self, attempt_id: UUID) -> AsyncGenerator[str]:
        """Yield JSON lines for one terminal: what is wanted now, each change, and an empty object to show life."""
        queue: asyncio.Queue[str] = asyncio.Queue(QUEUE)
        name = str(attempt_id)
        self._streams[name].add(queue)
        try:
            yield await wanted_tracks(self._runtime.valkey, attempt_id) + "\n"
            until = asyncio.get_running_loop().time() + STREAM_S
            while not self.closing.is_set() and asyncio.get_running_loop().time() < until:
                try:
                    words = await asyncio.wait_for(queue.get(), 1.0)
                except TimeoutError:
                    words = "{}"
                yield words + "\n"
        finally:
            self._streams[name].discard(queue)
            if not self._streams[name]:
                del self._streams[name]
