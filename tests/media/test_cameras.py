"""A fixed camera over RTSP: checked, registered, taken in once, back after it was gone, recorded; and nothing unfit."""

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.sitting.api import open_sitting
from proctor.analysis.feed import Feed
from proctor.analysis.frames import receive, shard_of
from proctor.cameras.keeper import Cameras
from proctor.cameras.models import Camera
from proctor.cameras.stream import examine
from proctor.evidence.container import open_segment
from proctor.evidence.keys import read_key
from proctor.evidence.models import Segment
from proctor.media.names import Track, camera_source
from proctor.media.node import Gauge, Node
from proctor.media.recording import Recording
from proctor.media.registry import beat
from proctor.media.source import Packet
from tests.builders.cameras import register
from tests.builders.media import until
from tests.builders.room import OpenRoom, open_room
from tests.builders.sitting import make_bank, make_centre, make_sitting, make_staff, prepare
from tests.builders.web import browsing, send, wear
from tests.media.test_recording import frames_in

PYTHON = Path("/usr/bin/python3")
PROGRAM = Path(__file__).with_name("camera_simulator.py")


class Simulator:
    """Cameras of one address; each life is a process."""

    def __init__(self) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([PYTHON, PROGRAM, str(self.port)], stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        if self.process.stdout.readline() != b"ready\n":
            self.stop()
            pytest.skip("no simulated camera: deploy/test installs Debian's gst-rtsp-server")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def url(self, name: str) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{name}"


class Eye:
    """A viewer: keeps what it is sent, and counts whole pictures."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.first_is_key = False

    def forward(self, packet: Packet, *, key: bool) -> None:
        self.first_is_key = key if not self.packets else self.first_is_key
        self.packets.append(packet)

    @property
    def pictures(self) -> int:
        return sum(marker for _, _, marker, _ in self.packets)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    running = Simulator()
    yield running
    running.stop()


async def test_what_would_not_play_is_found(simulator: Simulator) -> None:
    high, rare = await asyncio.gather(
        asyncio.to_thread(examine, simulator.url("high")), asyncio.to_thread(examine, simulator.url("long"))
    )
    assert (high.profile, high.b_frames, rare.profile) == ("High", True, "Baseline")
    assert 1 < high.group_s < 2 < rare.group_s


async def _register(runtime: Runtime, room: OpenRoom, url: str) -> tuple[int, str]:
    _, token = await make_staff(runtime, region=room.centre.region, organisation=room.centre.id)
    async with browsing(runtime) as client:
        wear(client, {COOKIE: token})
        answer = await send(client, "/proctor/cameras", {"room": "一号机房", "name": "前方全景", "url": url})
        shown = (await client.get("/proctor/cameras")).text
    return answer.status_code, answer.text + shown


async def test_a_camera_is_registered_taken_in_shown_and_recorded_and_comes_back(
    simulator: Simulator, runtime: Runtime
) -> None:
    await runtime.valkey.flushdb()
    room = await open_room(runtime, people=1)
    status, page = await _register(runtime, room, simulator.url("none"))
    assert (status, "没有这一路码流" in page, "还没有登记摄像机" in page) == (400, True, True)
    status, page = await _register(runtime, room, simulator.url("h265"))
    assert (status, "输出的是 H.265" in page, "还没有登记摄像机" in page) == (409, True, True)
    status, page = await _register(runtime, room, simulator.url("good"))
    assert (status, "320 × 240" in page) == (303, True)
    assert simulator.url("good") not in page
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        [camera] = await session.scalars(select(Camera))
    assert b"rtsp" not in camera.url_sealed

    node = Node("here", b"key", unix_s=lambda: 0, tell=_tell)
    await beat(runtime.valkey, "here", "http://here", Gauge(0, 0, 0, 0))
    recording, eye = Recording(runtime, node), Eye()
    feed = Feed(runtime, node)
    cameras, sending = Cameras(runtime, node, recording, feed), asyncio.create_task(feed.send())
    node.source(camera_source(camera.id)).attach(eye)
    try:
        await cameras.look()
        _, intake, _ = cameras.running[camera.id]

        async def shown() -> bool:
            return eye.pictures >= 15 and intake.connections == 1

        await until(shown, patience_s=20)
        before = eye.pictures
        simulator.stop()
        simulator.start()

        async def back() -> bool:
            return intake.connections == 2 and eye.pictures >= before + 15

        await until(back, patience_s=30)
        numbers = [packet[0] for packet in eye.packets]
        assert all((after - number) & 0xFFFF == 1 for number, after in pairwise(numbers))
        times = [packet[1] for packet in eye.packets]
        assert all((after - earlier) & 0xFFFFFFFF < 60 * 90_000 for earlier, after in pairwise(times))
        await runtime.valkey.delete("media:node:here")
        await beat(runtime.valkey, "there", "http://there", Gauge(0, 0, 0, 0))
        await cameras.look()
        assert cameras.running == {}
    finally:
        await cameras.close()
        await recording.close()
        sending.cancel()
    looked_at = await receive(feed._valkey, {shard_of(camera.id): "0"}, block_ms=1, count=10)
    await feed.close()
    assert {(each.subject, each.room_id, each.camera, each.codec) for each in looked_at} == {
        (camera.id, room.room_id, True, "H264")
    }
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        [segment] = await session.scalars(select(Segment))
        key = await read_key(session, runtime.sealer, segment.sitting_id)
    assert (segment.codec, segment.attempt_id, segment.room_id) == ("H264", None, room.room_id)
    opened = open_segment(await runtime.storage.get(segment.storage_key), key)
    assert frames_in(opened.media) >= 25


async def _tell(_attempt: UUID, _tracks: list[Track]) -> None:
    """No terminal listens here."""


async def test_of_two_open_sittings_in_a_room_the_later_has_the_camera(runtime: Runtime) -> None:
    await runtime.valkey.flushdb()
    await make_bank(runtime)
    centre = await make_centre(runtime)
    opened = []
    for minutes in (-1, -20):
        sitting = await make_sitting(runtime, centre, rooms=[("一号机房", 1)], starts_in=timedelta(minutes=minutes))
        await prepare(runtime, sitting)
        async with runtime.databases.transaction(centre.scope) as session:
            await open_sitting(session, centre.clerk, sitting, runtime.clock.now())
        opened.append(sitting)
    camera = await register(runtime, centre, room="一号机房", name="后方")
    await register(runtime, centre, room="二号机房", name="别处")
    await beat(runtime.valkey, "here", "http://here", Gauge(0, 0, 0, 0))
    node = Node("here", b"key", unix_s=lambda: 0, tell=_tell)
    places = await Cameras(runtime, node, Recording(runtime, node), Feed(runtime, node))._places()
    assert [(each, place[1].id) for each, place in places.items()] == [(camera, opened[0])]


async def test_another_centre_sees_and_retires_none_of_it(runtime: Runtime) -> None:
    await runtime.valkey.flushdb()
    centre = await make_centre(runtime)
    camera = await register(runtime, centre, room="一号机房", name="后方")
    far = await make_centre(runtime, region="33/3302/330203", name="第二考点")
    _, token = await make_staff(runtime, region=far.region, organisation=far.id)
    async with browsing(runtime) as client:
        wear(client, {COOKIE: token})
        assert "后方" not in (await client.get("/proctor/cameras")).text
        assert (await send(client, f"/proctor/cameras/{camera}/retire")).status_code == 404
        wear(client, {COOKIE: (await make_staff(runtime, region=centre.region, organisation=centre.id))[1]})
        assert (await send(client, f"/proctor/cameras/{camera}/retire")).status_code == 303
        assert "后方" not in (await client.get("/proctor/cameras")).text
