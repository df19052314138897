"""A film as a lesson holds it: segments that open as they are studied, subtitles, questions at times; pure.

The first pass sees no further than `AHEAD_MS` beyond what counts: the segments behind that stay on the server.
"""

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

import msgspec

from exam.training.lessons.errors import LessonTextError, SyncPointError
from exam.training.lessons.questions import MARKED, SECTION, Question, read_question, sections
from exam.web.forms import whole_number

AHEAD_MS = 30_000
RELOAD_S = 15
"""The least target duration: a playlist that has not grown is asked for again after half of it (RFC 8216 §6.3.4)."""
INIT = "init.mp4"
MS = 1000
TIME = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{2})")
MOST_CUES = 100
MOST_SYNCS = 500
LANGUAGES = {"zh": "中文", "en": "英语"}
"""Languages of subtitles; msgids."""


class Subtitle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """字幕: one language's subtitles; `digest` is the SHA-256 of the stored WebVTT."""

    language: str
    digest: str


class Cue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question that may be asked once the film has passed `at_ms`."""

    at_ms: int
    question: Question


class FilmSlide(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A slide that stands beside the film from `at_ms` on: a page of a set, its picture's storage key, and its text."""

    at_ms: int
    page: int
    picture: str
    text: str


class Film(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """视频: fragmented MP4 in segments that end at `ends_ms`; `digest` is the SHA-256 of all of them in order.

    `folder` is where the storage keeps it, `codecs` what a player must know (RFC 6381).
    """

    folder: str
    codecs: str
    width: int
    height: int
    ends_ms: tuple[int, ...]
    digest: str
    subtitles: tuple[Subtitle, ...] = ()
    cues: tuple[Cue, ...] = ()
    slides: tuple[FilmSlide, ...] = ()

    @property
    def length_ms(self) -> int:
        return self.ends_ms[-1]

    @property
    def init_key(self) -> str:
        """The storage key of the head that every segment needs."""
        return f"{self.folder}/{INIT}"

    def segment_key(self, place: int) -> str:
        return f"{self.folder}/{place}.m4s"

    def subtitle_key(self, subtitle: Subtitle) -> str:
        return f"{self.folder}/{subtitle.digest}.vtt"


def open_segments(film: Film, reach_ms: int, *, finished: bool) -> int:
    """Return how many segments may be fetched: all of a finished film, else those that begin just ahead of the reach."""
    if finished:
        return len(film.ends_ms)
    starts = (0, *film.ends_ms[:-1])
    return sum(1 for start in starts if start <= reach_ms + AHEAD_MS)


def open_slides(film: Film, reach_ms: int, *, finished: bool) -> int:
    """Return how many slides may be fetched: those of what may be seen of the film."""
    return sum(1 for slide in film.slides if finished or slide.at_ms <= reach_ms + AHEAD_MS)


def read_syncs(text: str, pages: int, length_ms: int) -> tuple[tuple[int, int], ...]:
    """Read typed sync points, `2:30 4` for page 4 from then on; return instants and places of pages from 0.

    Raises SyncPointError with the line that cannot be read, comes too early or too late, or names no page.
    """
    found: list[tuple[int, int]] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        time, _, page = line.partition(" ")
        at, place = _time(time), whole_number(page.strip()) - 1
        if at is None or at >= length_ms or not 0 <= place < pages or (found and at <= found[-1][0]):
            raise SyncPointError(line=line[:40])
        found.append((at, place))
    if not 0 < len(found) <= MOST_SYNCS:
        raise SyncPointError(line="")
    return tuple(found)


def playlist(film: Film, opened: int) -> str:
    """Return the HLS playlist (RFC 8216) of the open segments; it grows, and ends only when all are open."""
    lengths = [end - start for start, end in pairwise((0, *film.ends_ms))]
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(-(-max(lengths) // MS), RELOAD_S)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-START:TIME-OFFSET=0",  # a player would take the open part's end for what is live, and begin there
        '#EXT-X-MAP:URI="film/init"',
    ]
    for place, length in enumerate(lengths[:opened]):
        lines += [f"#EXTINF:{length / MS:.3f},", f"film/segments/{place}"]
    if opened == len(lengths):
        lines.append("#EXT-X-ENDLIST")
    return "\n".join((*lines, ""))


def ends_of(lengths_s: Sequence[float]) -> tuple[int, ...]:
    """Return the instants at which segments of these lengths end, in whole milliseconds."""
    return tuple(round(end * MS) for end in accumulate(lengths_s))


def cue_at(film: Film, reach_ms: int) -> Question | None:
    """Return the question on what was shown last, if there is one."""
    passed = [cue.question for cue in film.cues if cue.at_ms <= reach_ms]
    return passed[-1] if passed else None


def read_cues(text: str, length_ms: int) -> tuple[Cue, ...]:
    """Read typed questions: `# 2:30` names the time, then the question as in a text lesson.

    Raises LessonTextError with the line that cannot be read or lies beyond the film's end.
    """
    found: list[Cue] = []
    for lines in sections(text):
        at, question = _time(lines[0]), read_question(lines[1:])
        unmarked = any(not line.startswith(MARKED) for line in lines[1:])
        if at is None or at >= length_ms or question is None or unmarked or len(found) >= MOST_CUES:
            raise LessonTextError(line=lines[0][:40])
        found.append(Cue(at, question))
    return tuple(sorted(found, key=lambda cue: cue.at_ms))


def _time(line: str) -> int | None:
    match = TIME.fullmatch(line.removeprefix(SECTION).strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * MS
