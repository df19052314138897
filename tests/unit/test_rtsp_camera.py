"""The examination of a camera: the simulated one is found fit, and what refuses is told apart."""

import asyncio
import re

import pytest

from exam.cli.simulation.rtsp import GROUP, RoomCamera, film_room
from proctor.cameras.errors import CameraUnreachableError
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


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("401 Unauthorized", "camera_login"),
        ("403 Forbidden", "camera_login"),
        ("404 Not Found", "camera_path"),
        ("454 Session Not Found", "camera_unreachable"),
        ("503 Service Unavailable", "camera_unreachable"),
    ],
)
async def test_a_camera_that_refuses_is_told_from_one_that_is_not_there(status: str, code: str) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while found := re.search(rb"CSeq: (\d+)", await reader.read(4096)):
            writer.write(f"RTSP/1.0 {status}\r\nCSeq: {int(found[1])}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    url = f"rtsp://admin:secret@127.0.0.1:{server.sockets[0].getsockname()[1]}/1"
    with pytest.raises(CameraUnreachableError) as refused:
        await asyncio.to_thread(examine, url)
    server.close()
    assert refused.value.code == code
    assert "secret" not in str(refused.value)
    with pytest.raises(CameraUnreachableError) as gone:
        await asyncio.to_thread(examine, url)
    assert gone.value.code == "camera_unreachable"
