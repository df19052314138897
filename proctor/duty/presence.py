"""Whether a proctor is at a desk: said by the pages that ask again and again, forgotten without harm."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from redis.exceptions import RedisError

from exam.core.principal import Principal
from exam.core.runtime import Runtime

AWAY_AFTER = timedelta(minutes=3)
"""Longer than a browser lets a page in the background sleep between two questions."""
_KEPT_S = 24 * 3600
_PREFIX = "proctor:seen:"


async def mark_present(runtime: Runtime, principal: Principal) -> None:
    """Say that the account's desk has just asked for something."""
    seen = str(runtime.clock.now().timestamp())
    try:
        await runtime.valkey.set(f"{_PREFIX}{principal.account}", seen, ex=_KEPT_S)
    except (RedisError, OSError):
        return  # nobody is called away for want of a cache


async def last_seen(runtime: Runtime, accounts: Iterable[UUID]) -> dict[UUID, datetime] | None:
    """Return when each account's desk asked last, of those that did within a day; None where nobody can know."""
    wanted = sorted(set(accounts))
    try:
        found = await runtime.valkey.mget([f"{_PREFIX}{each}" for each in wanted]) if wanted else []
    except (RedisError, OSError):
        return None
    now = runtime.clock.now()
    return {each: datetime.fromtimestamp(float(at), now.tzinfo) for each, at in zip(wanted, found, strict=True) if at}


def away_since(account: UUID, since: datetime, seen: dict[UUID, datetime] | None, *, now: datetime) -> datetime | None:
    """Return since when a proctor on duty has not been at any desk; None while at it, or while nobody can know."""
    if seen is None:
        return None
    last = max(since, seen.get(account, since))
    return last if now - last > AWAY_AFTER else None
