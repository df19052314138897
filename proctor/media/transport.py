"""ICE and DTLS of a media node: one address, a port range of its own, and media that passes no queue.

aioice binds one socket for every address of the host to a random port and hands each datagram to a task through an
unbounded queue. Here a connection binds the media address alone, inside the range that the firewall opens, and SRTP
goes from the socket to its receiver in one call; what does go through the queue (DTLS, SRTCP) is bounded.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import aioice
import aioice.ice
import aiortc.rtcicetransport
import msgspec
from aiortc import RTCDtlsTransport
from pylibsrtp._binding import ffi, lib

from proctor.media.datagrams import ROOM, Received
from proctor.media.outbound import HEADER, Outbound
from proctor.media.sockets import Gate, Media, NodeSocket

QUEUE_LIMIT = 256
_PROBES = 64
_RTP_FIRST, _RTP_LAST = 128, 191
_RTCP_FIRST, _RTCP_LAST = 192, 223
_LENGTH = ffi.new("int *")

Take = Callable[[int, int, int, int, int, bytes], None]
"""Payload type, SSRC, sequence number, timestamp, marker, payload."""


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a node's media sockets are: bound here, offered to peers under `public`, ports first to last."""

    bind: str
    public: str
    first_port: int
    last_port: int


class NodeConnection(aioice.Connection):
    """An ICE connection over one socket of the node's own range."""

    address = Address(bind="127.0.0.1", public="127.0.0.1", first_port=42000, last_port=42999)
    gate: Gate

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on_media: Media | None = None
        self.outbound: Outbound | None = None
        self.dropped = 0

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],  # noqa: ARG002  # the node has one address, and the caller lists the host's
        timeout: int = 5,  # noqa: ARG002, ASYNC109  # no server is asked for candidates
    ) -> list[aioice.Candidate]:
        protocol = self._bind()
        host, port = self.address.public, protocol.transport.get_extra_info("sockname")[1]
        protocol.local_candidate = aioice.Candidate(
            foundation=aioice.candidate.candidate_foundation("host", "udp", host),
            component=component,
            transport="udp",
            priority=aioice.candidate.candidate_priority(component, "host"),
            host=host,
            port=port,
            type="host",
        )
        self._protocols.append(protocol)
        return [protocol.local_candidate]

    def _bind(self) -> Any:
        where = self.address
        span = where.last_port - where.first_port + 1
        start = secrets.randbelow(span)
        for step in range(min(span, _PROBES)):
            protocol = aioice.ice.StunProtocol(self)
            try:
                NodeSocket(self.gate, (where.bind, where.first_port + (start + step) % span), protocol)
            except OSError:
                continue
            return protocol
        message = f"no free media port among {where.first_port}-{where.last_port}"
        raise OSError(message)

    def data_received(self, data: bytes, component: int) -> None:
        if self._queue.qsize() < QUEUE_LIMIT:
            self._queue.put_nowait((data, component))
        else:
            self.dropped += 1


def is_media(first: int, second: int) -> bool:
    """Tell SRTP from SRTCP, DTLS and STUN by its first bytes (RFC 7983, RFC 5761 §4)."""
    return _RTP_FIRST <= first <= _RTP_LAST and not _RTCP_FIRST <= second <= _RTCP_LAST


def _datagram_received(protocol: Any, data: bytes, address: tuple[Any, ...]) -> None:
    """Pass on what is not STUN without first trying to read it as such, which raises an error for every packet."""
    if data and data[0] > 3:  # noqa: PLR2004  # RFC 7983: STUN begins with 0 to 3
        protocol.receiver.data_received(data, protocol.local_candidate.component)
    else:
        _read_stun(protocol, data, address)


_read_stun = aioice.ice.StunProtocol.datagram_received


class Inbound:
    """The media side of one DTLS transport: opens SRTP and gives each packet to the receiver of its SSRC."""

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        self._dtls = dtls
        self._by_ssrc: dict[int, Take] = {}
        self.refused = 0

    def register(self, ssrcs: list[int], take: Take) -> None:
        self._by_ssrc.update(dict.fromkeys(ssrcs, take))

    def unregister(self, take: Take) -> None:
        self._by_ssrc = {ssrc: known for ssrc, known in self._by_ssrc.items() if known != take}

    def __call__(self, batch: Received, at: int) -> bool:
        """Take one datagram where it lies, if it is media; what is not ours or not authentic is counted and forgotten."""
        octets, begin, size = batch.octets, at * ROOM, batch.size(at)
        if size <= HEADER.size or not is_media(octets[begin], octets[begin + 1]):
            return False
        session: Any = self._dtls._rx_srtp  # noqa: SLF001  # pinned, and proved by the self-test
        _LENGTH[0] = size
        if session is None or lib.srtp_unprotect(session._srtp[0], batch.slots[at], _LENGTH):  # noqa: SLF001
            self.refused += 1
            return True
        packet = batch.packets[at]
        first, second, seq, timestamp, ssrc = HEADER.unpack_from(packet)
        take = self._by_ssrc.get(ssrc)
        payload = payload_of(packet, first, _LENGTH[0])
        if take is None or payload is None:
            self.refused += 1
        else:
            take(second & 0x7F, ssrc, seq, timestamp, second >> 7, payload)
        return True


def payload_of(packet: Any, first: int, end: int) -> bytes | None:
    """Return an RTP packet's payload without header extension and padding, None where it is malformed (RFC 3550 §5.1).

    `packet` is a buffer whose slices are bytes, the packet its first `end` of them, `first` its first byte.
    """
    at = HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        if at + 4 > end:
            return None
        at += 4 + 4 * int.from_bytes(packet[at + 2 : at + 4])
    if first & 0x20:
        padding = packet[end - 1][0]
        if not padding or padding > end - at:
            return None
        end -= padding
    return packet[at:end] if at <= end else None


def inbound_of(dtls: RTCDtlsTransport) -> Inbound:
    """Return the media side of a transport, made and connected at the first call."""
    connection: Any = dtls.transport._connection  # noqa: SLF001  # pinned, and proved by the self-test
    if connection.on_media is None:
        connection.on_media = Inbound(dtls)
    inbound: Inbound = connection.on_media
    return inbound


def outbound_of(dtls: RTCDtlsTransport) -> Outbound:
    """Return the way out of a transport's media, made at the first call."""
    connection: Any = dtls.transport._connection  # noqa: SLF001  # pinned, and proved by the self-test
    if connection.outbound is None:
        connection.outbound = Outbound(dtls)
    outbound: Outbound = connection.outbound
    return outbound


def install_transport(address: Address) -> None:
    """Let every connection that aiortc makes from now on be a node's."""
    NodeConnection.address, NodeConnection.gate = address, Gate(asyncio.get_running_loop())
    aiortc.rtcicetransport.Connection = NodeConnection  # type: ignore[attr-defined]  # a name of that module's globals
    aioice.ice.StunProtocol.datagram_received = _datagram_received  # type: ignore[method-assign,assignment]
