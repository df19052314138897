"""From packets to a file that plays, without decoding: VP8 into WebM, H.264 into fragmented MP4 (VIDEO.md §5)."""

import io
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import av.error

from proctor.media.payload import VP8, vp8_size

CLOCK = Fraction(1, 90_000)
CLUSTER_MS = 1000
_OPTIONS = {
    "webm": {"live": "1", "cluster_time_limit": str(CLUSTER_MS), "flush_packets": "1"},
    "mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"},
}
MEDIA_TYPES = {VP8: "video/webm", "H264": "video/mp4"}


class _Outlet(io.RawIOBase):
    """Where the muxer writes; it cannot seek, so the muxer never goes back."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._write(piece)
        return len(piece)


class Muxer:
    """Writes encoded frames of one picture, the first of them a key frame."""

    def __init__(self, codec: str, first: bytes, write: Callable[[bytes], None]) -> None:
        kind = "webm" if codec == VP8 else "mp4"
        self._container: Any = av.open(_Outlet(write), "w", format=kind, options=_OPTIONS[kind])
        self._stream = self._container.add_stream("libvpx" if codec == VP8 else "h264", rate=10)
        width, height = vp8_size(first) or (640, 480)
        self._stream.width, self._stream.height = width, height
        self._stream.time_base = CLOCK
        self._origin: int | None = None
        self._last = -1

    def add(self, frame: bytes, timestamp: int, *, key: bool) -> None:
        """Write one frame; `timestamp` counts the 90 kHz clock and may wrap."""
        if self._origin is None:
            self._origin = timestamp
        at = max((timestamp - self._origin) & 0xFFFFFFFF, self._last + 1)
        self._last = at
        packet: Any = av.Packet(frame)
        packet.stream, packet.time_base = self._stream, CLOCK
        packet.pts = packet.dts = at
        packet.is_keyframe = key
        self._container.mux(packet)

    def close(self) -> None:
        self._container.close()


def seekable(media: bytes, codec: str) -> bytes:
    """Return the same frames in a file with an index and a duration; a file that was cut off gives what it has."""
    kind = "webm" if codec == VP8 else "mp4"
    out = io.BytesIO()
    with av.open(io.BytesIO(media), "r") as source, av.open(out, "w", format=kind) as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        try:
            for packet in source.demux(stream):
                if packet.dts is not None:
                    packet.stream = copy
                    target.mux(packet)
        except av.error.InvalidDataError:
            pass  # the end of a file whose writer was killed
    return out.getvalue()
