"""Small still pictures of seats, a few seconds old: what the wall shows where live video does not get through."""

import base64
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

STILL_MS = 15_000
"""An older still is none: it would show what is no longer so."""
WIDTH, HEIGHT = 160, 120
QUALITY = 60


def still_of(picture: Any) -> str:
    """Return a picture (RGB) as a small JPEG in base64."""
    import cv2  # noqa: PLC0415  # the web process reads stills and makes none

    small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return base64.b64encode(data.tobytes()).decode()


async def keep_still(valkey: "Redis", attempt_id: UUID, still: str) -> None:
    """Keep a seat's newest still for some seconds."""
    await valkey.set(f"analysis:still:{attempt_id}", still, px=STILL_MS)


async def find_still(valkey: "Redis", attempt_id: UUID) -> bytes | None:
    """Return a seat's newest still as JPEG, None where none is fresh."""
    try:
        found = await valkey.get(f"analysis:still:{attempt_id}")
    except (RedisError, OSError):
        return None
    return base64.b64decode(found) if found else None
