"""Stock aiortc around a server of media: peers that publish, walls that watch and decode, and what arrives there."""

import asyncio
from abc import ABC, abstractmethod
from typing import Any
from uuid import UUID

import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcconfiguration import RTCBundlePolicy

from exam.cli.simulation.camera import SIZE, ClipTrack, draw_person, encode, only_loopback

CLIP_FRAMES = 60
NOISE = 6
"""Standard deviation of the sensor's noise, of 255 levels."""


class Peers(ABC):
    """Everybody in one room; `pictures` counts what the walls have decoded."""

    def __init__(self) -> None:
        only_loopback()
        self.pictures = 0
        self.clip = encode(_filmed, CLIP_FRAMES)
        self._connections: list[RTCPeerConnection] = []
        self._watching: list[asyncio.Task[None]] = []

    async def publish(self, seat: UUID) -> None:
        """Let one seat send its tile."""
        connection = self._new()
        connection.addTransceiver(ClipTrack(self.clip), "sendonly")
        await self._join(connection, seat)

    async def watch(self, seats: list[UUID]) -> None:
        """Let one wall show the tiles of seats."""
        connection = self._new()
        await self._subscribe(connection, seats)
        for transceiver in connection.getTransceivers():
            self._watching.append(asyncio.create_task(self._count(transceiver.receiver.track)))

    async def close(self) -> None:
        """End every connection."""
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*(each.close() for each in self._connections))

    @abstractmethod
    async def _join(self, connection: RTCPeerConnection, seat: UUID) -> None:
        """Connect a publisher."""

    @abstractmethod
    async def _subscribe(self, connection: RTCPeerConnection, seats: list[UUID]) -> None:
        """Connect a wall."""

    def _new(self) -> RTCPeerConnection:
        made = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._connections.append(made)
        return made

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
