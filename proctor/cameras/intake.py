"""One camera on a node: a thread reads it and comes back by itself, the loop packs each picture once for everybody."""

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Callable

import av.error
import structlog

from proctor.cameras.errors import CameraUnreachableError
from proctor.cameras.h264 import START, payloads_of
from proctor.cameras.stream import CameraPicture, open_camera, pictures
from proctor.media.payload import H264
from proctor.media.receiver import FrameSink
from proctor.media.source import CLOCK_RATE, Source

BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
WAITING = 50
"""Pictures that may wait for the loop; beyond it the rest of the group is dropped."""

log = structlog.get_logger(__name__)


class Intake:
    """Feeds a source, and recorders beside it, from one camera until stopped."""

    def __init__(self, url: str, source: Source, *, open_stream: Callable[[str], object] = open_camera) -> None:
        self.source = source
        self.frame_sinks: list[FrameSink] = []
        self.connections = self.dropped = 0
        self._url, self._open = url, open_stream
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._waiting = 0
        self._skips = False
        self._ssrc, self._seq = secrets.randbits(32), 0
        # a camera that comes back counts from anywhere: recorders and viewers see one stream with a gap in time
        self._shift: int | None = None
        self._last = (0, 0.0)
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; the thread sees it with the next picture, or when reading runs out of time."""
        self._stop.set()

    def _run(self) -> None:
        tries = 0
        while not self._stop.is_set():
            try:
                if self._read():
                    tries = 0
            except (CameraUnreachableError, av.error.FFmpegError, OSError, ValueError, IndexError) as error:
                reason = getattr(error, "fields", {}).get("reason", type(error).__name__)
                log.warning("camera.lost", source=self.source.name, reason=reason)
            self._stop.wait(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
            tries += 1

    def _read(self) -> bool:
        """Read until the camera ends; return whether a picture came."""
        container = self._open(self._url)
        came = False
        try:
            for picture in pictures(container):
                if not came:
                    came = True
                    self._call(self._begin)
                if self._stop.is_set():
                    break
                self._offer(picture)
        finally:
            with contextlib.suppress(av.error.FFmpegError, OSError):
                container.close()  # type: ignore[attr-defined]
        return came

    def _call(self, work: Callable[..., None], *values: object) -> None:
        # the loop is gone when the process ends while a picture comes
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(work, *values)

    def _offer(self, picture: CameraPicture) -> None:
        """Give a picture to the loop, unless too many wait there; then go on with the next key picture."""
        self._skips = (self._skips and not picture.key) or self._waiting >= WAITING
        if self._skips:
            self.dropped += 1
            return
        self._waiting += 1
        self._call(self._take, picture)

    def _begin(self) -> None:
        self.connections += 1
        self._shift = None
        self.source.begin(None)

    def _take(self, picture: CameraPicture) -> None:
        self._waiting -= 1
        timestamp = self._continued(picture.timestamp)
        for payload, marker in payloads_of(picture.units):
            self._seq = (self._seq + 1) & 0xFFFF
            self.source.push(self._ssrc, self._seq, timestamp, marker, payload)
        if self.frame_sinks:
            frame = b"".join(START + unit for unit in picture.units)
            for sink in self.frame_sinks:
                sink(H264, frame, timestamp)

    def _continued(self, timestamp: int) -> int:
        """Return a time on the clock that goes on over every connection."""
        now = self._loop.time()
        if self._shift is None:
            last, at = self._last
            gap = int((now - at) * CLOCK_RATE) if self.connections > 1 else 0
            self._shift = last + gap - timestamp
        shifted = (timestamp + self._shift) & 0xFFFFFFFF
        self._last = (shifted, now)
        return shifted
