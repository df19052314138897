"""The media node's side of analysis: key frames of its tiles go to Valkey, and never make a packet wait."""

import asyncio
from collections import deque
from functools import partial
from uuid import UUID

import structlog
from redis.exceptions import RedisError

from exam.core.runtime import Runtime
from proctor.analysis.frames import MAX_BYTES, MAX_CAMERA_BYTES, Frame, connect_binary, send
from proctor.media.names import Track, track_of
from proctor.media.node import Node
from proctor.media.payload import is_key_frame
from proctor.media.peer import Peer
from proctor.media.receiver import FrameSink
from proctor.media.ticket import MediaTicket

WAITING = 128
"""Frames that may wait for Valkey; beyond it the oldest are dropped."""
EVERY_MS = 3500
"""A seat or camera sends no more than one frame in this time, however many key frames there are."""
SAY_EVERY_S = 10.0

log = structlog.get_logger(__name__)


class Feed:
    """Takes the key frames of every publisher and every camera of a node."""

    def __init__(self, runtime: Runtime, node: Node) -> None:
        self._clock = runtime.clock
        self._valkey = connect_binary(runtime.settings.valkey_url)
        self._waiting: deque[Frame] = deque(maxlen=WAITING)
        self._wake = asyncio.Event()
        self._last: dict[UUID, tuple[int, int]] = {}
        self.dropped = 0
        node.on_publisher.append(self.begin)
        node.on_gone.append(self.end)

    def begin(self, peer: Peer) -> None:
        """Listen to a publisher's tile."""
        for source, receiver in peer.receivers():
            if track_of(source.name) is Track.TILE and peer.ticket.attempt_id is not None:
                receiver.frame_sinks.append(partial(self._take, peer.ticket.attempt_id, peer.ticket, MAX_BYTES))

    def end(self, peer: Peer) -> None:
        """Forget a publisher."""
        if peer.ticket.attempt_id is not None:
            self.forget(peer.ticket.attempt_id)

    def camera_sink(self, camera_id: UUID, ticket: MediaTicket) -> FrameSink:
        """Return what takes the frames of a room's camera."""
        return partial(self._take, camera_id, ticket, MAX_CAMERA_BYTES)

    def forget(self, subject: UUID) -> None:
        """Count a seat or camera anew when it comes back."""
        self._last.pop(subject, None)

    def _take(self, subject: UUID, ticket: MediaTicket, most: int, codec: str, data: bytes, _timestamp: int) -> None:
        """Take one frame; called on the loop and never waits."""
        if len(data) > most or not is_key_frame(codec, data):
            return
        at_ms = int(self._clock.now().timestamp() * 1000)
        sent_at, number = self._last.get(subject, (0, 0))
        if at_ms - sent_at < EVERY_MS:
            return
        self._last[subject] = (at_ms, number + 1)
        self.dropped += len(self._waiting) == WAITING
        self._waiting.append(
            Frame(
                subject=subject,
                room_id=ticket.room_id,
                region=ticket.region,
                codec=codec,
                at_ms=at_ms,
                number=number + 1,
                data=data,
                camera=ticket.attempt_id is None,
            )
        )
        self._wake.set()

    async def send(self) -> None:
        """Send what comes, until cancelled; while Valkey is away frames are dropped, and that is said now and then."""
        said_at, said = 0.0, 0
        while True:
            await self._wake.wait()
            self._wake.clear()
            frames = list(self._waiting)
            self._waiting.clear()
            try:
                await send(self._valkey, frames)
            except (RedisError, OSError):
                self.dropped += len(frames)
            now = asyncio.get_running_loop().time()
            if self.dropped > said and now - said_at > SAY_EVERY_S:
                log.warning("analysis.frames_dropped", dropped=self.dropped - said)
                said_at, said = now, self.dropped

    async def close(self) -> None:
        await self._valkey.aclose()
