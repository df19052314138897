"""The one writer of a node: every half second a thread writes what all its recorders have taken meanwhile.

A turn of the thread for each picture, or even for each recorder, costs more than the writing.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import structlog

GATHER_S = 0.5

log = structlog.get_logger(__name__)


class Writing(Protocol):
    """Whoever has something to write; `write` and `finish` run in the thread, one at a time, the others on the loop."""

    def waiting(self) -> list[Any]:
        """Return what has come since this was last asked."""

    def write(self, batch: list[Any]) -> list[Any]:
        """Write it and return what is finished by it."""

    def finish(self, batch: list[Any]) -> list[Any]:
        """Write it as the last and return what is finished."""

    def hand_over(self, files: list[Any]) -> None:
        """Take what is finished onward."""

    def abandon(self) -> None:
        """Begin anew: the writing has failed."""


class Scribe:
    """Writes for those that have joined."""

    def __init__(self) -> None:
        self._writing: set[Writing] = set()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="recording")

    def join(self, writing: Writing) -> None:
        """Write for one more."""
        self._writing.add(writing)

    async def leave(self, writing: Writing) -> None:
        """Write the rest of one that goes; nothing where it has never joined."""
        if writing in self._writing:
            self._writing.discard(writing)
            await self._turn([(writing, writing.finish, writing.waiting())])

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(GATHER_S)
            batches = [(each, each.write, batch) for each in self._writing if (batch := each.waiting())]
            if batches:
                await self._turn(batches)

    def close(self) -> None:
        """Let the thread go when its last turn is over."""
        self._pool.shutdown(wait=False)

    async def _turn(self, batches: Sequence[tuple[Writing, Callable[[list[Any]], list[Any]], list[Any]]]) -> None:
        loop = asyncio.get_running_loop()
        written = await loop.run_in_executor(
            self._pool, lambda: [_attempted(write, batch) for _, write, batch in batches]
        )
        for (writing, _, _), files in zip(batches, written, strict=True):
            if files is None:
                writing.abandon()
            else:
                writing.hand_over(files)


def _attempted(write: Callable[[list[Any]], list[Any]], batch: list[Any]) -> list[Any] | None:
    """Write and return what is finished, None where that failed: a full disk or a broken picture stops nobody else."""
    try:
        return write(batch)
    except Exception as error:  # noqa: BLE001  # whatever it was, the others are written
        log.error("recording.failed", error=type(error).__name__)  # noqa: TRY400
        return None
