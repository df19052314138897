"""Valkey: presence, fan-out and rate limits; nothing here is a fact, and its absence only degrades."""

from redis.asyncio import Redis
from redis.exceptions import RedisError

from exam.core.errors import DomainError, Kind

# one round trip and atomic, which get-then-set is not
_HIT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return n
"""


class TooManyRequestsError(DomainError):
    """A caller or a target has used up its allowance."""

    kind = Kind.TOO_MANY
    code = "too_many"
    message = "操作太频繁,请 {retry_s} 秒后再试。"


def connect(url: str) -> "Redis":
    """Return a client; no connection is made before the first command."""
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1, decode_responses=True)


async def require_allowance(client: "Redis", key: str, *, limit: int, window_s: int) -> None:
    """Count one act under `key`; raise TooManyRequestsError past `limit` in `window_s`.

    Without Valkey nothing is limited here: a lost cache must not lock a province out of its exam, and log-ins keep
    their own lock-out in the database.
    """
    try:
        count = await client.eval(_HIT, 1, f"rate:{key}", str(window_s * 1000))
    except (RedisError, OSError):
        return
    if int(count) > limit:
        raise TooManyRequestsError(retry_s=window_s)
