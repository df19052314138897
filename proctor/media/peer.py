"""One connection of a page to the node: what its ticket allows, and nothing more."""

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

import structlog
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpTransceiver, RTCSessionDescription
from aiortc.codecs import get_capabilities
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

from proctor.media.errors import SdpInvalidError
from proctor.media.names import Track, track_of
from proctor.media.payload import OPUS
from proctor.media.receiver import Receiver
from proctor.media.sdp import Offer
from proctor.media.sender import Sender
from proctor.media.source import Source
from proctor.media.ticket import MediaTicket

CONNECT_S = 15
NEGOTIATE_S = 5
BUDGET = {Track.TILE: 250_000, Track.FULL: 900_000, Track.SCREEN: 900_000, Track.SOUND: 50_000}
"""Bit/s that a publisher is told it may send for each track that somebody wants; browsers leave some of it unused."""

log = structlog.get_logger(__name__)


class Peer:
    """A connection from its answer to its end; `on_close` hears of the end once."""

    def __init__(self, ticket: MediaTicket, sources: list[Source], on_close: Callable[["Peer"], None]) -> None:
        self.id: UUID = ticket.id
        self.ticket = ticket
        self.sources = sources
        self.opened_at = time.monotonic()
        self.connected = asyncio.Event()
        self._on_close = on_close
        self._closing: asyncio.Task[None] | None = None
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        self.connection = RTCPeerConnection(configuration)
        self.connection.on("connectionstatechange", self._changed)

    async def answer(self, offer: Offer) -> str:
        """Return the answer to an offer; raises SdpInvalidError where aiortc cannot make sense of it."""
        try:
            async with asyncio.timeout(NEGOTIATE_S):
                return await self._answer(offer)
        except Exception as error:
            # aiortc's parser raises whatever it trips over: the description came from outside, so that is its fault
            log.info("media.offer_refused", peer=str(self.id), error=type(error).__name__)
            raise SdpInvalidError(reason="negotiation") from error

    async def _answer(self, offer: Offer) -> str:
        direction = "sendonly" if self.ticket.direction == "watch" else "recvonly"
        for source in self.sources:
            kind = "audio" if source.codec == OPUS else "video"
            transceiver = self.connection.addTransceiver(kind, direction)
            transceiver.setCodecPreferences(_preferences(kind, source.codec))
        for transceiver, source in zip(self.connection.getTransceivers(), self.sources, strict=True):
            self._join(transceiver, source)
        await self.connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        answer: str = self.connection.localDescription.sdp
        return answer

    def _join(self, transceiver: RTCRtpTransceiver, source: Source) -> None:
        receiver, sender = transceiver.receiver, transceiver.sender
        if self.ticket.direction == "watch" and isinstance(sender, Sender):
            sender.source = source
        elif isinstance(receiver, Receiver):
            receiver.source = source
            if source is self.sources[0]:
                receiver.budget = self.budget

    def receivers(self) -> list[tuple[Source, Receiver]]:
        """Return each source with the receiver that feeds it."""
        found = zip(self.sources, self.connection.getTransceivers(), strict=True)
        return [(source, each.receiver) for source, each in found if isinstance(each.receiver, Receiver)]

    def wanted(self) -> list[Track]:
        """Return the tracks that the publisher should send now."""
        tracks = [(track_of(source.name), source) for source in self.sources]
        return [track for track, source in tracks if track and (track is Track.TILE or source.viewers)]

    def budget(self) -> int:
        """Return how much the publisher may send in bit/s."""
        return sum(BUDGET[track] for track in self.wanted())

    @property
    def overdue(self) -> bool:
        """Whether the connection never came about."""
        return not self.connected.is_set() and time.monotonic() - self.opened_at > CONNECT_S

    def ended(self, now: int) -> bool:
        """Tell whether the time is over for which the ticket gave the right, at a Unix second."""
        return self.ticket.ends_at is not None and self.ticket.ends_at <= now

    def _changed(self) -> None:
        state = self.connection.connectionState
        if state == "connected":
            self.connected.set()
        elif state in {"failed", "closed"}:
            self.close()

    def close(self) -> None:
        """End the connection; what it held is given back when its tasks have ended."""
        if self._closing is None:
            self._on_close(self)
            self._closing = asyncio.create_task(self._end())

    async def closed(self) -> None:
        """Wait for the end of a connection that is closing."""
        if self._closing is not None:
            await self._closing

    async def _end(self) -> None:
        try:
            async with asyncio.timeout(NEGOTIATE_S):
                await self.connection.close()
        except Exception as error:  # noqa: BLE001  # one connection's end must not hurt the others
            log.warning("media.close_failed", peer=str(self.id), error=type(error).__name__)


def _preferences(kind: str, codec: str) -> list[RTCRtpCodecCapability]:
    """Return the one codec of a source and, of a picture, its retransmission format."""
    wanted = f"{kind}/{codec}".lower()
    capabilities = get_capabilities(kind).codecs
    return [each for each in capabilities if each.mimeType.lower() in {wanted, "video/rtx"}]
