"""From a key frame on the stream to an observation on the wall, and what is said when pictures are not looked at."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import cv2
import msgspec
import numpy as np
import pytest
from httpx import AsyncClient
from sqlalchemy import update

from exam.cli.simulation.camera import draw_empty, draw_person, encode
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from exam.delivery.models import Attempt
from exam.identity.roles import Role as StaffRole
from exam.identity.sessions import COOKIE
from exam.sitting.api import get_room, get_sitting, list_rooms
from exam.sitting.models import Registration, Sitting
from proctor.analysis import frames
from proctor.analysis.analyst import CAMERAS_EVERY, TEND_S, Analyst
from proctor.analysis.detector import BlazeFace, Face, Picture
from proctor.analysis.frames import KEPT, SHARDS, Frame, connect_binary, stream_name
from proctor.analysis.health import Standing, living, standing
from proctor.analysis.identity import Template
from proctor.analysis.shards import Shards
from proctor.cameras.models import Camera
from proctor.incidents.cases import list_incidents
from proctor.incidents.observations import ObservationView, list_camera_observations, list_observations
from proctor.media.consent import current_text
from proctor.media.models import Consent
from proctor.media.names import Track, camera_source, seat_source
from proctor.media.node import Gauge
from proctor.media.registry import beat, note_seen
from tests.builders import identity as make
from tests.builders.attempts import attempts_in_progress, lease_of
from tests.builders.sitting import make_bank, make_centre, make_sitting, make_staff
from tests.builders.web import send, wear

CITY = "33/3301"
DETECTOR = BlazeFace(0.6)


def empty_seat(_number: int) -> Any:
    return draw_empty(3)


def key_frame(draw: Callable[[int], Any], number: int) -> bytes:
    return encode(lambda _: draw(number), 1)[0]


class Room:
    """Seats whose pictures come every four seconds of a clock that the test moves."""

    def __init__(self, runtime: Runtime, clock: FrozenClock) -> None:
        self.runtime, self.clock = runtime, clock
        self.id = new_id()
        self.binary = connect_binary(runtime.settings.valkey_url)
        self.analyst = Analyst(runtime, DETECTOR)
        self.number = 0

    async def show(self, attempt: UUID, draw: Callable[[int], Any], seconds: int) -> None:
        for _ in range(seconds // 4):
            self.clock.advance(timedelta(seconds=4))
            await frames.send(self.binary, [self.frame(attempt, key_frame(draw, self.number))])
            await self.tend(seen=[attempt])

    def frame(self, attempt: UUID, data: bytes) -> Frame:
        self.number += 1
        at_ms = int(self.clock.now().timestamp() * 1000)
        return Frame(
            subject=attempt,
            room_id=self.id,
            region=CITY,
            codec="VP8",
            at_ms=at_ms,
            number=self.number,
            data=data,
        )

    async def tend(self, seen: list[UUID]) -> None:
        await beat(self.runtime.valkey, "node", "http://node", Gauge(0, 0, 0, 0))
        await note_seen(self.runtime.valkey, [seat_source(each, Track.TILE) for each in seen])
        await self.analyst.tend()
        self.analyst._tended_at = 1e12
        await self.analyst.step(wait_ms=1)

    async def of_cameras(self) -> list[ObservationView]:
        now = self.clock.now()
        async with self.runtime.databases.transaction(Scope(region="33")) as session:
            return await list_camera_observations(session, self.id, since=now - timedelta(hours=1), until=now)

    async def observed(self, attempt: UUID) -> list[ObservationView]:
        async with self.runtime.databases.transaction(Scope(region="33")) as session:
            return await list_observations(session, attempt)


@pytest.fixture
async def room(runtime: Runtime, clock: FrozenClock) -> AsyncIterator[Room]:
    await runtime.valkey.flushdb()
    room = Room(runtime, clock)
    yield room
    await room.binary.aclose()
    await room.analyst._binary.aclose()


async def test_an_empty_seat_is_observed_until_somebody_sits_there_again(room: Room) -> None:
    [attempt] = await attempts_in_progress(room.runtime, 1, slots=2)
    await room.show(attempt, lambda number: draw_person(number, 3), 20)
    assert await room.observed(attempt) == []
    left_at = room.clock.now()
    await room.show(attempt, empty_seat, 32)
    [seen] = await room.observed(attempt)
    assert (seen.kind, seen.ended_at) == ("no_face", None)
    assert left_at <= seen.began_at <= left_at + timedelta(seconds=4)
    await room.show(attempt, lambda number: draw_person(number, 3), 16)
    [seen] = await room.observed(attempt)
    assert seen.ended_at is not None


async def test_a_centre_changes_what_its_room_observes_while_the_exam_runs(room: Room, client: AsyncClient) -> None:
    runtime = room.runtime
    await make_bank(runtime)
    centre = await make_centre(runtime)
    sitting_id = await make_sitting(runtime, centre, rooms=[("一号机房", 1)])
    async with runtime.databases.transaction(centre.scope) as session:
        [found] = await list_rooms(session, sitting_id)
    room.id = found.id
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    wear(client, {COOKIE: (await make_staff(runtime, region=centre.region, organisation=centre.id))[1]})
    refused = await send(client, "/proctor/rooms", {"room": "一号机房", "no_face": "7"})
    assert (refused.status_code, "从列出的时间里选择" in refused.text) == (400, True)
    own = {"room": "一号机房", "no_face": "60", "asks_screen": "true"}
    assert (await send(client, "/proctor/rooms", own)).status_code == 303
    await room.show(attempt, empty_seat, 48)
    assert await room.observed(attempt) == []
    await room.show(attempt, empty_seat, 20)
    [seen] = await room.observed(attempt)
    assert (seen.kind, seen.ended_at) == ("no_face", None)
    await send(client, "/proctor/rooms", {**own, "no_face": "0"})
    await room.tend(seen=[attempt])
    [seen] = await room.observed(attempt)
    assert seen.ended_at is not None
    page = (await client.get("/proctor/rooms?room=一号机房")).text
    assert ("画面中没有人: 不观察" in page, page.count("checked")) == (True, 1)
    wear(client, {COOKIE: (await make_staff(runtime, region="33/3302/330203", organisation=centre.id))[1]})
    assert "画面中没有人: 不观察" not in (await client.get("/proctor/rooms")).text


async def test_a_picture_that_stops_is_observed_and_a_dead_node_is_nobodys_fault(room: Room) -> None:
    [attempt] = await attempts_in_progress(room.runtime, 1, slots=2)
    await room.show(attempt, lambda number: draw_person(number, 3), 8)
    for _ in range(10):
        room.clock.advance(timedelta(seconds=TEND_S))
        await room.runtime.valkey.delete(f"media:seen:{seat_source(attempt, Track.TILE)}", "media:node:node")
        await room.analyst.tend()
    assert await room.observed(attempt) == []
    for _ in range(10):
        room.clock.advance(timedelta(seconds=TEND_S))
        await room.runtime.valkey.delete(f"media:seen:{seat_source(attempt, Track.TILE)}")
        await room.tend(seen=[])
    assert [each.kind for each in await room.observed(attempt)] == ["gone"]


async def test_who_pauses_is_not_observed_and_who_has_finished_is_forgotten(room: Room) -> None:
    [attempt] = await attempts_in_progress(room.runtime, 1, slots=2)
    await room.show(attempt, empty_seat, 32)
    await state(room.runtime, attempt, "paused")
    await room.show(attempt, empty_seat, 40)
    [seen] = await room.observed(attempt)
    assert seen.ended_at is not None
    await state(room.runtime, attempt, "voided")
    await room.tend(seen=[])
    assert room.analyst.seats == {}


async def test_a_rooms_camera_is_observed_while_its_sitting_is_open_and_stands_on_the_wall_and_the_record(
    room: Room, client: AsyncClient
) -> None:
    runtime = room.runtime
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    camera_id, room.id = await hang_camera(runtime, attempt, room.clock.now())
    for _ in range(10):
        room.clock.advance(timedelta(seconds=TEND_S))
        await room.tend(seen=[attempt])
    assert [each.kind for each in await room.of_cameras()] == ["gone"]
    for number in range(6):
        room.clock.advance(timedelta(seconds=4))
        dark = msgspec.structs.replace(room.frame(camera_id, key_frame(black, number)), camera=True)
        await frames.send(room.binary, [dark])
        await note_seen(runtime.valkey, [camera_source(camera_id)])
        await room.tend(seen=[attempt])
    gone, standing_now = await room.of_cameras()
    assert (gone.ended_at is not None, standing_now.kind, standing_now.ended_at) == (True, "dark", None)
    assert [each.kind for each in await room.observed(attempt)] == []

    near = await make.account(runtime, login="near", roles=(StaffRole.PROCTOR,), region=CITY)
    far = await make.account(runtime, login="far", roles=(StaffRole.PROCTOR,), region="33/3302")
    wear(client, await make.session_cookie(runtime, near))
    path = f"/api/proctor/rooms/{room.id}/cameras"
    assert (await client.get(path)).json() == [{"source": camera_source(camera_id), "word": "画面过暗或被遮挡"}]
    record = (await client.get(f"/proctor/attempts/{attempt}/record")).text
    assert record.count("考场观察") >= 3  # the lane, and two of its entries
    wear(client, await make.session_cookie(runtime, far))
    assert (await client.get(path)).json() == []

    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(update(Sitting).values(state="closed"))
    for _ in range(CAMERAS_EVERY):
        await room.tend(seen=[attempt])
    assert camera_id not in room.analyst.seats
    assert all(each.ended_at for each in await room.of_cameras())


def black(_number: int) -> Any:
    return np.full((240, 320, 3), 4, np.uint8)


async def hang_camera(runtime: Runtime, attempt_id: UUID, at: datetime) -> tuple[UUID, UUID]:
    """Register a camera in the room of an attempt; return both."""
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        attempt = await session.get_one(Attempt, attempt_id)
        sitting, room = await get_sitting(session, attempt.sitting_id), await get_room(session, attempt.room_id)
        camera = Camera(
            centre_id=sitting.centre_id,
            region=sitting.region,
            room=room.name,
            name="后方",
            url_sealed=b"",
            host="",
            facts={"codec": "h264"},
            registered_by=new_id(),
            registered_at=at,
        )
        session.add(camera)
        await session.flush()
        return camera.id, room.id


class Portraits:
    """Takes a face for the photo's owner while `own`: what the network makes of drawings is not asked here."""

    def __init__(self) -> None:
        self.own = True

    def template(self, picture: Picture, _face: Face, *, ahead: bool = True) -> Template | None:
        return np.array([0.0 if self.own or not ahead else 0.8]) if picture.size else None


async def test_somebody_else_at_the_seat_is_a_prompt_where_the_candidate_was_told_of_comparing(room: Room) -> None:
    runtime, portraits = room.runtime, Portraits()
    told, untold = await attempts_in_progress(runtime, 2, slots=2)
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(draw_person(1, 3), cv2.COLOR_RGB2BGR))
    await runtime.storage.put("photo/test", jpeg.tobytes())
    for attempt, version in ((told, current_text().version), (untold, "2026-11-27")):
        await photographed(runtime, attempt, version, room.clock.now())
    await room.analyst._binary.aclose()
    room.analyst = Analyst(runtime, DETECTOR, portraits)
    await room.show(told, lambda number: draw_person(number * 5, 3), 8)
    portraits.own = False
    await room.show(told, lambda number: draw_person(number * 5, 3), 8)
    assert await room.observed(told) == []
    await room.show(told, lambda number: draw_person(number * 5, 3), 48)
    [seen] = await room.observed(told)
    assert (seen.kind, seen.ended_at) == ("other_face", None)
    await room.show(untold, lambda number: draw_person(number, 3), 8)
    assert room.analyst.seats[told].comparison is not None
    assert room.analyst.seats[untold].comparison is None
    async with runtime.databases.transaction(Scope(region="33")) as session:
        assert await list_incidents(session, attempt_id=told) == []


async def photographed(runtime: Runtime, attempt_id: UUID, version: str, at: datetime) -> None:
    """Give a candidate a check-in photo and a consent to one version of the text."""
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        attempt = await session.get_one(Attempt, attempt_id)
        await session.execute(
            update(Registration).where(Registration.id == attempt.registration_id).values(photo_key="photo/test")
        )
        facts = {"camera": "ok", "microphone": "none", "screen": False, "uplink_kbps": 0, "skew_ms": 0}
        session.add(
            Consent(attempt_id=attempt_id, region=attempt.region, text_version=version, agreed=True, at=at, **facts)
        )


async def state(runtime: Runtime, attempt: UUID, name: str) -> None:
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        (await session.get_one(Attempt, attempt)).state = name


async def test_another_process_takes_over_and_ends_what_stands(room: Room) -> None:
    [attempt] = await attempts_in_progress(room.runtime, 1, slots=2)
    await room.show(attempt, empty_seat, 32)
    await room.analyst._shards.leave()
    await room.analyst._binary.aclose()
    room.analyst = Analyst(room.runtime, DETECTOR)
    await room.show(attempt, lambda number: draw_person(number, 3), 16)
    [seen] = await room.observed(attempt)
    assert (seen.kind, seen.ended_at is not None) == ("no_face", True)


async def test_falling_behind_drops_pictures_and_says_so(room: Room) -> None:
    [attempt] = await attempts_in_progress(room.runtime, 1, slots=2)
    assert await standing(room.runtime.valkey) is Standing.OFF
    await room.show(attempt, lambda number: draw_person(number, 3), 4)
    assert await standing(room.runtime.valkey) is Standing.WORKS
    data = key_frame(empty_seat, 1)
    await frames.send(room.binary, [room.frame(attempt, data) for _ in range(KEPT + 50)])
    assert sum([await room.binary.xlen(stream_name(shard)) for shard in range(SHARDS)]) == KEPT
    room.clock.advance(timedelta(seconds=60))
    await room.tend(seen=[attempt])
    looked = sum(each.looked for each in (await living(room.runtime.valkey)).values())
    for _ in range(5):
        await room.tend(seen=[attempt])
    await room.show(attempt, lambda number: draw_person(number, 3), 4)
    await room.tend(seen=[attempt])
    [health] = (await living(room.runtime.valkey)).values()
    assert (health.dropped, health.looked - looked) == (KEPT + 50, 1)
    assert await standing(room.runtime.valkey) is Standing.BEHIND
    assert await room.observed(attempt) == []


async def test_two_processes_share_the_seats_and_one_takes_all_when_the_other_ends(room: Room) -> None:
    valkey = room.runtime.valkey
    await room.analyst.tend()
    other = Analyst(room.runtime, None)
    await other.tend()
    await room.analyst.tend()
    await other.tend()
    assert isinstance(other._shards, Shards)
    assert len(room.analyst._shards.held) == len(other._shards.held) == SHARDS // 2
    assert await standing(valkey) is Standing.WORKS
    await other._shards.leave()
    await other._binary.aclose()
    await room.analyst.tend()
    assert len(room.analyst._shards.held) == SHARDS


async def test_bytes_that_are_no_picture_are_nothing(room: Room) -> None:
    [attempt] = await attempts_in_progress(room.runtime, 1, slots=2)
    await room.show(attempt, lambda number: draw_person(number, 3), 4)
    for data in (b"", b"\x00" * 40, key_frame(empty_seat, 1)[:200]):
        await frames.send(room.binary, [room.frame(attempt, data)])
        await room.tend(seen=[attempt])
    await room.show(attempt, lambda number: draw_person(number, 3), 8)
    assert await room.observed(attempt) == []


async def tell(client: AsyncClient, runtime: Runtime, attempt: UUID, **told: Any) -> int:
    body = {"away_ms": 0, "copies": 0, "screens": False, "unprompted": 0, **told}
    headers = {"ankao-lease": lease_of(runtime, attempt), "accept": "application/json"}
    return (await client.post(f"/api/media/attempts/{attempt}/conduct", json=body, headers=headers)).status_code


async def test_what_a_terminal_tells_of_itself_stands_until_it_is_over(
    room: Room, client: AsyncClient, clock: FrozenClock
) -> None:
    runtime = room.runtime
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    assert await tell(client, runtime, attempt, away_ms=800) == 204
    assert await room.observed(attempt) == []
    assert await tell(client, runtime, attempt, away_ms=5000, copies=1, screens=True) == 204
    assert await tell(client, runtime, attempt, away_ms=9000, copies=2, screens=True) == 204
    seen = {each.kind: each for each in await room.observed(attempt)}
    assert set(seen) == {"focus_lost", "copied", "second_screen"}
    assert seen["focus_lost"].began_at == clock.now() - timedelta(seconds=5)
    clock.advance(timedelta(seconds=61))
    assert await tell(client, runtime, attempt, unprompted=1) == 204
    standing_now = [each.kind for each in await room.observed(attempt) if each.ended_at is None]
    assert standing_now == ["unprompted"]
    await state(runtime, attempt, "voided")
    assert await tell(client, runtime, attempt) == 409
    await room.analyst.tend()
    assert all(each.ended_at for each in await room.observed(attempt))


async def test_where_live_video_does_not_come_through_the_wall_has_a_still(room: Room, client: AsyncClient) -> None:
    runtime = room.runtime
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    path = f"/api/proctor/attempts/{attempt}/still"
    near = await make.account(runtime, login="near", roles=(StaffRole.PROCTOR,), region=CITY)
    far = await make.account(runtime, login="far", roles=(StaffRole.PROCTOR,), region="33/3302")
    wear(client, await make.session_cookie(runtime, near))
    assert (await client.get(path)).status_code == 204
    await room.show(attempt, lambda number: draw_person(number, 3), 4)
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    shown = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (120, 160, 3)
    wear(client, await make.session_cookie(runtime, far))
    assert (await client.get(path)).status_code == 404
