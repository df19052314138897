"""The media node: every source, publisher and viewer of the rooms that are assigned to this process."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
import structlog

from proctor.media.errors import MediaFullError, MediaTicketError
from proctor.media.names import Track, attempt_of, is_camera, is_sound, kinds_of, track_of
from proctor.media.payload import H264, OPUS, VP8
from proctor.media.peer import Peer
from proctor.media.sdp import check_offer, fingerprint_of
from proctor.media.source import Source
from proctor.media.ticket import TICKET_S, MediaTicket, check

MAX_PEERS = 600
MAX_WATCHING = 12
"""Connections that one account may watch with at once: pages, tabs, a full view on each."""
SWEEP_S = 1.0
PER_SOURCE_PAGE = {"publish": "sendonly", "watch": "recvonly"}

log = structlog.get_logger(__name__)

Tell = Callable[[UUID, list[Track]], Awaitable[None]]
"""Told which tracks an attempt's terminal should send."""


class Answer(msgspec.Struct, frozen=True):
    """The node's answer to an offer."""

    peer: UUID
    sdp: str


class Gauge(msgspec.Struct, frozen=True):
    """How much a node carries."""

    peers: int
    publishers: int
    sources: int
    viewers: int


class Node:
    """A forwarder; one per process, on the process's own loop."""

    def __init__(self, name: str, key: bytes, *, unix_s: Callable[[], int], tell: Tell) -> None:
        self.name = name
        self.sources: dict[str, Source] = {}
        self.peers: dict[UUID, Peer] = {}
        self.on_publisher: list[Callable[[Peer], None]] = []
        """Hear of every publisher before its first packet: recording and analysis hang on here."""
        self.on_gone: list[Callable[[Peer], None]] = []
        self._key = key
        self._unix_s = unix_s
        self._tell = tell
        self._used: dict[UUID, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def connect(self, token: str, sdp: str) -> Answer:
        """Answer an offer that has a good ticket."""
        now = self._unix_s()
        ticket = check(token, self._key, node=self.name, now=now, fingerprint=fingerprint_of(sdp))
        offer = check_offer(sdp, kinds=kinds_of(ticket.sources), direction=PER_SOURCE_PAGE[ticket.direction])
        self._use(ticket, now)
        self._require_room(ticket)
        peer = Peer(ticket, [self.source(name) for name in ticket.sources], self._forget)
        self.peers[peer.id] = peer
        try:
            answer = Answer(peer.id, await peer.answer(offer))
            if ticket.direction == "publish":
                self._begin_publishing(peer)
        except BaseException:
            peer.close()
            raise
        return answer

    def source(self, name: str) -> Source:
        """Return a source by name; it is there before its publisher, so that viewers may wait for it."""
        if name not in self.sources:
            camera = is_camera(name)
            codec = H264 if camera else OPUS if is_sound(name) else VP8
            source = Source(name, codec, keeps_group=camera)
            source.on_watched = self._watched
            self.sources[name] = source
        return self.sources[name]

    def publisher(self, attempt_id: UUID) -> Peer | None:
        """Return the connection that sends for an attempt."""
        found = (peer for peer in self.peers.values() if peer.ticket.direction == "publish")
        return next((peer for peer in found if peer.ticket.attempt_id == attempt_id), None)

    def gauge(self) -> Gauge:
        """Return what the node carries now."""
        publishers = sum(peer.ticket.direction == "publish" for peer in self.peers.values())
        viewers = sum(len(source.viewers) for source in self.sources.values())
        return Gauge(len(self.peers), publishers, len(self.sources), viewers)

    async def sweep(self) -> None:
        """End connections that never came about, and forget sources and tickets that nobody needs."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now = self._unix_s()
            for peer in [peer for peer in self.peers.values() if peer.overdue or peer.ended(now)]:
                peer.close()
            held = {source.name for peer in self.peers.values() for source in peer.sources}
            for name in [name for name in self.sources if name not in held and not is_camera(name)]:
                del self.sources[name]
            self._used = {ticket: until for ticket, until in self._used.items() if until > now}

    async def close(self) -> None:
        """End every connection."""
        peers = list(self.peers.values())
        for peer in peers:
            peer.close()
        await asyncio.gather(*(peer.closed() for peer in peers))

    def _use(self, ticket: MediaTicket, now: int) -> None:
        if ticket.id in self._used:
            raise MediaTicketError
        self._used[ticket.id] = now + TICKET_S

    def _require_room(self, ticket: MediaTicket) -> None:
        watching = Counter(peer.ticket.account_id for peer in self.peers.values())
        if len(self.peers) >= MAX_PEERS or (ticket.account_id and watching[ticket.account_id] >= MAX_WATCHING):
            raise MediaFullError

    def _begin_publishing(self, peer: Peer) -> None:
        sending = [each for each in self.peers.values() if each.ticket.direction == "publish" and each is not peer]
        for other in sending:
            if not set(other.sources).isdisjoint(peer.sources):
                other.close()
        for hear in self.on_publisher:
            hear(peer)
        self._spawn(self._tell_when_connected(peer))

    async def _tell_when_connected(self, peer: Peer) -> None:
        try:
            await asyncio.wait_for(peer.connected.wait(), TICKET_S)
        except TimeoutError:
            return
        if peer.ticket.attempt_id is not None:
            await self._tell(peer.ticket.attempt_id, peer.wanted())

    def _watched(self, source: Source) -> None:
        attempt_id, track = attempt_of(source.name), track_of(source.name)
        if attempt_id is None or track is Track.TILE:
            return
        peer = self.publisher(attempt_id)
        if peer is not None:
            self._spawn(self._tell(attempt_id, peer.wanted()))

    def _forget(self, peer: Peer) -> None:
        self.peers.pop(peer.id, None)
        for hear in self.on_gone if peer.ticket.direction == "publish" else ():
            hear(peer)

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001  # telling a terminal is worth no more than a line in the log
                log.warning("media.tell_failed", error=type(error).__name__)

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
