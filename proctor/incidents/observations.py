"""Observations: noted by a machine, closed by it, shown to proctors."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from proctor.incidents.models import Observation

KIND_WORDS = {
    "gone": "画面中断",
    "frozen": "画面静止不动",
    "dark": "画面过暗或被遮挡",
    "moved": "摄像头被移动",
    "no_face": "画面中没有人",
    "several_faces": "画面中有多人",
    "other_face": "可能不是本人,请与签到照片核对",
    "focus_lost": "离开考试页面",
    "copied": "复制或粘贴",
    "second_screen": "连接了第二块屏幕",
    "unprompted": "没有键盘、鼠标或触摸操作却有作答",
}


class ObservationView(msgspec.Struct, frozen=True, kw_only=True):
    """One observation of an attempt or of a room's camera; open while `ended_at` is None."""

    id: UUID
    attempt_id: UUID | None
    camera_id: UUID | None
    kind: str
    began_at: datetime
    ended_at: datetime | None


def _view(row: Observation) -> ObservationView:
    return ObservationView(**{name: getattr(row, name) for name in ObservationView.__struct_fields__})


async def open_observation(
    session: AsyncSession,
    *,
    attempt_id: UUID | None = None,
    camera_id: UUID | None = None,
    room_id: UUID | None = None,
    region: str,
    kind: str,
    began_at: datetime,
    facts: dict[str, str | int | float],
    at: datetime,
) -> UUID:
    """Note what has begun, of an attempt or of a camera in the room of a sitting."""
    row = Observation(
        attempt_id=attempt_id,
        camera_id=camera_id,
        room_id=room_id,
        region=region,
        kind=kind,
        began_at=began_at,
        facts=dict(facts),
        noted_at=at,
    )
    session.add(row)
    await session.flush()
    return row.id


async def close_observation(session: AsyncSession, observation_id: UUID, *, ended_at: datetime) -> None:
    """Note that it is over; the first end counts."""
    open_one = update(Observation).where(Observation.id == observation_id, Observation.ended_at.is_(None))
    await session.execute(open_one.values(ended_at=func.greatest(ended_at, Observation.began_at)))


async def list_observations(session: AsyncSession, attempt_id: UUID) -> list[ObservationView]:
    """Return what was seen of an attempt, oldest first."""
    query = select(Observation).where(Observation.attempt_id == attempt_id).order_by(Observation.began_at)
    return [_view(row) for row in await session.scalars(query)]


async def list_camera_observations(
    session: AsyncSession, room_id: UUID, *, since: datetime, until: datetime
) -> list[ObservationView]:
    """Return what was seen of a room's cameras in some time, oldest first."""
    during = select(Observation).where(
        Observation.room_id == room_id,
        Observation.began_at <= until,
        (Observation.ended_at >= since) | Observation.ended_at.is_(None),
    )
    return [_view(row) for row in await session.scalars(during.order_by(Observation.began_at))]


async def standing_camera_observations(session: AsyncSession, room_id: UUID) -> dict[UUID, str]:
    """Return what stands open of a room's cameras: of each the kind that began first."""
    query = select(Observation.camera_id, Observation.kind).where(
        Observation.room_id == room_id, Observation.ended_at.is_(None)
    )
    rows = await session.execute(query.order_by(Observation.began_at.desc()))
    return {row.camera_id: row.kind for row in rows}


async def standing_observations(session: AsyncSession, attempt_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return the kinds that stand open, by attempt."""
    query = select(Observation.attempt_id, Observation.kind).where(
        Observation.attempt_id.in_(set(attempt_ids)), Observation.ended_at.is_(None)
    )
    found: dict[UUID, list[str]] = {}
    for row in await session.execute(query.order_by(Observation.began_at)):
        found.setdefault(row.attempt_id, []).append(row.kind)
    return found
