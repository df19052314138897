"""One track of one seat or camera: what a publisher sends, kept in one order, for any number of viewers and recorders."""

import secrets
import time
from collections.abc import Callable
from typing import Protocol

from proctor.media.payload import OPUS, VP8, begins_key_frame, vp8_picture_id, with_picture_id

RING = 512
"""Packets kept for retransmission, one ring for all viewers: 8 s of the full track, 25 s of a tile."""
KEY_FRAME_PAUSE_S = 0.5
GOP_LIMIT = 900
CLOCK_RATE = 90_000
SOUND_RATE = 48_000
"""Ticks of Opus in a second whatever is sampled (RFC 7587 §4.1)."""
_SEQ = 0xFFFF
_HALF = 0x8000
_TS = 0xFFFFFFFF

Packet = tuple[int, int, int, bytes]
"""Sequence number, timestamp, marker (0 or 1), payload."""


class Viewer(Protocol):
    """Whoever is sent the packets; `forward` must not wait."""

    def forward(self, packet: Packet, *, key: bool) -> None:
        """Take the next packet; `key` tells that a decoder may start with it."""


class Source:
    """A track by name, there before its publisher and after it: viewers stay when a publisher comes back.

    Sequence numbers, timestamps and VP8 picture numbers go on across publishers, so that a viewer's decoder sees one
    stream with a gap in time and nothing else. Sound goes through and is nowhere kept, not even to be sent again.
    """

    def __init__(self, name: str, codec: str = VP8, *, keeps_group: bool = False) -> None:
        self.name = name
        self.codec = codec
        self.viewers: list[Viewer] = []
        self.packets = 0
        self.bytes = 0
        self.last_at = 0.0
        self.on_watched: Callable[[Source], None] | None = None
        self._rate = SOUND_RATE if codec == OPUS else CLOCK_RATE
        self._ring: list[Packet | None] = [None] * RING
        self._ask: Callable[[], None] | None = None
        self._asked_at = 0.0
        self._ssrc: int | None = None
        self._seq_shift = self._ts_shift = self._picture_shift = 0
        self._last_seq = secrets.randbelow(_HALF)
        self._last_ts = secrets.randbelow(_TS)
        # a camera cannot be asked for a key frame: who comes is given the group of pictures that is running
        self._group: list[tuple[Packet, bool]] | None = [] if keeps_group else None

    @property
    def live(self) -> bool:
        """Whether packets came in the last two seconds."""
        return time.monotonic() - self.last_at < 2  # noqa: PLR2004

    def timestamp(self, now: float) -> int:
        """Return where the track's clock stands at a monotonic time, from its last packet on."""
        return (self._last_ts + int((now - self.last_at) * self._rate) if self.packets else 0) & _TS

    def begin(self, ask: Callable[[], None] | None) -> None:
        """A publisher takes over the track; `ask` requests a key frame from it."""
        self._ask, self._ssrc, self._asked_at = ask, None, 0.0
        if self.viewers:
            self.request_key_frame()

    def end(self, ask: Callable[[], None] | None) -> None:
        """A publisher is gone, if it is still the one that `ask` belongs to."""
        if self._ask == ask:
            self._ask = None

    def push(self, ssrc: int, seq: int, timestamp: int, marker: int, payload: bytes) -> None:
        """Take a packet from the publisher and give it to every viewer."""
        now = time.monotonic()
        if ssrc != self._ssrc:
            self._follow(ssrc, seq, timestamp, payload, now)
        seq = (seq + self._seq_shift) & _SEQ
        timestamp = (timestamp + self._ts_shift) & _TS
        if self._picture_shift and payload:
            payload = self._renumbered(payload)
        packet = (seq, timestamp, marker, payload)
        if self.codec != OPUS:
            self._ring[seq % RING] = packet
        if (seq - self._last_seq) & _SEQ < _HALF:
            self._last_seq, self._last_ts = seq, timestamp
        self.packets += 1
        self.bytes += len(payload)
        self.last_at = now
        key = bool(payload) and begins_key_frame(self.codec, payload)
        if self._group is not None:
            self._keep(packet, key=key)
        for viewer in self.viewers:
            viewer.forward(packet, key=key)

    def recall(self, seq: int) -> Packet | None:
        """Return a packet that was sent not long ago."""
        packet = self._ring[seq % RING]
        return packet if packet is not None and packet[0] == seq else None

    def attach(self, viewer: Viewer) -> None:
        """Add a viewer and see to it that a key frame comes."""
        self.viewers.append(viewer)
        for packet, key in self._group or ():
            viewer.forward(packet, key=key)
        self.request_key_frame()
        if self.on_watched:
            self.on_watched(self)

    def detach(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        if viewer in self.viewers:
            self.viewers.remove(viewer)
            if self.on_watched:
                self.on_watched(self)

    def request_key_frame(self) -> None:
        """Ask the publisher for a key frame, at most twice a second however many viewers want one."""
        now = time.monotonic()
        if self._ask is not None and now - self._asked_at >= KEY_FRAME_PAUSE_S:
            self._asked_at = now
            self._ask()

    def _follow(self, ssrc: int, seq: int, timestamp: int, payload: bytes, now: float) -> None:
        """Join a new publisher's numbers to those of the last one."""
        first = self._ssrc is None and not self.packets
        gap = self._rate // 10 if first else max(self._rate // 10, int((now - self.last_at) * self._rate))
        self._ssrc = ssrc
        self._seq_shift = (self._last_seq + 1 - seq) & _SEQ
        self._ts_shift = (self._last_ts + gap - timestamp) & _TS
        last = self.recall(self._last_seq)
        number, modulus = vp8_picture_id(payload) if self.codec == VP8 else (0, 0)
        shown = vp8_picture_id(last[3])[0] if last else number - 1
        self._picture_shift = (shown + 1 - number) % modulus if modulus else 0

    def _renumbered(self, payload: bytes) -> bytes:
        number, modulus = vp8_picture_id(payload)
        if not modulus:
            return payload
        return with_picture_id(payload, (number + self._picture_shift) % modulus)

    def _keep(self, packet: Packet, *, key: bool) -> None:
        group = self._group
        if group is None:
            return
        # the parameter sets, the picture's slices: all of one timestamp belong to the same beginning
        if key and not (group and group[0][0][1] == packet[1]):
            group.clear()
        if (group or key) and len(group) < GOP_LIMIT:
            group.append((packet, key))
