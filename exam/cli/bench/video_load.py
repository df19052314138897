"""Stock aiortc around one media node: peers that publish, walls that watch and decode, and what arrives there."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcconfiguration import RTCBundlePolicy

from exam.cli.bench.load import LoadFailedError
from exam.cli.simulation.camera import SIZE, ClipTrack, draw_person, encode, only_loopback
from proctor.api import Direction, NodeEntry, TicketPress

CLIP_FRAMES = 60
NOISE = 6
"""Standard deviation of the sensor's noise, of 255 levels."""


class VideoLoad:
    """Everybody in one room of one node; `pictures` counts what the walls have decoded."""

    def __init__(self, node: NodeEntry, press: TicketPress) -> None:
        only_loopback()
        self.pictures = 0
        self.clip = encode(_filmed, CLIP_FRAMES)
        self._node, self._press = node, press
        self._client = httpx.AsyncClient(trust_env=False)
        self._connections: list[RTCPeerConnection] = []
        self._watching: list[asyncio.Task[None]] = []

    async def publish(self, seat: UUID) -> None:
        """Let one seat send its tile."""
        connection = self._new()
        connection.addTransceiver(ClipTrack(self.clip), "sendonly")
        await self._connect(connection, [seat], "publish")

    async def watch(self, seats: list[UUID]) -> None:
        """Let one wall show the tiles of seats."""
        connection = self._new()
        for _ in seats:
            connection.addTransceiver("video", "recvonly")
        await self._connect(connection, seats, "watch")
        for transceiver in connection.getTransceivers():
            self._watching.append(asyncio.create_task(self._count(transceiver.receiver.track)))

    async def close(self) -> None:
        """End every connection."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*(each.close() for each in self._connections))
        await self._client.aclose()

    def _new(self) -> RTCPeerConnection:
        made = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._connections.append(made)
        return made

    async def _connect(self, connection: RTCPeerConnection, seats: list[UUID], direction: Direction) -> None:
        await connection.setLocalDescription(await connection.createOffer())
        sdp = connection.localDescription.sdp
        ticket = self._press.ticket(self._node.name, sdp, seats, direction=direction)
        answer = await self._client.post(f"{self._node.url}/connect", json={"ticket": ticket, "sdp": sdp})
        if answer.status_code != httpx.codes.OK:
            raise LoadFailedError(reason=answer.text[:200])
        await connection.setRemoteDescription(RTCSessionDescription(answer.json()["sdp"], "answer"))

    async def _count(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                await track.recv()
                self.pictures += 1
        except MediaStreamError:
            return


def _filmed(number: int) -> Any:
    """Draw a picture as a sensor sees it: its noise is what fills a tile's 150 kbit/s."""
    noise = np.random.Generator(np.random.PCG64(number)).normal(0, NOISE, (SIZE[1], SIZE[0], 1))
    return np.clip(draw_person(number, 1) + noise, 0, 255).astype(np.uint8)
