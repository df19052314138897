"""The simulated room camera speaks RTSP well enough for the product's own examination to find it fit."""

import asyncio

from exam.cli.simulation.rtsp import GROUP, RoomCamera, film_room
from proctor.cameras.judging import judge
from proctor.cameras.stream import examine


async def test_a_simulated_room_camera_is_examined_and_found_fit() -> None:
    camera = RoomCamera(film_room(2 * GROUP + 1))
    port = await camera.start()
    try:
        facts = await asyncio.to_thread(examine, f"rtsp://127.0.0.1:{port}/room")
    finally:
        await camera.close()
    assert (facts.codec, facts.width, facts.b_frames, judge(facts)) == ("h264", 640, False, [])
