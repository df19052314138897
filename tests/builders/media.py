"""Peers for tests of video: stock aiortc, which knows nothing of the product, sending pictures encoded beforehand."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcconfiguration import RTCBundlePolicy

from exam.cli.simulation.camera import FPS, SIZE, ClipTrack, encode

__all__ = ["FPS"]

Exchange = Callable[[str], Awaitable[str]]
"""Offers a description and returns the answer's."""


@cache
def encoded_clip(seconds: int = 2, *, hue: int = 0) -> tuple[bytes, ...]:
    """Return VP8 frames of a moving bar, a key frame every half second; a loop of them never breaks."""
    return encode(lambda number: _picture(number, hue), seconds * FPS)


def _picture(number: int, hue: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    picture = np.full((SIZE[1], SIZE[0], 3), 60 + hue, np.uint8)
    left = number * 14 % (SIZE[0] - 40)
    picture[40:200, left : left + 40] = (200, 160, 40)
    return picture


async def until(condition: Callable[[], Awaitable[bool]], *, patience_s: float = 10) -> None:
    """Wait for a fact that comes about elsewhere; a TimeoutError when patience is over."""
    async with asyncio.timeout(patience_s):
        while not await condition():  # noqa: ASYNC110  # what is waited for is in another task or process
            await asyncio.sleep(0.05)


def new_connection() -> RTCPeerConnection:
    """Return a connection that asks no server for its address."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


async def offer_of(connection: RTCPeerConnection) -> str:
    """Return a complete offer."""
    await connection.setLocalDescription(await connection.createOffer())
    return connection.localDescription.sdp


async def take(connection: RTCPeerConnection, answer: str) -> None:
    """Apply an answer."""
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))


class Publisher:
    """Sends clips, one for each track."""

    def __init__(self, tracks: int = 1, *, hue: int = 0) -> None:
        self.connection = new_connection()
        self.tracks = [ClipTrack(encoded_clip(hue=hue)) for _ in range(tracks)]
        for track in self.tracks:
            self.connection.addTransceiver(track, "sendonly")

    async def connect(self, exchange: Exchange) -> None:
        await take(self.connection, await exchange(await offer_of(self.connection)))

    async def close(self) -> None:
        await self.connection.close()


class Viewer:
    """Decodes what comes; `frames` counts pictures of each section, `brightness` tells whose picture it was."""

    def __init__(self, pictures: int = 1) -> None:
        self.connection = new_connection()
        self.frames = [0] * pictures
        self.brightness = [0.0] * pictures
        self.first_at: float | None = None
        self.began_at = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        for _ in range(pictures):
            self.connection.addTransceiver("video", "recvonly")

    async def connect(self, exchange: Exchange) -> None:
        self.began_at = time.monotonic()
        offer = await offer_of(self.connection)
        await take(self.connection, await exchange(offer))
        for number, transceiver in enumerate(self.connection.getTransceivers()):
            self._tasks.append(asyncio.create_task(self._watch(number, transceiver.receiver.track)))

    async def _watch(self, number: int, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.VideoFrame)
                self.first_at = self.first_at or time.monotonic()
                self.frames[number] += 1
                self.brightness[number] = float(np.frombuffer(bytes(frame.planes[0]), np.uint8)[:16].mean())
        except MediaStreamError:
            return

    async def until(self, frames: int, *, patience_s: float = 10, number: int = 0) -> None:
        """Wait until a section has shown so many more pictures."""
        wanted = self.frames[number] + frames

        async def enough() -> bool:
            return self.frames[number] >= wanted

        await until(enough, patience_s=patience_s)

    async def close(self) -> None:
        await self.connection.close()
        for task in self._tasks:
            task.cancel()
