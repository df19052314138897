"""Which process of analysis looks at which seats: shards are claimed in Valkey for some seconds and claimed again."""

import math
from contextlib import suppress

from redis.asyncio import Redis
from redis.exceptions import RedisError

from proctor.analysis.frames import SHARDS
from proctor.analysis.health import leave, living

CLAIM_MS = 6000

# keeps what is ours, takes what is nobody's
_CLAIM = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_YIELD = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
"""


def _key(shard: int) -> str:
    return f"analysis:shard:{shard}"


class Shards:
    """The shards of one process; `held` changes with each `claim`."""

    def __init__(self, valkey: "Redis", name: str) -> None:
        self._valkey, self._name = valkey, name
        self.held: set[int] = set()

    async def claim(self) -> None:
        """Renew what is held, take what is free, up to a fair share; give up what is beyond it."""
        share = math.ceil(SHARDS / len({*await living(self._valkey), self._name}))
        mine: set[int] = set()
        for shard in sorted(range(SHARDS), key=lambda each: (each not in self.held, each)):
            if len(mine) < share:
                if await self._valkey.eval(_CLAIM, 1, _key(shard), self._name, str(CLAIM_MS)):
                    mine.add(shard)
            elif shard in self.held:
                await self._valkey.eval(_YIELD, 1, _key(shard), self._name)
        self.held = mine

    async def leave(self) -> None:
        """Give everything up, so that others take it at once."""
        with suppress(RedisError, OSError):
            await leave(self._valkey, self._name)
            for shard in self.held:
                await self._valkey.eval(_YIELD, 1, _key(shard), self._name)
        self.held = set()
