"""A simulated seat's camera: a drawn person, encoded once and sent over and over by stock aiortc."""

import asyncio
import fractions
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

import aioice.ice
import av
import cv2
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy

FPS = 10
KEY_EVERY = 5
SIZE = (320, 240)
CLOCK = 90_000
DESK = (120, 92, 66)
CONNECT_S, SILENCE_S, LOOK_S = 8.0, 4.0, 1.0
"""The terminal's own times: to connect, without a word from the node, between two looks."""

Exchange = Callable[[str], Awaitable[str]]
"""Gives an offer to the server and brings its answer."""


def only_loopback() -> None:
    """Offer 127.0.0.1, which aioice leaves out: simulated candidates sit on the server's own machine."""
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]  # noqa: ARG005  # aioice's own signature


def draw_person(number: int, seat: int) -> Any:
    """Draw one picture of a person at a desk who sways a little; every seat has its own wall and coat."""
    width, height = SIZE
    coat = (60 + seat * 47 % 120, 60 + seat * 31 % 120, 90 + seat * 17 % 120)
    picture = draw_empty(seat)
    sway = int(6 * np.sin(number / 7 + seat))
    x, y = width // 2 + sway, 100 + int(2 * np.sin(number / 3))
    cv2.ellipse(picture, (x, 240), (90, 90), 0, 180, 360, coat, -1)
    cv2.rectangle(picture, (x - 14, y + 35), (x + 14, y + 60), (196, 160, 130), -1)
    cv2.ellipse(picture, (x, y), (38, 50), 0, 0, 360, (214, 178, 148), -1)
    cv2.ellipse(picture, (x, y - 22), (40, 34), 0, 180, 360, (40, 34, 30), -1)
    for side in (-14, 14):
        open_eye = 4 if number % 37 else 1
        cv2.ellipse(picture, (x + side, y - 4), (5, open_eye), 0, 0, 360, (30, 30, 30), -1)
    cv2.ellipse(picture, (x, y + 24), (12, 4), 0, 0, 180, (150, 70, 70), 2)
    cv2.rectangle(picture, (0, 215), (width, height), DESK, -1)
    return picture


def draw_empty(seat: int) -> Any:
    """Draw a desk that nobody sits at."""
    width, height = SIZE
    picture = np.full((height, width, 3), 150 + seat * 23 % 80, np.uint8)
    cv2.rectangle(picture, (0, 215), (width, height), DESK, -1)
    return picture


def encode(draw: Callable[[int], Any], frames: int) -> tuple[bytes, ...]:
    """Return VP8 frames of pictures, a key frame every half second, so that a loop of them never breaks."""
    codec: Any = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height = SIZE
    codec.pix_fmt, codec.time_base = "yuv420p", fractions.Fraction(1, FPS)
    codec.options = {"deadline": "realtime", "cpu-used": "8", "b": "150k", "g": str(KEY_EVERY), "lag-in-frames": "0"}
    encoded: list[bytes] = []
    for number in range(frames):
        frame = av.VideoFrame.from_ndarray(draw(number), format="rgb24")
        frame.pts = number
        encoded += [bytes(packet) for packet in codec.encode(frame)]
    return tuple(encoded)


class ClipTrack(MediaStreamTrack):
    """Sends encoded frames over and over, in real time; `sent` counts them."""

    kind = "video"

    def __init__(self, frames: tuple[bytes, ...]) -> None:
        super().__init__()
        self._frames = frames
        self._begun = 0.0
        self.sent = 0

    async def recv(self) -> "av.Packet[Any]":
        """Return the next encoded frame: aiortc packs it as it is."""
        self._begun = self._begun or time.monotonic()
        await asyncio.sleep(max(0.0, self._begun + self.sent / FPS - time.monotonic()))
        packet: Any = av.Packet(self._frames[self.sent % len(self._frames)])
        packet.pts = packet.dts = self.sent * CLOCK // FPS
        packet.time_base = fractions.Fraction(1, CLOCK)
        self.sent += 1
        return cast("av.Packet[Any]", packet)


async def send_clip(frames: tuple[bytes, ...], exchange: Exchange, stop: asyncio.Event) -> None:
    """Send a clip over one connection until told to stop, or until the connection is lost or falls silent."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    lost = asyncio.Event()

    @connection.on("connectionstatechange")
    def changed() -> None:
        if connection.connectionState in {"failed", "closed"}:
            lost.set()

    try:
        connection.addTransceiver(ClipTrack(frames), "sendonly")
        await connection.setLocalDescription(await connection.createOffer())
        answer = await exchange(connection.localDescription.sdp)
        await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        ends: tuple[Coroutine[Any, Any, Any], ...] = (stop.wait(), lost.wait(), _silence(connection))
        waiting = [asyncio.create_task(end) for end in ends]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
    finally:
        await connection.close()


async def _silence(connection: RTCPeerConnection) -> None:
    """Return once a node, which reports at least once a second, says nothing more: long before ICE gives up."""
    loop = asyncio.get_running_loop()
    heard, until = 0, loop.time() + CONNECT_S
    while loop.time() < until:
        await asyncio.sleep(LOOK_S)
        stats = (await connection.getStats()).values()
        received = sum(each.bytesReceived for each in stats if each.type == "transport")
        if received != heard:
            heard, until = received, max(until, loop.time() + SILENCE_S)
