"""What came of one RTP stream: its order, its losses, the figures of its reports, and its whole frames.

Pure: times are given by the caller. A packet that is the next one costs a few comparisons, and nearly all are.
"""

from collections.abc import Iterator

from aiortc.codecs.h264 import h264_depayload

from proctor.media.payload import VP8, begins_frame, vp8_header_length

MISORDER = 100
"""A packet so far behind is not late: its sender has begun to count anew."""
HISTORY = 128
"""Packets: two seconds of the full track, six of a tile; what is missing longer is given up for a key frame."""
_SEQ = 0xFFFF
_HALF = 0x8000
_TS = 0xFFFFFFFF
_TS_HALF = 0x80000000

Frame = tuple[bytes, int]
"""Encoded frame, RTP timestamp."""


class Arrivals:
    """Counts a stream's packets as a receiver report tells them (RFC 3550 §6.4.1, appendix A)."""

    def __init__(self, seq: int, clock_rate: int) -> None:
        self.base = self.highest = seq
        """First and highest sequence number, counted on where the sixteen bits begin anew."""
        self.received = 0
        self.missing: set[int] = set()
        """Sequence numbers that are owed, counted on as well."""
        self._rate = clock_rate
        self._jitter_q4 = 0
        self._last: tuple[int, int] | None = None
        self._told = (0, 0)

    def add(self, seq: int, timestamp: int, at: float) -> bool:
        """Count a packet that came at `at` seconds; return whether others are newly missing before it."""
        self.received += 1
        step = (seq - self.highest) & _SEQ
        if step >= _HALF:
            self.missing.discard(self.highest + step - _SEQ - 1)
            return False
        if step:
            self.highest += step
            self._note_jitter(timestamp, int(at * self._rate))
        if self.missing or step > 1:
            self._note_missing(step)
        return step > 1

    def _note_missing(self, step: int) -> None:
        oldest = self.highest - HISTORY
        self.missing.update(range(max(self.highest - step + 1, oldest), self.highest))
        self.missing = {each for each in self.missing if each >= oldest}

    def _note_jitter(self, timestamp: int, arrival: int) -> None:
        if self._last is None:
            self._last = (timestamp, arrival)
        elif timestamp != self._last[0]:
            sent = (timestamp - self._last[0] + _TS_HALF & _TS) - _TS_HALF
            self._jitter_q4 += abs(arrival - self._last[1] - sent) - (self._jitter_q4 + 8 >> 4)
            self._last = (timestamp, arrival)

    @property
    def jitter(self) -> int:
        """Of the arrival, in ticks of the stream's clock."""
        return self._jitter_q4 >> 4

    @property
    def lost(self) -> int:
        """Packets that never came; negative where some came twice."""
        return self.highest - self.base + 1 - self.received

    def fraction_lost(self) -> int:
        """Return the share lost since this was last asked, of 256."""
        expected = self.highest - self.base + 1
        due, came = expected - self._told[0], self.received - self._told[1]
        self._told = (expected, self.received)
        return max(0, (due - came << 8) // due) if due else 0


class Assembler:
    """Joins the payloads of one stream to frames, each given out with its last packet (the marker)."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._next: int | None = None
        self._parts: list[bytes] = []
        self._timestamp = 0
        # after a gap the rest of the picture that it was in: half a frame is none
        self._broken: int | None = None
        self._waiting: dict[int, tuple[int, int, bytes]] = {}

    def add(self, seq: int, timestamp: int, marker: int, payload: bytes) -> tuple[list[Frame], bool]:
        """Take one packet; return the frames that it completes, and whether packets before it were given up."""
        frames: list[Frame] = []
        gap = False
        if self._next is None:
            self._begin(seq, timestamp, payload)
        elif seq != self._next:
            ahead = (seq - self._next) & _SEQ
            if ahead >= _SEQ + 1 - MISORDER:
                return frames, False
            if ahead >= _HALF:
                self._waiting.clear()
            self._waiting[seq] = (timestamp, marker, payload)
            if ahead < HISTORY:
                return frames, False
            gap = True
            seq, (timestamp, marker, payload) = self._skip()
        self._join(seq, timestamp, marker, payload, frames)
        for each in self._following():
            self._join(*each, frames)
        return frames, gap

    def _begin(self, seq: int, timestamp: int, payload: bytes) -> None:
        self._next = seq
        self._parts.clear()
        self._broken = None if begins_frame(self._codec, payload) else timestamp

    def _skip(self) -> tuple[int, tuple[int, int, bytes]]:
        """Give up what is missing and go on with the oldest packet that is there."""
        expected = self._next or 0
        oldest = min(self._waiting, key=lambda seq: (seq - expected) & _SEQ)
        packet = self._waiting.pop(oldest)
        self._begin(oldest, packet[0], packet[2])
        return oldest, packet

    def _following(self) -> Iterator[tuple[int, int, int, bytes]]:
        while self._waiting and self._next is not None and (packet := self._waiting.pop(self._next, None)):
            yield (self._next, *packet)

    def _join(self, seq: int, timestamp: int, marker: int, payload: bytes, frames: list[Frame]) -> None:
        self._next = (seq + 1) & _SEQ
        if timestamp == self._broken:
            return
        parts = self._parts
        if parts and timestamp != self._timestamp:
            frames.append((b"".join(parts), self._timestamp))
            parts.clear()
        if payload and (part := _opened(self._codec, payload)):
            parts.append(part)
            self._timestamp = timestamp
        if marker and parts:
            frames.append((parts[0] if len(parts) == 1 else b"".join(parts), timestamp))
            parts.clear()


def _opened(codec: str, payload: bytes) -> bytes:
    """Return a payload without its descriptor, nothing where it is malformed."""
    if codec == VP8:
        length = vp8_header_length(payload)
        return payload[length:] if length else b""
    try:
        return h264_depayload(payload)
    except (ValueError, IndexError):
        return b""
