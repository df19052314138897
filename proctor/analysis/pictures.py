"""From an encoded key frame to arrays: the only place where a picture is decoded on the server."""

from typing import Any

import av
import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from proctor.analysis.detector import Picture
from proctor.analysis.signals import HEIGHT, WIDTH, Grey
from proctor.media.payload import VP8

_DECODERS = {VP8: "vp8", "H264": "h264"}
_LIMIT = 1920 * 1088


class Decoded(msgspec.Struct, frozen=True):
    """A picture in colour as it was sent, and in grey as it is measured."""

    picture: Any
    grey: Any


class Pictures:
    """Decodes key frames of any number of seats: each stands alone, so one decoder for each codec is enough."""

    def __init__(self) -> None:
        self._decoders: dict[str, Any] = {}

    def decode(self, codec: str, data: bytes) -> Decoded | None:
        """Return a picture, None where the bytes are none."""
        try:
            frames = self._frames(codec, data)
        except (av.FFmpegError, ValueError, KeyError):
            self._decoders.pop(codec, None)
            return None
        if not frames or frames[-1].width * frames[-1].height > _LIMIT:
            return None
        picture: Picture = frames[-1].to_ndarray(format="rgb24")
        return Decoded(picture, grey_of(picture))

    def _frames(self, codec: str, data: bytes) -> list[Any]:
        decoder: Any = self._decoders.get(codec)
        if decoder is None:
            decoder = av.CodecContext.create(_DECODERS[codec], "r")
            decoder.thread_count = 1
            self._decoders[codec] = decoder
        frames = list(decoder.decode(av.Packet(data)))
        if not frames:  # H.264 waits for the next picture unless it is told that none comes
            frames = list(decoder.decode(None))
            decoder.flush_buffers()
        return frames


def grey_of(picture: "npt.NDArray[np.uint8]") -> Grey:
    """Return a picture as it is measured."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), dtype=np.uint8)
