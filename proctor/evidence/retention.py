"""Deleting recordings when the rule's years are over: files first, then the key that could open any copy of them."""

from datetime import date, datetime
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date, years_after
from exam.core.db.scope import Scope
from exam.core.errors import NotFoundError
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.sitting.api import get_sitting
from exam.standards.api import recall_rule_set
from proctor.evidence.models import LegalHold, RecordingKey, Segment

log = structlog.get_logger(__name__)


async def delete_expired(runtime: Runtime) -> None:
    """Delete every sitting's recordings whose years are over and on which no hold stands; safe to run again."""
    scope = Scope(region=runtime.settings.root_region)
    async with runtime.databases.transaction(scope) as session:
        query = select(RecordingKey.sitting_id).where(RecordingKey.destroyed_at.is_(None))
        kept = list(await session.scalars(query))
    for sitting_id in kept:
        async with runtime.databases.transaction(scope) as session:
            await _consider(session, runtime, sitting_id)


async def _consider(session: AsyncSession, runtime: Runtime, sitting_id: UUID) -> None:
    key = await session.get(RecordingKey, sitting_id, with_for_update=True)
    if key is None or key.destroyed_at is not None or not await _is_due(session, runtime, sitting_id):
        return
    now = runtime.clock.now()
    held = select(LegalHold.id).where(LegalHold.sitting_id == sitting_id, LegalHold.released_at.is_(None))
    if await session.scalar(held.limit(1)) is not None:
        log.info("recording.kept_by_hold", sitting=str(sitting_id))
        return
    rows = list(await session.scalars(select(Segment).where(Segment.sitting_id == sitting_id)))
    for row in rows:
        await runtime.storage.delete(row.storage_key)
    await session.execute(update(Segment).where(Segment.sitting_id == sitting_id).values(deleted_at=now))
    key.key_sealed, key.destroyed_at = None, now
    await session.flush()
    facts = {"segments": len(rows), "bytes": sum(row.size for row in rows)}
    await record(session, SYSTEM, "recording.deleted", ("sitting", sitting_id), at=now, region=key.region, facts=facts)


async def _is_due(session: AsyncSession, runtime: Runtime, sitting_id: UUID) -> bool:
    last_day = await kept_until(session, sitting_id)
    return last_day is not None and local_date(runtime.clock.now()) > last_day


async def kept_until(session: AsyncSession, sitting_id: UUID) -> date | None:
    """Return the last day of a sitting's recordings: its last picture and the years of its own rule set.

    None where nothing was recorded, or where the rule is not known: then nothing is deleted.
    """
    last: datetime | None = await session.scalar(
        select(func.max(Segment.ended_at)).where(Segment.sitting_id == sitting_id)
    )
    try:
        sitting = await get_sitting(session, sitting_id)
        years = recall_rule_set(sitting.qualification, sitting.rule_set).recording_retention_years.value
    except NotFoundError:
        return None
    return None if years is None or last is None else years_after(local_date(last), years)


async def deleted_at(session: AsyncSession, sitting_id: UUID) -> datetime | None:
    """Return when a sitting's recordings were deleted with their key, None while they are kept."""
    key = await session.get(RecordingKey, sitting_id)
    return key.destroyed_at if key else None
