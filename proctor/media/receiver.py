"""The receiving end of a publisher's track: feedback to the sender, packets to the source, whole frames to recorders.

Nothing is decoded and no thread is started. Reports, NACK and PLI are ours (RFC 3550 §6.4, RFC 4585 §6), and so is the
REMB: aiortc counts one track where browsers read the budget of the whole connection.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Any

from aiortc.codecs import depayload, is_rtx
from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import NackGenerator, RTCRtpReceiver, StreamStatistics
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
)

from proctor.media.source import Source
from proctor.media.transport import inbound_of

JITTER_PACKETS = 128
"""A power of two: two seconds of the full track, six of a tile; what is missing longer is given up for a key frame."""
LIMIT_BYTES_S = 400_000
"""A track above this rate loses its packets until the second is over: 3.2 Mbit/s, five times the full track."""
MAX_NACK = 64
REPORT_S = 1.5
"""From one report to the next on average; what is missing is asked for at once."""

FrameSink = Callable[[str, bytes, int], None]
"""Codec name, encoded frame, RTP timestamp; called on the loop, must not wait."""


class Receiver(RTCRtpReceiver):
    """Takes one track without decoding it."""

    def __init__(self, kind: str, transport: Any) -> None:
        super().__init__(kind, transport)
        self.source: Source | None = None
        self.frame_sinks: list[FrameSink] = []
        self.budget: Callable[[], int] | None = None
        """Bit/s that the whole connection may send; set on one receiver of a connection, which tells the peer."""
        self.over_limit = 0
        self._codecs: dict[int, RTCRtpCodecParameters] = {}
        self._rtx: dict[int, int] = {}
        self._ssrc: int | None = None
        self._own_ssrc = 0
        self._nack = NackGenerator()
        self._jitter = JitterBuffer(capacity=JITTER_PACKETS, is_video=True)
        self._statistics: StreamStatistics | None = None
        self._last_report = (0, 0.0)
        self._second = (0, 0)
        self._loop = asyncio.get_running_loop()
        self._reports: asyncio.Task[None] | None = None
        self._pending: set[asyncio.Task[None]] = set()

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        if self._reports is not None:
            return
        self._codecs = {codec.payloadType: codec for codec in parameters.codecs if codec.payloadType is not None}
        ssrcs = [encoding.ssrc for encoding in parameters.encodings]
        for encoding in parameters.encodings:
            if encoding.rtx:
                self._rtx[encoding.rtx.ssrc] = encoding.ssrc
        self.transport._register_rtp_receiver(self, parameters)  # noqa: SLF001  # for SRTCP, which aiortc routes
        inbound_of(self.transport).register([*ssrcs, *self._rtx], self.take)
        if self.source is not None:
            self.source.begin(self.request_key_frame)
        self._reports = asyncio.create_task(self._report())

    async def stop(self) -> None:
        if self._reports is None:
            return
        self.transport._unregister_rtp_receiver(self)  # noqa: SLF001
        inbound_of(self.transport).unregister(self.take)
        if self.source is not None:
            self.source.end(self.request_key_frame)
        self._reports.cancel()

    def take(self, payload_type: int, ssrc: int, seq: int, timestamp: int, marker: int, payload: bytes) -> None:
        """Take one packet of the track or a retransmission of one."""
        codec = self._codecs.get(payload_type)
        if codec is None or not self._within_limit(len(payload)):
            return
        if is_rtx(codec):
            unwrapped = self._unwrapped(codec, ssrc, payload)
            if unwrapped is None:
                return
            codec, ssrc, seq, payload = unwrapped
        packet = RtpPacket(codec.payloadType or 0, marker, seq, timestamp, ssrc, payload)
        self._count(packet, codec)
        if self._nack.add(packet):
            self._send_nack()
        if self.source is not None:
            self.source.push(ssrc, seq, timestamp, marker, payload)
        if self.frame_sinks:
            self._assemble(packet, codec)

    def request_key_frame(self) -> None:
        """Ask the publisher for a key frame (PLI)."""
        if self._ssrc is not None:
            self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._own_ssrc, media_ssrc=self._ssrc))

    def _within_limit(self, size: int) -> bool:
        second, used = self._second
        now = int(self._loop.time())
        used = size if now != second else used + size
        self._second = (now, used)
        self.over_limit += used > LIMIT_BYTES_S
        return used <= LIMIT_BYTES_S

    def _unwrapped(
        self, codec: RTCRtpCodecParameters, ssrc: int, payload: bytes
    ) -> tuple[RTCRtpCodecParameters, int, int, bytes] | None:
        """Return codec, SSRC, sequence number and payload of the packet that was sent again (RFC 4588 §4)."""
        original = self._codecs.get(int(codec.parameters.get("apt") or -1))
        own = self._rtx.get(ssrc)
        if original is None or own is None or len(payload) < 2:  # noqa: PLR2004  # the original sequence number
            return None
        return original, own, int.from_bytes(payload[:2]), payload[2:]

    def _count(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> None:
        if packet.ssrc != self._ssrc:
            first = self._ssrc is None
            self._ssrc = packet.ssrc
            self._statistics = StreamStatistics(codec.clockRate)
            self._nack = NackGenerator()
            if first and (self.frame_sinks or (self.source is not None and self.source.viewers)):
                self.request_key_frame()
        if self._statistics is not None:
            self._statistics.add(packet)

    def _assemble(self, packet: RtpPacket, codec: RTCRtpCodecParameters) -> None:
        try:
            packet._data = depayload(codec, packet.payload) if packet.payload else b""  # type: ignore[attr-defined]  # noqa: SLF001  # where the jitter buffer looks
        except ValueError:
            return
        gap, frame = self._jitter.add(packet)
        if gap and self.source is not None:
            self.source.request_key_frame()
        while frame is not None:
            for sink in self.frame_sinks:
                sink(codec.name, frame.data, frame.timestamp)
            frame = self._jitter._remove_frame(packet.sequence_number)  # noqa: SLF001  # a repaired gap may free several

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket) and packet.ssrc == self._ssrc:
            self._last_report = ((packet.sender_info.ntp_timestamp >> 16) & 0xFFFFFFFF, time.monotonic())

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        """Media never comes this way: it goes from the socket to `take`."""

    def _handle_disconnect(self) -> None:
        """Nothing waits here; the connection is closed by its owner."""

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_S * (0.5 + random.random()))  # noqa: S311  # RFC 3550 §6.2: spread in time
            if self._ssrc is None or self._statistics is None:
                continue
            if self._nack.missing:
                self._send_nack()
            last, heard_at = self._last_report
            statistics = self._statistics
            report = RtcpReceiverInfo(
                ssrc=self._ssrc,
                fraction_lost=statistics.fraction_lost,
                packets_lost=statistics.packets_lost,
                highest_sequence=(statistics.cycles + (statistics.max_seq or 0)) & 0xFFFFFFFF,
                jitter=statistics.jitter,
                lsr=last,
                dlsr=min(int((time.monotonic() - heard_at) * 65536), 0xFFFFFFFF) if last else 0,
            )
            packets: list[AnyRtcpPacket] = [RtcpRrPacket(ssrc=self._own_ssrc, reports=[report])]
            if self.budget is not None:
                fci = pack_remb_fci(self.budget(), [self._ssrc])
                packets.append(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._own_ssrc, media_ssrc=0, fci=fci))
            await self._send_together(packets)

    def _send_nack(self) -> None:
        if self._ssrc is not None:
            lost = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._own_ssrc, media_ssrc=self._ssrc)
            lost.lost = sorted(self._nack.missing)[:MAX_NACK]
            self._send(lost)

    async def _send_together(self, packets: list[AnyRtcpPacket]) -> None:
        """Send one compound packet (RFC 3550 §6.1): sealing and sending cost more than what is in it."""
        with contextlib.suppress(ConnectionError):
            await self.transport._send_rtp(b"".join(map(bytes, packets)))  # noqa: SLF001  # as aiortc sends one

    def _send(self, packet: AnyRtcpPacket) -> None:
        task = self._loop.create_task(self._send_rtcp(packet))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._own_ssrc = ssrc
