"""Which node carries which room: a matter of Valkey alone, made anew when it or a node dies."""

import secrets
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from proctor.media.errors import MediaUnavailableError
from proctor.media.names import Track
from proctor.media.node import Gauge

ALIVE_MS = 3000
"""A node that has not spoken for so long is dead: its rooms go to another at the next call."""
BEAT_S = 1.0
ROOM_S = 86_400
SEEN_MS = 5000
WANT_S = 3600
TELL = "media:tell:"
_NODES = "media:nodes"

# keeps a living node and otherwise takes the proposed one, in one step for all who ask at once
_ASSIGN = """
local held = redis.call('GET', KEYS[1])
if held and redis.call('EXISTS', ARGV[3] .. held) == 1 then return held end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return ARGV[1]
"""


class NodeEntry(msgspec.Struct, frozen=True):
    """A living node: where the web process reaches it and what it carries."""

    name: str
    url: str
    peers: int


def new_node_name() -> str:
    """Return a name for this life of a process: a node that starts again is another one."""
    return secrets.token_hex(8)


def _node_key(name: str) -> str:
    return f"media:node:{name}"


def _room_key(room_id: UUID) -> str:
    return f"media:room:{room_id}"


async def beat(valkey: "Redis", name: str, url: str, gauge: Gauge) -> None:
    """Say that a node lives."""
    async with valkey.pipeline(transaction=False) as pipe:
        pipe.sadd(_NODES, name)
        pipe.set(_node_key(name), msgspec.json.encode(NodeEntry(name, url, gauge.peers)).decode(), px=ALIVE_MS)
        await pipe.execute()


async def leave(valkey: "Redis", name: str) -> None:
    """Say that a node ends, so that its rooms are taken over at once."""
    async with valkey.pipeline(transaction=False) as pipe:
        pipe.srem(_NODES, name)
        pipe.delete(_node_key(name))
        await pipe.execute()


async def living_nodes(valkey: "Redis") -> list[NodeEntry]:
    """Return the nodes that live, the least loaded first."""
    names = sorted(str(name) for name in await valkey.smembers(_NODES))
    if not names:
        return []
    found = await valkey.mget([_node_key(name) for name in names])
    dead = [name for name, text in zip(names, found, strict=True) if text is None]
    if dead:
        await valkey.srem(_NODES, *dead)
    nodes = [msgspec.json.decode(text, type=NodeEntry) for text in found if text is not None]
    return sorted(nodes, key=lambda node: (node.peers, node.name))


async def node_of_room(valkey: "Redis", room_id: UUID) -> NodeEntry:
    """Return the node that carries a room, giving it to one where none does; raises MediaUnavailableError."""
    try:
        nodes = {node.name: node for node in await living_nodes(valkey)}
        if not nodes:
            raise MediaUnavailableError(retry_s=1)
        proposed = next(iter(nodes))
        held = await valkey.eval(_ASSIGN, 1, _room_key(room_id), proposed, str(ROOM_S), _node_key(""))
        return nodes[str(held)]
    except (RedisError, OSError, KeyError) as error:
        raise MediaUnavailableError(retry_s=1) from error


async def tell_tracks(valkey: "Redis", attempt_id: UUID, tracks: list[Track]) -> None:
    """Tell an attempt's terminal which tracks to send, now and when it asks again."""
    words = msgspec.json.encode({"want": [track.value for track in tracks]}).decode()
    async with valkey.pipeline(transaction=False) as pipe:
        pipe.set(f"media:want:{attempt_id}", words, ex=WANT_S)
        pipe.publish(f"{TELL}{attempt_id}", words)
        await pipe.execute()


async def wanted_tracks(valkey: "Redis", attempt_id: UUID) -> str:
    """Return what the terminal was told last, as JSON; without Valkey, the tile."""
    try:
        found = await valkey.get(f"media:want:{attempt_id}")
    except (RedisError, OSError):
        found = None
    return str(found) if found else '{"want":["tile"]}'


async def note_seen(valkey: "Redis", sources: list[str]) -> None:
    """Note that packets of these pictures came in."""
    if sources:
        async with valkey.pipeline(transaction=False) as pipe:
            for name in sources:
                pipe.set(f"media:seen:{name}", "1", px=SEEN_MS)
            await pipe.execute()


async def seen_sources(valkey: "Redis", names: list[str]) -> set[str]:
    """Return those of the pictures that were seen in the last seconds; without Valkey, none."""
    if not names:
        return set()
    try:
        found = await valkey.mget([f"media:seen:{name}" for name in names])
    except (RedisError, OSError):
        return set()
    return {name for name, text in zip(names, found, strict=True) if text}
