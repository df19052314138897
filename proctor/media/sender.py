"""The sending end of a viewer's picture: packets of a source under this connection's own numbers."""

import asyncio
import random
import secrets
import struct
import time
from typing import Any

from aiortc import clock
from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.rtcrtpsender import RTCRtpSender
from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSourceInfo,
)

from proctor.media.source import Packet, Source
from proctor.media.transport import outbound_of

MAX_REPAIRS = 64
_REPORT = struct.Struct("!BBHLQLLL")
_SEQ = 0xFFFF
_HALF = 0x8000


class Sender(RTCRtpSender):
    """Forwards one source to one viewer; it starts with a key frame and starts again with one after a jam."""

    def __init__(self, track_or_kind: Any, transport: Any) -> None:
        super().__init__(track_or_kind, transport)
        self.source: Source | None = None
        self.packets = 0
        self.jams = 0
        self._octets = 0
        self._payload_type = 0
        self._rtx_type: int | None = None
        self._rtx_seq = secrets.randbelow(_HALF)
        self._next_seq = secrets.randbelow(_HALF)
        self._shift = 0
        self._base = 0
        self._waits_for_key = True
        self._outbound = outbound_of(transport)
        self._names = b""
        self._reports: asyncio.Task[None] | None = None

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        if self._reports is not None:
            return
        self.transport._register_rtp_sender(self, parameters)  # noqa: SLF001  # for SRTCP, which aiortc routes
        self._payload_type = parameters.codecs[0].payloadType or 0
        for codec in parameters.codecs:
            if is_rtx(codec) and codec.parameters["apt"] == self._payload_type:
                self._rtx_type = codec.payloadType
        name = RtcpSourceInfo(ssrc=self._ssrc, items=[(1, (parameters.rtcp.cname or "ankao").encode())])
        self._names = bytes(RtcpSdesPacket(chunks=[name]))
        self._reports = asyncio.create_task(self._report())
        if self.source is not None:
            self.source.attach(self)

    async def stop(self) -> None:
        if self._reports is None:
            return
        self.transport._unregister_rtp_sender(self)  # noqa: SLF001
        if self.source is not None:
            self.source.detach(self)
        self._reports.cancel()

    def forward(self, packet: Packet, *, key: bool) -> None:
        """Send one packet of the source."""
        seq, timestamp, marker, payload = packet
        if self._waits_for_key:
            if not key:
                return
            self._waits_for_key = False
            self._shift = (self._next_seq - seq) & _SEQ
            self._base = seq
        elif (seq - self._base) & _SEQ >= _HALF:
            return  # a late one from before this viewer's beginning
        seq = (seq + self._shift) & _SEQ
        if (seq + 1 - self._next_seq) & _SEQ < _HALF:
            self._next_seq = (seq + 1) & _SEQ
        self.packets += 1
        self._octets += len(payload)
        self._outbound.put((self, marker << 7 | self._payload_type, seq, timestamp, self._ssrc, payload))

    def missed(self, seq: int, size: int) -> None:
        """Begin again with the next key frame, in the numbers where this one was."""
        if not self._waits_for_key:
            self._waits_for_key = True
            self._next_seq = seq
            self.jams += 1
        self.packets -= 1
        self._octets -= size

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            for seq in packet.lost[:MAX_REPAIRS]:
                self._repair(seq)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in {RTCP_PSFB_FIR, RTCP_PSFB_PLI}:
            self._send_keyframe()

    def _send_keyframe(self) -> None:
        if self.source is not None:
            self.source.request_key_frame()

    def _repair(self, seq: int) -> None:
        """Send a packet again from the source's ring, as a retransmission where the viewer knows the format (RFC 4588)."""
        packet = self.source.recall((seq - self._shift) & _SEQ) if self.source and not self._waits_for_key else None
        if packet is None or (packet[0] - self._base) & _SEQ >= _HALF:
            return
        _, timestamp, marker, payload = packet
        if self._rtx_type is None:
            self._outbound.put((None, marker << 7 | self._payload_type, seq, timestamp, self._ssrc, payload))
            return
        original = seq.to_bytes(2) + payload
        self._outbound.put((None, marker << 7 | self._rtx_type, self._rtx_seq, timestamp, self._rtx_ssrc, original))
        self._rtx_seq = (self._rtx_seq + 1) & _SEQ

    async def _report(self) -> None:
        """Send sender reports: the clock that joins this stream's timestamps to wall time (RFC 3550 §6.4.1)."""
        while True:
            await asyncio.sleep(0.5 + random.random())  # noqa: S311  # RFC 3550 §6.2: reports are spread in time
            timestamp = self.source.timestamp(time.monotonic()) if self.source else 0
            report = _REPORT.pack(
                0x80,
                200,
                6,
                self._ssrc,
                clock.current_ntp_time(),
                timestamp,
                self.packets & 0xFFFFFFFF,
                self._octets & 0xFFFFFFFF,
            )
            try:
                await self.transport._send_rtp(report + self._names)  # noqa: SLF001
            except ConnectionError:
                return
