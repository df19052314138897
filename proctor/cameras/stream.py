"""An RTSP camera read by PyAV over TCP: whole pictures, one after the other. Blocking; for threads alone."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import av
import av.error
import msgspec

from proctor.cameras.errors import CameraLoginError, CameraPathError, CameraSilentError, CameraUnreachableError
from proctor.cameras.h264 import has_b_slice, is_key, nals_of, parameters_of, profile_of, whole_picture
from proctor.cameras.judging import Facts

OPEN_S, READ_S = 8.0, 5.0
LOOK_S, GROUPS = 8.0, 2
"""A check looks for so many seconds, or groups of pictures, whichever is over first."""
CLOCK = 90_000
H264 = "h264"


class CameraPicture(msgspec.Struct, frozen=True):
    """One picture: its units with parameter sets before a key picture, and its time on the 90 kHz clock."""

    units: list[bytes]
    timestamp: int
    key: bool


def open_camera(url: str) -> Any:
    """Open a camera; raises CameraUnreachableError or what it says more exactly."""
    options = {"rtsp_transport": "tcp", "fflags": "nobuffer", "allowed_media_types": "video"}
    try:
        return av.open(url, options=options, timeout=(OPEN_S, READ_S))
    except (av.error.FFmpegError, OSError) as error:
        raise _unreachable(error) from error


def pictures(container: Any) -> Iterator[CameraPicture]:
    """Yield the pictures of an open camera; what comes with one timestamp is one picture, whole when the next begins."""
    stream = container.streams.video[0]
    parameters = parameters_of(nals_of(bytes(stream.codec_context.extradata or b"")))
    waiting: list[bytes] = []
    at: int | None = None
    for packet in container.demux(stream):
        pts = packet.pts
        if pts is None:
            continue
        if at is not None and pts != at:
            yield _picture(waiting, parameters, int(at * stream.time_base * CLOCK))
            waiting = []
        at = pts
        waiting += nals_of(bytes(packet))


def _picture(units: list[bytes], parameters: list[bytes], timestamp: int) -> CameraPicture:
    whole = whole_picture(units, parameters)
    return CameraPicture(whole, timestamp & 0xFFFFFFFF, is_key(whole))


def examine(url: str) -> Facts:
    """Look at a camera for some seconds and return what it sends; raises as `open_camera` does."""
    with closing(open_camera(url)) as container:
        if not container.streams.video:
            raise CameraSilentError
        stream = container.streams.video[0]
        context = stream.codec_context
        seen = Facts(codec=context.name, width=context.width, height=context.height)
        if context.name != H264:
            return seen
        try:
            return _watched(container, seen, nals_of(bytes(context.extradata or b"")))
        except (av.error.FFmpegError, OSError) as error:
            raise _unreachable(error) from error


def _watched(container: Any, seen: Facts, extra: list[bytes]) -> Facts:
    first = last_key = last = None
    profile, group, b_frames, count, keys = profile_of(extra), 0, False, 0, 0
    for picture in pictures(container):
        first = picture.timestamp if first is None else first
        last, count = picture.timestamp, count + 1
        b_frames = b_frames or has_b_slice(picture.units)
        if picture.key:
            profile = profile_of(picture.units) or profile
            group = max(group, picture.timestamp - last_key) if last_key is not None else group
            last_key = picture.timestamp
            keys += 1
        if keys > GROUPS or last - first >= LOOK_S * CLOCK:
            break
    if first is None or last is None:
        raise CameraSilentError
    # without a second key frame the group is at least as long as what was seen
    open_group = last - (last_key if last_key is not None else first)
    lasted = max(1, last - first)
    return msgspec.structs.replace(
        seen,
        profile=profile,
        fps=round((count - 1) * CLOCK / lasted, 1),
        group_s=max(group, open_group) / CLOCK,
        b_frames=b_frames,
    )


def _unreachable(error: Exception) -> CameraUnreachableError:
    """Return what a failure means, with the library's words, which hold no address."""
    reason = str(getattr(error, "strerror", "") or type(error).__name__)
    if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
        return CameraLoginError(reason=reason)
    if isinstance(error, av.error.HTTPNotFoundError):
        return CameraPathError(reason=reason)
    return CameraUnreachableError(reason=reason)
