"""Key frames on their way from media nodes to analysis: bounded Valkey streams, one for each shard of the seats."""

from typing import Any
from uuid import UUID

import msgspec
from redis.asyncio import Redis

SHARDS = 8
"""Seats are spread over so many streams; a process of analysis takes some of them, so no more than eight work at once."""
KEPT = 200
"""Entries that a stream keeps: older ones are dropped by Valkey itself, whoever has read them or not."""
MAX_BYTES, MAX_CAMERA_BYTES = 96 * 1024, 384 * 1024
"""Of a seat's tile, and of a room camera's picture, which is up to six times as wide."""
FRESH_MS = 8000
"""What is older is not looked at any more: the newest picture counts."""


class Frame(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One encoded key frame of a seat's tile or of a room's camera; `number` counts what its node wanted to send."""

    subject: UUID
    """Of the attempt or of the camera."""
    room_id: UUID
    region: str
    codec: str
    at_ms: int
    number: int
    data: bytes
    camera: bool = False


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Frame).decode


def connect_binary(url: str) -> "Redis":
    """Return a client that leaves bytes as they are."""
    return Redis.from_url(url, socket_timeout=3, socket_connect_timeout=1)


def shard_of(subject: UUID) -> int:
    """Return the shard of a seat or camera."""
    return subject.int % SHARDS


def stream_name(shard: int) -> str:
    """Return the stream of a shard."""
    return f"analysis:frames:{shard}"


async def send(valkey: "Redis", frames: list[Frame]) -> None:
    """Put frames on their streams in one round trip."""
    async with valkey.pipeline(transaction=False) as pipe:
        for frame in frames:
            name = stream_name(shard_of(frame.subject))
            pipe.xadd(name, {"f": _encode(frame)}, maxlen=KEPT, approximate=False)
        await pipe.execute()


async def receive(valkey: "Redis", last: dict[int, str], *, block_ms: int, count: int) -> list[Frame]:
    """Return what has come on these shards after the entries named, which are moved on; waits for something to come."""
    asked: dict[Any, Any] = {stream_name(shard): after for shard, after in last.items()}
    answer: Any = await valkey.xread(asked, count=count, block=block_ms)
    found: list[Frame] = []
    for name, entries in answer or ():
        shard = int(bytes(name).rpartition(b":")[2])
        for entry, fields in entries:
            last[shard] = bytes(entry).decode()
            found.append(_decode(fields[b"f"]))
    return found
