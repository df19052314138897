"""Making an uploaded film playable in any browser: fragmented MP4 with H.264 and AAC; runs in the limited process only.

What is H.264 and AAC already is copied, all else is encoded anew at no more than 720 lines. The container is chosen by
the first bytes and opened by its name: a playlist that points elsewhere is no container, and only files are read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeAlias

import av
import av.filter
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.packet import Packet as AnyPacket
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from exam.training.lessons.film import INIT, Film, ends_of
from exam.training.materials.errors import FilmContainerError, FilmLengthError, FilmPictureError, NotMadeError
from exam.training.materials.limited import Tell

Packet: TypeAlias = "AnyPacket[Any]"

SEGMENT_S: Final = 6
MOST_GAP_S: Final = 15
"""Key frames of a copied film may not be further apart: a segment begins at one."""
LINES: Final = 720
MOST_LINES: Final = 1080
MOST_BIT_RATE: Final = 6_000_000
MOST_PIXELS: Final = 4096 * 2304
SHORTEST_S, LONGEST_S = 15, 4 * 3600
MOST_RATE: Final = 30
KEY_S: Final = 2
SOUND_RATE: Final = 48_000
CODED: Final = {"preset": "veryfast", "crf": "25", "profile": "high"}
PLAYLIST: Final = "film.m3u8"


def container_of(head: bytes) -> str:
    """Return the demuxer's name for a file's first bytes; raises FilmContainerError for anything else."""
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free"}:
        return "mp4"
    known = (
        (b"\x1aE\xdf\xa3", "matroska"),
        (b"RIFF", "avi"),
        (b"0&\xb2u\x8ef\xcf\x11", "asf"),
        (b"FLV\x01", "flv"),
    )
    for magic, name in known:
        if head.startswith(magic):
            return name
    if head[:1] == b"G" and head[188:189] == b"G":
        return "mpegts"
    raise FilmContainerError


def make_film(source: Path, folder: Path, tell: Tell) -> Film:
    """Write the film's segments into a folder; raises NotMadeError and its kinds. The film's own folder is left empty."""
    with source.open("rb") as file:
        name = container_of(file.read(512))
    try:
        with closing(_open(source, name)) as opened:
            copied = _may_copy(opened)
        with closing(_open(source, name)) as opened:
            _convert(opened, folder, tell, copied=copied)
    except MemoryError:  # the limit, not the file
        raise
    except (av.FFmpegError, ValueError, EOFError) as error:
        raise NotMadeError from error
    return _read_back(folder)


def _open(source: Path, name: str) -> InputContainer:
    return av.open(str(source), format=name, options={"protocol_whitelist": "file"}, metadata_errors="ignore")


def _picture(opened: InputContainer) -> VideoStream:
    moving = [each for each in opened.streams.video if not each.disposition & each.disposition.attached_pic]
    if not moving or not 0 < moving[0].width * moving[0].height <= MOST_PIXELS:
        raise FilmPictureError
    return moving[0]


def _sound(opened: InputContainer) -> Stream | None:
    return opened.streams.audio[0] if opened.streams.audio else None


def _length_s(opened: InputContainer) -> float:
    """Return how long a film says that it is; Matroska says when it ends."""
    told = (opened.duration or 0) / av.time_base
    begins = float(_begins(opened.streams)) if opened.format.name.startswith("matroska") else 0.0
    return told - begins if told > begins else told


def _begins(tracks: Iterable[Stream]) -> Fraction:
    """Return at what second of its own clock a film begins: a camera's may have run for hours."""
    starts = [each.start_time * each.time_base for each in tracks if each.start_time is not None and each.time_base]
    return min(starts, default=Fraction(0))


def _packets(opened: InputContainer, tracks: Sequence[Stream]) -> Iterator[Packet]:
    """Yield what a film is made of, counted from its beginning: players, subtitles and the reach all count from nought."""
    begins = _begins(tracks)
    early: defaultdict[int, list[Packet]] = defaultdict(list)
    for packet in opened.demux(*tracks):
        if packet.time_base:
            ahead = round(begins / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts - ahead
            packet.dts = None if packet.dts is None else packet.dts - ahead
        if packet.dts is None and packet.size:
            early[packet.stream.index].append(packet)
            continue
        yield from _dated(early.pop(packet.stream.index, []), packet)
        yield packet


def _dated(early: Sequence[Packet], known: Packet) -> Iterator[Packet]:
    """Yield packets with the times of decoding that their file did not keep (Matroska), counted back from the first known."""
    for place, packet in enumerate(early):
        before = (len(early) - place) * (packet.duration or 1)
        packet.dts = packet.pts if known.dts is None else known.dts - before
        yield packet


def _may_copy(opened: InputContainer) -> bool:
    """Say whether every browser plays the picture as it is, and may begin often enough in it."""
    picture = _picture(opened)
    if opened.duration and not SHORTEST_S <= _length_s(opened) <= LONGEST_S:
        raise FilmLengthError
    coded = picture.codec_context
    plain = coded.name == "h264" and coded.pix_fmt == "yuv420p" and min(picture.width, picture.height) <= MOST_LINES
    if not plain or (opened.bit_rate or 0) > MOST_BIT_RATE or not coded.extradata:
        return False
    shown = [
        (float(packet.pts * packet.time_base), packet.is_keyframe)
        for packet in _packets(opened, [picture])
        if packet.pts is not None and packet.time_base
    ]
    keys = [at for at, is_key in shown if is_key]
    ends = [*keys, max(at for at, _ in shown)] if keys else []
    return bool(keys) and all(later - earlier <= MOST_GAP_S for earlier, later in pairwise(ends))


def _convert(opened: InputContainer, folder: Path, tell: Tell, *, copied: bool) -> None:
    options = {
        "hls_segment_type": "fmp4",
        "hls_time": str(SEGMENT_S),
        "hls_playlist_type": "vod",
        "hls_fmp4_init_filename": INIT,
        "hls_segment_filename": str(folder / "%d.m4s"),
    }
    picture, sound = _picture(opened), _sound(opened)
    with closing(av.open(str(folder / PLAYLIST), "w", format="hls", options=options)) as written:
        shown = _Copy(written.add_stream_from_template(picture)) if copied else _Picture(written, picture)
        tracks: dict[int, _Copy | _Picture | _Sound] = {picture.index: shown}
        if sound is not None:
            kept = sound.codec_context.name == "aac" and bool(sound.codec_context.extradata)
            tracks[sound.index] = _Copy(written.add_stream_from_template(sound)) if kept else _Sound(written)
        wanted: list[Stream] = [picture, *([sound] if sound is not None else [])]
        held: list[Packet] = []
        for packet in _packets(opened, wanted):
            held += tracks[packet.stream.index].take(packet)
            if shown.ready:  # the head is written with the first packet, and names the picture's size
                written.mux(held)
                held.clear()
            _report(packet, _length_s(opened), tell)
        if not shown.ready:
            raise FilmPictureError


def _report(packet: Packet, length_s: float, tell: Tell) -> None:
    if packet.pts is None or not packet.time_base:
        return
    at = float(packet.pts * packet.time_base)
    if at > LONGEST_S:
        raise FilmLengthError
    tell(min(int(at * 100 / length_s), 99) if length_s else 0)


class _Copy:
    """A stream whose packets go on as they are."""

    ready: Final = True

    def __init__(self, track: Stream) -> None:
        self._track = track

    def take(self, packet: Packet) -> Iterator[Packet]:
        if packet.dts is not None:
            packet.stream = self._track
            yield packet


class _Picture:
    """A picture that is encoded anew: upright, at most 720 lines, no more frames a second than it has, nor than 30."""

    def __init__(self, written: av.container.OutputContainer, source: VideoStream) -> None:
        self._source = source
        source.thread_type = "AUTO"
        rate = source.average_rate
        self._rate = rate if rate and rate <= MOST_RATE else Fraction(MOST_RATE)
        self._track = written.add_stream(
            "libx264", rate=self._rate, options={**CODED, "g": str(round(self._rate * KEY_S))}
        )
        self._track.pix_fmt = "yuv420p"
        self._graph: av.filter.Graph | None = None

    @property
    def ready(self) -> bool:
        """Whether a picture has been seen, and with it how large all are made."""
        return self._graph is not None

    def take(self, packet: Packet) -> Iterator[Packet]:
        frames: list[Any] = packet.decode()
        for frame in frames:
            if isinstance(frame, VideoFrame):
                yield from self._encode(frame)
        if packet.dts is None and self._graph is not None:  # the flush at the end
            self._graph.vpush(None)
            yield from self._pull()
            yield from self._track.encode(None)

    def _encode(self, frame: VideoFrame) -> Iterator[Packet]:
        if self._graph is None:
            self._graph = self._filters(frame)
        self._graph.vpush(frame)
        yield from self._pull()

    def _pull(self) -> Iterator[Packet]:
        graph = self._graph
        while graph is not None:
            try:
                shown = graph.vpull()
            except (av.BlockingIOError, av.EOFError):
                return
            shown.pict_type = 0
            yield from self._track.encode(shown)

    def _filters(self, frame: VideoFrame) -> av.filter.Graph:
        turned = frame.rotation % 360
        steps: list[tuple[str, str]] = [("fps", str(self._rate)), *TURNS.get(turned, ())]
        wide, high = (frame.height, frame.width) if turned in {90, 270} else (frame.width, frame.height)
        share = min(1.0, LINES / min(wide, high))
        self._track.width, self._track.height = (max(int(side * share) // 2 * 2, 2) for side in (wide, high))
        steps += [("scale", f"{self._track.width}:{self._track.height}"), ("setsar", "1"), ("format", "yuv420p")]
        graph = av.filter.Graph()
        nodes = [graph.add_buffer(template=self._source), *(graph.add(name, args) for name, args in steps)]
        graph.link_nodes(*nodes, graph.add("buffersink")).configure()
        return graph


TURNS: Final = {
    90: (("transpose", "cclock"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "clock"),),
}
"""What turns a picture upright whose side data says by how many degrees it lies, counter-clockwise."""


class _Sound:
    """Sound that is encoded anew."""

    def __init__(self, written: av.container.OutputContainer) -> None:
        self._track = written.add_stream("aac", rate=SOUND_RATE)
        self._track.layout = "stereo"
        self._track.bit_rate = 96_000
        self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE, frame_size=1024)

    def take(self, packet: Packet) -> Iterator[Packet]:
        frames: list[Any] = packet.decode()
        for frame in frames:
            if isinstance(frame, AudioFrame):
                for part in self._resampler.resample(frame):
                    yield from self._track.encode(part)
        if packet.dts is None:
            for part in self._resampler.resample(None):
                yield from self._track.encode(part)
            yield from self._track.encode(None)


def _read_back(folder: Path) -> Film:
    """Return what was written, with its digest; raises FilmLengthError."""
    lines = (folder / PLAYLIST).read_text(encoding="ascii").splitlines()
    lengths = [float(line.removeprefix("#EXTINF:").rstrip(",")) for line in lines if line.startswith("#EXTINF:")]
    if not SHORTEST_S <= sum(lengths) <= LONGEST_S:
        raise FilmLengthError
    init = (folder / INIT).read_bytes()
    digest = sha256(init)
    for place in range(len(lengths)):
        digest.update((folder / f"{place}.m4s").read_bytes())
    with closing(av.open(str(folder / INIT), format="mp4")) as opened:
        shown = opened.streams.video[0]
        codecs, width, height = codecs_of(init), shown.width, shown.height
    return Film(
        folder="",
        codecs=codecs,
        width=width,
        height=height,
        ends_ms=ends_of(lengths),
        digest=digest.hexdigest(),
    )


def codecs_of(init: bytes) -> str:
    """Return the codecs of an init segment as players want to know them (RFC 6381); raises NotMadeError."""
    place = init.find(b"avcC")
    if place < 0:
        raise NotMadeError
    found = f"avc1.{init[place + 5 : place + 8].hex()}"
    return f"{found},mp4a.40.2" if b"mp4a" in init else found
