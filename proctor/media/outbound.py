"""The media side of one DTLS transport on the way out: what a turn of the loop has for it is sealed and sent together."""

import asyncio
import struct
from typing import Any, Protocol

from aiortc import RTCDtlsTransport
from pylibsrtp._binding import ffi, lib

from proctor.media.datagrams import MOST_PAYLOAD, SLOTS, Name, Outgoing, sockaddr
from proctor.media.sockets import NodeSocket

HEADER = struct.Struct("!BBHLL")
_LENGTH = ffi.new("int *")
_BATCH = Outgoing()
"""One for all connections: it is filled and sent in one go, on one loop."""


class Owner(Protocol):
    """Whose picture a packet is of."""

    def missed(self, seq: int, size: int) -> None:
        """Hear that a packet was not sent: the connection is gone or its socket is full."""


Packet = tuple[Owner | None, int, int, int, int, bytes]
"""Owner, second octet of the header, sequence number, timestamp, SSRC, payload; repairs are missed by nobody."""


class Outbound:
    """Sends the packets of all senders of one connection; it keeps none from one turn to the next."""

    def __init__(self, dtls: RTCDtlsTransport) -> None:
        self._dtls = dtls
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Packet] = []
        self._name: tuple[Name, bytes] = (("", 0), b"")

    def put(self, packet: Packet) -> None:
        """Send a packet at the end of this turn; one that would burst its slot is nobody's picture."""
        if len(packet[5]) > MOST_PAYLOAD:
            return
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(packet)

    def _flush(self) -> None:
        packets, self._waiting = self._waiting, []
        sent = 0
        while sent < len(packets):
            several = packets[sent : sent + SLOTS]
            went = self._send(several)
            sent += went
            if went < len(several):
                break
        for owner, _, seq, _, _, payload in packets[sent:]:
            if owner is not None:
                owner.missed(seq, len(payload))

    def _send(self, packets: list[Packet]) -> int:
        """Send what fits a batch and return how many packets went."""
        dtls: Any = self._dtls
        pair = dtls.transport._connection._nominated.get(1)  # noqa: SLF001  # pinned, and proved by the self-test
        if pair is None or dtls.state != "connected":
            return 0
        way: NodeSocket = pair.protocol.transport
        if way.is_closing():
            return 0
        if pair.remote_addr != self._name[0]:
            self._name = (pair.remote_addr, sockaddr(*pair.remote_addr))
        lengths = _sealed(dtls._tx_srtp._srtp[0], packets)  # noqa: SLF001
        return _BATCH.send(way.descriptor, self._name[1], lengths)


def _sealed(session: Any, packets: list[Packet]) -> list[int]:
    """Write packets into the slots, protect them there and return their lengths, up to the first that cannot be."""
    lengths = []
    for slot, room, (_, second, seq, timestamp, ssrc, payload) in zip(
        _BATCH.slots, _BATCH.packets, packets, strict=False
    ):
        end = HEADER.size + len(payload)
        HEADER.pack_into(room, 0, 0x80, second, seq, timestamp, ssrc)
        room[HEADER.size : end] = payload
        _LENGTH[0] = end
        if lib.srtp_protect(session, slot, _LENGTH):
            break
        lengths.append(_LENGTH[0])
    return lengths
