"""The key of a sitting's recordings: made once, sealed in the database, destroyed when its time is over."""

import os
from base64 import b64decode, b64encode
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.crypto import Sealer
from exam.core.errors import DomainError, Kind
from proctor.evidence.models import RecordingKey

PLACE = "proctor_recording_key.key_sealed"


class RecordingDestroyedError(DomainError):
    """The recordings of a sitting were deleted when their time was over."""

    kind = Kind.NOT_FOUND
    code = "recording_destroyed"
    message = "本场录像已按规定期限删除。"


async def ensure_key(session: AsyncSession, sealer: Sealer, sitting_id: UUID, region: str, *, at: datetime) -> bytes:
    """Return the sitting's key, making it the first time."""
    fresh = b64encode(os.urandom(32)).decode()
    values = {"sitting_id": sitting_id, "region": region, "key_sealed": sealer.seal(fresh, PLACE), "created_at": at}
    await session.execute(insert(RecordingKey).values(values).on_conflict_do_nothing())
    return await read_key(session, sealer, sitting_id)


async def read_key(session: AsyncSession, sealer: Sealer, sitting_id: UUID) -> bytes:
    """Return the sitting's key; raises RecordingDestroyedError."""
    row = await session.get(RecordingKey, sitting_id, populate_existing=True)
    if row is None or row.key_sealed is None:
        raise RecordingDestroyedError
    return b64decode(sealer.open(row.key_sealed, PLACE))
