"""What a terminal tells of itself, as observations: away from the page, copying, a second screen, answers without a hand.

The page belongs to the candidate's machine, so all of this is a hint, and nothing here is proof of absence.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.delivery.api import AttemptView
from proctor.analysis.thresholds import thresholds
from proctor.incidents.models import Observation
from proctor.incidents.observations import close_observation, open_observation
from proctor.media.schemas import Conduct


async def note_conduct(session: AsyncSession, attempt: AttemptView, told: Conduct, *, at: datetime) -> None:
    """Bring the attempt's observations to where the terminal says that things stand."""
    rules = thresholds().terminal
    away_at = at - timedelta(milliseconds=told.away_ms)
    if told.away_ms >= rules.away_ms or not told.away_ms:
        await _lasting(session, attempt, "focus_lost", away_at, holds=told.away_ms > 0, at=at)
    await _lasting(session, attempt, "second_screen", at, holds=told.screens, at=at)
    await _moment(session, attempt, "copied", told.copies, at=at)
    await _moment(session, attempt, "unprompted", told.unprompted, at=at)


async def _lasting(
    session: AsyncSession, attempt: AttemptView, kind: str, since: datetime, *, holds: bool, at: datetime
) -> None:
    standing = await _standing(session, attempt.id, kind)
    if holds and standing is None:
        await open_observation(
            session, attempt_id=attempt.id, region=attempt.region, kind=kind, began_at=since, facts={}, at=at
        )
    elif not holds and standing is not None:
        await close_observation(session, standing, ended_at=at)


async def _moment(session: AsyncSession, attempt: AttemptView, kind: str, count: int, *, at: datetime) -> None:
    """Note what happened just now; it stands for a while, so that the wall shows it, and a further one is part of it."""
    again = at - timedelta(seconds=thresholds().terminal.again_s)
    standing = await _standing(session, attempt.id, kind)
    recent = None
    if standing is not None:
        recent = await session.scalar(
            select(Observation.id).where(Observation.id == standing, Observation.began_at > again)
        )
    if standing is not None and recent is None:
        await close_observation(session, standing, ended_at=at)
    if count and recent is None:
        await open_observation(
            session,
            attempt_id=attempt.id,
            region=attempt.region,
            kind=kind,
            began_at=at,
            facts={"times": count},
            at=at,
        )


async def _standing(session: AsyncSession, attempt_id: UUID, kind: str) -> UUID | None:
    query = select(Observation.id).where(
        Observation.attempt_id == attempt_id, Observation.kind == kind, Observation.ended_at.is_(None)
    )
    found: UUID | None = await session.scalar(query.limit(1))
    return found
