"""Whether analysis works: said by its processes every two seconds, shown on the wall, so that silence is no all-clear."""

from enum import StrEnum
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from proctor.analysis.frames import SHARDS

HEALTH_MS = 8000
_PREFIX = "analysis:health:"
_WORKERS = "analysis:workers"


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """One process: its shards and seats, pictures looked at and dropped in the last minute, the age of the last one."""

    shards: list[int]
    seats: int
    looked: int
    dropped: int
    behind_ms: int


class Standing(StrEnum):
    """What the wall says of analysis."""

    WORKS = "works"
    BEHIND = "behind"
    OFF = "off"


STANDING_WORDS = {
    Standing.WORKS: "",
    Standing.BEHIND: "系统分析来不及看完所有画面,请多人工查看",
    Standing.OFF: "系统分析没有运行,请人工查看画面",
}


async def say_health(valkey: "Redis", name: str, health: Health) -> None:
    """Say how a process stands, and that it lives."""
    async with valkey.pipeline(transaction=False) as pipe:
        pipe.sadd(_WORKERS, name)
        pipe.set(_PREFIX + name, msgspec.json.encode(health).decode(), px=HEALTH_MS)
        await pipe.execute()


async def leave(valkey: "Redis", name: str) -> None:
    """Say that a process ends."""
    await valkey.srem(_WORKERS, name)
    await valkey.delete(_PREFIX + name)


async def living(valkey: "Redis") -> dict[str, Health]:
    """Return how the living processes stand, by name."""
    names = sorted(str(name) for name in await valkey.smembers(_WORKERS))
    found: list[Any] = await valkey.mget([_PREFIX + name for name in names]) if names else []
    dead = [name for name, text in zip(names, found, strict=True) if text is None]
    if dead:
        await valkey.srem(_WORKERS, *dead)
    return {name: msgspec.json.decode(text, type=Health) for name, text in zip(names, found, strict=True) if text}


async def standing(valkey: "Redis") -> "Standing":
    """Return the one word for all processes together; without Valkey nothing is analysed."""
    try:
        return standing_of(list((await living(valkey)).values()))
    except (RedisError, OSError):
        return Standing.OFF


def standing_of(processes: list[Health]) -> Standing:
    """Return the one word for all processes together."""
    if len({shard for each in processes for shard in each.shards}) < SHARDS:
        return Standing.OFF
    return Standing.BEHIND if any(each.dropped for each in processes) else Standing.WORKS
