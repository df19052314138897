"""A simulated seat's camera leaves a node that was killed as soon as a terminal does."""

import asyncio
import sys

import msgspec

from exam.cli.simulation.camera import draw_empty, encode, only_loopback, send_clip

NODE = """
import asyncio, json, sys
from aiortc import RTCPeerConnection, RTCSessionDescription
from exam.cli.simulation.camera import only_loopback

async def serve():
    only_loopback()
    connection = RTCPeerConnection()
    await connection.setRemoteDescription(RTCSessionDescription(json.loads(sys.stdin.readline()), "offer"))
    await connection.setLocalDescription(await connection.createAnswer())
    print(json.dumps(connection.localDescription.sdp), flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""


async def test_a_killed_node_is_left_within_seconds_and_a_living_one_is_not() -> None:
    only_loopback()
    pipe = asyncio.subprocess.PIPE
    node = await asyncio.create_subprocess_exec(sys.executable, "-c", NODE, stdin=pipe, stdout=pipe)
    assert node.stdin is not None
    assert node.stdout is not None
    writer, reader = node.stdin, node.stdout

    async def exchange(sdp: str) -> str:
        writer.write(msgspec.json.encode(sdp) + b"\n")
        return msgspec.json.decode(await reader.readline(), type=str)

    frames = encode(lambda _: draw_empty(1), 10)
    sending = asyncio.create_task(send_clip(frames, exchange, asyncio.Event()))
    try:
        _, going_on = await asyncio.wait([sending], timeout=12)
        assert going_on
        node.kill()
        await asyncio.wait_for(sending, 8)
    finally:
        sending.cancel()
        if node.returncode is None:
            node.kill()
        await node.wait()
