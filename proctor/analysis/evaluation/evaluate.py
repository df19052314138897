"""Plays the clips through the codec, the detector and the watch as in an exam, and counts what was right."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import av
import cv2
import msgspec

from proctor.analysis.detector import BlazeFace, Detector
from proctor.analysis.evaluation.clips import CLIPS, EVERY_S, FROM_S, VERSION, Clip, pictures
from proctor.analysis.evaluation.drawing import HEIGHT, WIDTH, Picture
from proctor.analysis.pictures import Pictures
from proctor.analysis.thresholds import KINDS, OTHER_FACE, thresholds
from proctor.analysis.watch import Change, SeatWatch
from proctor.media.payload import VP8

SEATS = 10
DRAWN = tuple(kind for kind in KINDS if kind != OTHER_FACE)
"""What clips can show; a face that differs is measured on portraits and photographs."""
LATE_S = 2 * EVERY_S
"""An observation's beginning may lie so far from the truth's: pictures come every four seconds."""


class Tally(msgspec.Struct):
    """Right, wrong and missed observations of one kind."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        told = self.right + self.wrong
        return self.right / told if told else 1.0

    @property
    def recall(self) -> float:
        true = self.right + self.missed
        return self.right / true if true else 1.0


class Evaluation(msgspec.Struct, frozen=True):
    """What came of a set: tallies by kind, faults as (clip, seat, kind), pictures and their processor time in s."""

    version: int
    tallies: dict[str, Tally]
    faults: list[tuple[str, int, str]]
    pictures: int
    cpu_s: float

    @property
    def cpu_share(self) -> float:
        """Share of a core that one candidate takes, pictures coming every four seconds."""
        return self.cpu_s / max(1, self.pictures) / EVERY_S


class Looker:
    """Looks at encoded pictures of one seat after the other, as a process of analysis does."""

    def __init__(self, detector: Detector) -> None:
        self.pictures = 0
        self.cpu_s = 0.0
        self._detector = detector
        self._decoder = Pictures()

    def changes(self, watch: SeatWatch, at: float, data: bytes | None) -> list[Change]:
        """Take what comes in this moment, None for silence."""
        if data is None:
            return watch.silence(at, live=False)
        began = time.process_time()
        decoded = self._decoder.decode(VP8, data)
        faces = len(self._detector.faces(decoded.picture)) if decoded else None
        found = watch.silence(at, live=True) + (watch.picture(at, decoded.grey, faces) if decoded else [])
        self.cpu_s += time.process_time() - began
        self.pictures += 1
        return found


def evaluate(
    *, seats: int = SEATS, clips: Sequence[Clip] = CLIPS, on_clip: Callable[[], None] = lambda: None
) -> Evaluation:
    """Play every clip for so many seats."""
    cv2.setNumThreads(1)
    looker = Looker(BlazeFace(thresholds().measures.face_score))
    tallies = {kind: Tally() for kind in DRAWN}
    faults: list[tuple[str, int, str]] = []
    for clip in clips:
        for seat in range(seats):
            found = _played(looker, clip, seat)
            faults += [(clip.name, seat, kind) for kind in _count(tallies, clip, found)]
        on_clip()
    return Evaluation(VERSION, tallies, faults, looker.pictures, looker.cpu_s)


def _played(looker: Looker, clip: Clip, seat: int) -> list[Change]:
    """Return the observations that began."""
    watch = SeatWatch(thresholds())
    found: list[Change] = []
    encode = encoder()
    for at, picture in pictures(clip, seat):
        found += looker.changes(watch, float(at), None if picture is None else encode(picture))
    return [each for each in found if each.begins]


def _count(tallies: dict[str, Tally], clip: Clip, found: list[Change]) -> list[str]:
    """Count a clip's observations; return the kinds that were wrong or missed."""
    faults: list[str] = []
    right: Counter[str] = Counter()
    for each in found:
        expected = each.kind == clip.kind and FROM_S - LATE_S <= each.at <= FROM_S + LATE_S and not right[each.kind]
        if expected:
            right[each.kind] += 1
            tallies[each.kind].right += 1
        else:
            tallies[each.kind].wrong += 1
            faults.append(f"wrong {each.kind}")
    if clip.kind and not right[clip.kind]:
        tallies[clip.kind].missed += 1
        faults.append(f"missed {clip.kind}")
    return faults


def encoder() -> Callable[[Picture], bytes]:
    """Return what makes a key frame of each picture, at the bit rate of a seat's tile."""
    codec: Any = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.thread_count = WIDTH, HEIGHT, 1
    codec.pix_fmt, codec.time_base = "yuv420p", Fraction(1, 1)
    codec.options = {"deadline": "realtime", "cpu-used": "8", "b": "40k", "g": "1", "lag-in-frames": "0"}
    count = 0

    def encode(picture: Picture) -> bytes:
        nonlocal count
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = count
        count += 1
        return b"".join(bytes(packet) for packet in codec.encode(frame))

    return encode
