"""The wall: every seat of a room as a tile, trouble first; what the picture cannot say stands in words beside it."""

from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from proctor.desk.seats import Seat, list_seats
from proctor.incidents.cases import open_incidents
from proctor.incidents.observations import KIND_WORDS, standing_observations
from proctor.media.names import Track, seat_source
from proctor.media.registry import seen_sources
from proctor.media.seats import SeatCamera, cameras_of

RUNNING = frozenset({"ready", "in_progress", "paused"})

STATE_WORDS = {
    "absent": "未签到",
    "checked_in": "待入场",
    "ready": "已入场",
    "in_progress": "作答中",
    "paused": "已暂停",
    "submitted": "已交卷",
    "expired": "到时收卷",
    "scored": "已评分",
    "released": "已发布",
    "voided": "已作废",
}
CAMERA_WORDS = {
    "live": "画面正常",
    "lost": "画面中断",
    "denied": "未允许摄像头",
    "missing": "没有摄像头",
    "none": "考生未同意摄像头",
    "waiting": "等待考生开启摄像头",
    "waived": "免视频",
    "off": "",
}
ATTENTION_WORDS = {
    "incident": "异常事件待处理",
    "hand": "举手",
    "observation": "",
    "connection": "终端断线",
    "admission": "待入场",
    "camera": "画面有问题",
    "paused": "已暂停",
    "": "",
}
ORDER = ("incident", "hand", "connection", "observation", "admission", "camera", "paused", "")


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """One seat of the wall; `source` is empty where there is nothing to watch, words are msgids until they are shown."""

    attempt_id: UUID | None
    registration_id: UUID
    seat: str
    name: str
    state: str
    state_word: str
    camera: str
    camera_word: str
    attention: str
    attention_word: str
    source: str
    answered: int
    remaining_ms: int | None


async def wall_of(session: AsyncSession, runtime: Runtime, sitting_id: UUID, room_id: UUID) -> list[Tile]:
    """Return the tiles of a room in order of attention."""
    seats = await list_seats(session, runtime, sitting_id, room_id)
    attempts = [seat.attempt.id for seat in seats if seat.attempt]
    cameras = await cameras_of(session, attempts)
    incidents = await open_incidents(session, attempts)
    observed = await standing_observations(session, attempts)
    seen = await seen_sources(runtime.valkey, [seat_source(attempt, Track.TILE) for attempt in attempts])
    tiles = [_tile(seat, cameras, seen, incidents, observed) for seat in seats]
    return sorted(tiles, key=lambda tile: (tile.attempt_id is None, ORDER.index(tile.attention), tile.seat))


def _tile(
    seat: Seat,
    cameras: dict[UUID, SeatCamera],
    seen: set[str],
    incidents: dict[UUID, int],
    observed: dict[UUID, list[str]],
) -> Tile:
    attempt = seat.attempt
    state = attempt.state if attempt else "absent"
    source = seat_source(attempt.id, Track.TILE) if attempt and state in RUNNING else ""
    camera = camera_state(cameras[attempt.id], live=source in seen) if attempt and source else "off"
    kinds = observed.get(attempt.id, []) if attempt and source else []
    attention = "incident" if attempt and incidents.get(attempt.id) else _attention(seat, state, camera, kinds)
    return Tile(
        attempt_id=attempt.id if attempt else None,
        registration_id=seat.registration.id,
        seat=seat.registration.seat,
        name=seat.person.name if seat.person else "",
        state=state,
        state_word=STATE_WORDS[state],
        camera=camera,
        camera_word=CAMERA_WORDS[camera],
        attention=attention,
        attention_word=KIND_WORDS[kinds[0]] if attention == "observation" else ATTENTION_WORDS[attention],
        source=source,
        answered=attempt.answered if attempt else 0,
        remaining_ms=attempt.remaining_ms if attempt and not attempt.finalised_at else None,
    )


def camera_state(camera: SeatCamera, *, live: bool) -> str:
    """Return the one word for a running seat's camera; a live picture outweighs whatever was said before."""
    if live:
        return "live"
    if camera.waived:
        return "waived"
    return {"": "waiting", "ok": "lost"}.get(camera.camera, camera.camera)


def _attention(seat: Seat, state: str, camera: str, kinds: list[str]) -> str:
    attempt = seat.attempt
    if attempt is None:
        return ""
    reasons = {
        "hand": attempt.hand_raised_at is not None,
        "connection": state == "in_progress" and not seat.connected,
        "observation": bool(kinds),
        "admission": state == "checked_in",
        "camera": camera in {"lost", "denied", "missing", "none"},
        "paused": state == "paused",
    }
    return next((name for name in ORDER if reasons.get(name)), "")
