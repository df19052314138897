"""How far an import has come: counted where the work is done, told to whoever waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from exam.core.runtime import Runtime

_EVERY_S: Final = 0.25
_KEPT_S: Final = 60


class Stage(StrEnum):
    """What an import does, in this order."""

    READING = "reading"
    COMPARING = "comparing"
    WRITING = "writing"


STAGE_WORDS: Final = {Stage.READING: "正在读取文件", Stage.COMPARING: "正在比对重复", Stage.WRITING: "正在写入题库"}
"""Chinese message ids."""


class Told(msgspec.Struct, frozen=True):
    """A stage and how many of how many rows it has done; a total of 0 is not known yet."""

    stage: str = ""
    done: int = 0
    total: int = 0


class Progress:
    """The state of one import; threads may count."""

    def __init__(self) -> None:
        self.told = Told()

    def begin(self, stage: Stage, total: int = 0) -> None:
        """Enter a stage."""
        self.told = Told(stage.value, 0, total)

    def reach(self, done: int) -> None:
        """Say how many rows of the stage are done."""
        self.told = msgspec.structs.replace(self.told, done=done)


@asynccontextmanager
async def published(runtime: Runtime, account: UUID | None, token: str) -> AsyncIterator[Progress]:
    """Keep an account's progress where another request of the account finds it by its token; without one, nowhere."""
    progress = Progress()
    if not token:
        yield progress
        return
    task = asyncio.create_task(_publish(runtime, _key(account, token), progress))
    try:
        yield progress
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _publish(runtime: Runtime, key: str, progress: Progress) -> None:
    while True:
        with suppress(RedisError, OSError):
            await runtime.valkey.set(key, msgspec.json.encode(progress.told), ex=_KEPT_S)
        await asyncio.sleep(_EVERY_S)


async def find_progress(runtime: Runtime, account: UUID | None, token: str) -> Told:
    """Return how far an import of the account has come; nothing is known of one that has not begun."""
    with suppress(RedisError, OSError):
        data = await runtime.valkey.get(_key(account, token))
        return msgspec.json.decode(data, type=Told) if data else Told()
    return Told()


def _key(account: UUID | None, token: str) -> str:
    return f"import:{account}:{token}"
