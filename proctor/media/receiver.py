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

import msgspec
from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import RTCRtpReceiver
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
    clamp_packets_lost,
    pack_remb_fci,
)

from proctor.media.reception import Arrivals, Assembler
from proctor.media.source import Source
from proctor.media.transport import inbound_of

LIMIT_BYTES_S = {"video": 400_000, "audio": 20_000}
"""A track above this rate loses its packets until the second is over: five times the full track or the sound."""
MAX_NACK = 64
REPORT_S = 1.5
"""From one report to the next on average; what is missing is asked for at once."""

FrameSink = Callable[[str, bytes, int], None]
"""Codec name, encoded frame, RTP timestamp; called on the loop, must not wait."""


class Kind(msgspec.Struct, frozen=True):
    """What a payload type means: a codec, or packets sent again of another payload type (`repairs`)."""

    codec: str
    clock_rate: int
    repairs: int | None = None


class Receiver(RTCRtpReceiver):
    """Takes one track without decoding it."""

    def __init__(self, kind: str, transport: Any) -> None:
        super().__init__(kind, transport)
        self.source: Source | None = None
        self.frame_sinks: list[FrameSink] = []
        self.budget: Callable[[], int] | None = None
        """Bit/s that the whole connection may send; set on one receiver of a connection, which tells the peer."""
        self.over_limit = 0
        self._limit = LIMIT_BYTES_S[kind]
        # sound has no key frames, and what was lost of it comes too late
        self._asks = kind == "video"
        self._kinds: dict[int, Kind] = {}
        self._rtx: dict[int, int] = {}
        self._ssrc: int | None = None
        self._own_ssrc = 0
        self._arrivals: Arrivals | None = None
        self._assembler: Assembler | None = None
        self._last_report = (0, 0.0)
        self._second = self._used = 0
        self._loop = asyncio.get_running_loop()
        self._reports: asyncio.Task[None] | None = None
        self._pending: set[asyncio.Task[None]] = set()

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        if self._reports is not None:
            return
        self._kinds = {codec.payloadType: _kind(codec) for codec in parameters.codecs if codec.payloadType is not None}
        ssrcs = [encoding.ssrc for encoding in parameters.encodings]
        for encoding in parameters.encodings:
            if encoding.rtx:
                self._rtx[encoding.rtx.ssrc] = encoding.ssrc
        self.transport._register_rtp_receiver(self, parameters)  # noqa: SLF001  # for SRTCP, which aiortc routes
        inbound_of(self.transport).register([*ssrcs, *self._rtx], self.take)
        if self.source is not None:
            self.source.begin(self.request_key_frame if self._asks else None)
        self._reports = asyncio.create_task(self._report())

    async def stop(self) -> None:
        if self._reports is None:
            return
        self.transport._unregister_rtp_receiver(self)  # noqa: SLF001
        inbound_of(self.transport).unregister(self.take)
        if self.source is not None:
            self.source.end(self.request_key_frame if self._asks else None)
        self._reports.cancel()

    def take(self, payload_type: int, ssrc: int, seq: int, timestamp: int, marker: int, payload: bytes) -> None:
        """Take one packet of the track or a retransmission of one."""
        kind, now = self._kinds.get(payload_type), self._loop.time()
        if kind is None or not self._within_limit(len(payload), int(now)):
            return
        if kind.repairs is not None:
            original, own = self._kinds.get(kind.repairs), self._rtx.get(ssrc)
            if original is None or own is None or len(payload) < 2:  # noqa: PLR2004  # the original number (RFC 4588 §4)
                return
            kind, ssrc, seq, payload = original, own, int.from_bytes(payload[:2]), payload[2:]
        arrivals = self._arrivals
        if arrivals is None or ssrc != self._ssrc:
            arrivals = self._begin(kind, ssrc, seq)
        if arrivals.add(seq, timestamp, now):
            self._send_nack(arrivals)
        if self.source is not None:
            self.source.push(ssrc, seq, timestamp, marker, payload)
        if self.frame_sinks:
            self._assemble(kind.codec, seq, timestamp, marker, payload)

    def request_key_frame(self) -> None:
        """Ask the publisher for a key frame (PLI)."""
        if self._asks and self._ssrc is not None:
            self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._own_ssrc, media_ssrc=self._ssrc))

    def _within_limit(self, size: int, second: int) -> bool:
        if second != self._second:
            self._second, self._used = second, 0
        self._used += size
        if self._used <= self._limit:
            return True
        self.over_limit += 1
        return False

    def _begin(self, kind: Kind, ssrc: int, seq: int) -> Arrivals:
        """Follow a stream that is new here; the first one has viewers waiting for its key frame."""
        first = self._ssrc is None
        self._ssrc = ssrc
        self._arrivals, self._assembler = Arrivals(seq, kind.clock_rate), Assembler(kind.codec)
        if first and (self.frame_sinks or (self.source is not None and self.source.viewers)):
            self.request_key_frame()
        return self._arrivals

    def _assemble(self, codec: str, seq: int, timestamp: int, marker: int, payload: bytes) -> None:
        if self._assembler is None:
            return
        frames, gap = self._assembler.add(seq, timestamp, marker, payload)
        if gap and self.source is not None:
            self.source.request_key_frame()
        for frame, at in frames:
            for sink in self.frame_sinks:
                sink(codec, frame, at)

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
            arrivals = self._arrivals
            if self._ssrc is None or arrivals is None:
                continue
            if arrivals.missing:
                self._send_nack(arrivals)
            last, heard_at = self._last_report
            report = RtcpReceiverInfo(
                ssrc=self._ssrc,
                fraction_lost=arrivals.fraction_lost(),
                packets_lost=clamp_packets_lost(arrivals.lost),
                highest_sequence=arrivals.highest & 0xFFFFFFFF,
                jitter=arrivals.jitter,
                lsr=last,
                dlsr=min(int((time.monotonic() - heard_at) * 65536), 0xFFFFFFFF) if last else 0,
            )
            packets: list[AnyRtcpPacket] = [RtcpRrPacket(ssrc=self._own_ssrc, reports=[report])]
            if self.budget is not None:
                fci = pack_remb_fci(self.budget(), [self._ssrc])
                packets.append(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._own_ssrc, media_ssrc=0, fci=fci))
            await self._send_together(packets)

    def _send_nack(self, arrivals: Arrivals) -> None:
        if self._asks and self._ssrc is not None:
            lost = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._own_ssrc, media_ssrc=self._ssrc)
            lost.lost = [seq & 0xFFFF for seq in sorted(arrivals.missing)[:MAX_NACK]]
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


def _kind(codec: RTCRtpCodecParameters) -> Kind:
    repairs = int(codec.parameters.get("apt") or -1) if is_rtx(codec) else None
    return Kind(codec.name, codec.clockRate, repairs)
