"""Films and slides of lessons: what opens when, typed questions, subtitles, and making them playable in the limited process."""

import asyncio
from io import BytesIO
from pathlib import Path

import av
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from exam.training.lessons.errors import LessonTextError, SyncPointError
from exam.training.lessons.film import (
    AHEAD_MS,
    Film,
    cue_at,
    ends_of,
    open_segments,
    open_slides,
    playlist,
    read_cues,
    read_syncs,
)
from exam.training.lessons.slides import Slide, Slides, beside_film, read_page_questions, slides_lesson
from exam.training.materials.errors import (
    FilmContainerError,
    FilmLengthError,
    MakingStoppedError,
    NotMadeError,
    SlidesCountError,
    SlidesLockedError,
    SubtitleError,
)
from exam.training.materials.limited import make_limited
from exam.training.materials.subtitles import read_subtitles
from tests.builders.films import film_bytes, pdf_bytes

FILM = Film(folder="materials/x", codecs="avc1.64001e", width=4, height=3, ends_ms=ends_of([10.0] * 9), digest="0" * 64)
CUES = "# 0:30\n? 先做什么?\n+ 断电\n- 逃跑\n# 1:05\n? 再做什么?\n- 回家\n+ 报告"


@given(st.integers(0, 90_000))
def test_first_pass_opens_what_is_near_and_nothing_far_ahead(reach: int) -> None:
    opened = open_segments(FILM, reach, finished=False)
    starts = (0, *FILM.ends_ms[:-1])
    assert all((start <= reach + AHEAD_MS) == (place < opened) for place, start in enumerate(starts))
    assert playlist(FILM, opened).count("film/segments/") == opened
    assert ("#EXT-X-ENDLIST" in playlist(FILM, opened)) == (opened == len(starts))
    assert "#EXT-X-START:TIME-OFFSET=0" in playlist(FILM, opened).splitlines()  # not at what a player takes for live


def test_finished_film_is_open_throughout() -> None:
    assert open_segments(FILM, 0, finished=True) == len(FILM.ends_ms)


def test_slides_beside_a_film_open_with_it_and_their_times_are_in_order() -> None:
    points = read_syncs("0:00 2\n\n 0:45  1", 2, 90_000)
    assert points == ((0, 1), (45_000, 0))
    slides = Slides(folder="materials/y", pages=(Slide("a" * 64, "甲"), Slide("b" * 64, "")))
    film = msgspec.structs.replace(FILM, slides=beside_film(slides, points))
    assert film.slides[0].picture == f"materials/y/{'b' * 64}.jpg"
    assert [open_slides(film, reach, finished=False) for reach in (0, 14_999, 15_000)] == [1, 1, 2]
    assert open_slides(film, 0, finished=True) == 2


@pytest.mark.parametrize("text", ["", "0:00", "0:00 3", "0:00 0", "1:30 1", "0:10 1\n0:10 2", "0:10 1\n0:05 2", "x 1"])
def test_sync_points_that_name_no_page_or_time_are_refused(text: str) -> None:
    with pytest.raises(SyncPointError):
        read_syncs(text, 2, 90_000)


def test_check_asks_about_what_was_shown_last() -> None:
    film = Film(**{**{name: getattr(FILM, name) for name in FILM.__struct_fields__}, "cues": read_cues(CUES, 90_000)})
    assert cue_at(film, 29_000) is None
    asked = cue_at(film, 70_000)
    assert asked is not None
    assert (asked.prompt, asked.right) == ("再做什么?", 1)


@pytest.mark.parametrize(
    "text",
    [
        "# 开头\n? 问\n+ 甲\n- 乙",
        "# 1:30\n? 问\n+ 甲\n- 乙",
        "# 0:10\n没有问题",
        "# 0:10\n一段话\n? 问\n+ 甲\n- 乙",
        "正文",
    ],
)
def test_questions_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(LessonTextError):
        read_cues(text, 90_000)


def test_subtitles_lose_markup_and_subrip_becomes_webvtt() -> None:
    subrip = (
        "1\r\n00:00:01,000 --> 00:00:02,500\r\n<b>先断电</b>\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\n再检修\r\n"
    )
    wanted = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n先断电\n\n00:00:03.000 --> 00:00:04.000\n再检修\n"
    assert read_subtitles(subrip.encode("utf-8-sig")) == wanted
    assert read_subtitles(wanted.encode()) == wanted
    styled = "WEBVTT - 说明\n\nSTYLE\n::cue { background: url(x) }\n\nNOTE 注\n\n00:01.000 --> 00:02.500 align:start\n先断电\n"
    assert read_subtitles(styled.encode()) == "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n先断电\n"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 0),
        (b"\xff\xfe", 0),
        ("没有时间".encode(), 1),
        (b"WEBVTT\n\n00:02.000 --> 00:01.000\nx", 3),
        (b"WEBVTT\n\n1\n00:0a.000 --> 00:01.000\nx", 4),
    ],
)
def test_subtitles_that_cannot_be_read_name_the_line(data: bytes, line: int) -> None:
    with pytest.raises(SubtitleError) as caught:
        read_subtitles(data)
    assert caught.value.fields == {"line": line}


def _make(folder: Path, data: bytes, **limits: int) -> tuple[Film, list[int]]:
    source, made = folder / "source", folder / "made"
    source.write_bytes(data)
    made.mkdir()
    told: list[int] = []

    async def tell(percent: int) -> None:
        told.append(percent)
        await asyncio.sleep(0)

    film = asyncio.run(make_limited("film", source, made, tell, **limits))
    assert isinstance(film, Film)
    return film, told


def _make_slides(folder: Path, data: bytes) -> Slides:
    source = folder / "source"
    source.write_bytes(data)

    async def ignore(_percent: int) -> None:
        await asyncio.sleep(0)

    slides = asyncio.run(make_limited("slides", source, folder, ignore))
    assert isinstance(slides, Slides)
    return slides


def test_pdf_becomes_pictures_with_their_text_and_questions(tmp_path: Path) -> None:
    slides = _make_slides(tmp_path, pdf_bytes(["Lock out first", "x" * 400, ""], size=(4000, 3000)))
    with Image.open(tmp_path / slides.key(0).removeprefix("/")) as picture:
        assert (picture.format, picture.width) == ("JPEG", 1280)
    lesson = slides_lesson(slides, read_page_questions("# 2\n? 问\n+ 甲\n- 乙", 3))
    assert [unit.least_s for unit in lesson.units] == [30, 75, 30]
    assert [unit.title for unit in lesson.units][::2] == ["Lock out first", ""]
    assert [unit.question is None for unit in lesson.units] == [True, False, True]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"%PDF-1.7 nothing", NotMadeError),
        (pdf_bytes(["a"], password="x"), SlidesLockedError),
        (pdf_bytes([""] * 301), SlidesCountError),
        (pdf_bytes(["a"], size=(10, 10_000)), NotMadeError),
    ],
)
def test_pdf_that_cannot_be_shown_is_refused_by_name(tmp_path: Path, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        _make_slides(tmp_path, data)


@pytest.mark.parametrize("text", ["# 4\n? 问\n+ 甲\n- 乙", "# 0\n? 问\n+ 甲\n- 乙", "# 1\n没有问题"])
def test_questions_of_no_page_are_refused(text: str) -> None:
    with pytest.raises(LessonTextError):
        read_page_questions(text, 3)


def _played_s(folder: Path) -> float:
    with av.open(str(folder / "made" / "film.m3u8")) as opened:
        shown = sum(1 for frame in opened.decode(video=0) if frame.width)
        return shown / float(opened.streams.video[0].average_rate or 1)


def test_h264_is_copied_and_cut_at_key_frames(tmp_path: Path) -> None:
    film, told = _make(tmp_path, film_bytes())
    assert (film.width, film.height, film.length_ms) == (160, 90, 16_000)
    assert len(film.ends_ms) == 3
    assert film.codecs.startswith("avc1.")
    assert told == sorted(told)
    assert _played_s(tmp_path) == 16


def test_another_codec_is_encoded_anew_and_made_smaller(tmp_path: Path) -> None:
    film, _ = _make(tmp_path, film_bytes(codec="mpeg4", container="avi", size=(800, 760)))
    assert (film.width, film.height) == (756, 720)
    assert film.codecs.startswith("avc1.")
    assert abs(_played_s(tmp_path) - 16) < 0.5


@pytest.mark.parametrize(("codec", "container"), [("libx264", "mp4"), ("mpeg4", "avi"), ("mpeg4", "mp4")])
def test_sound_goes_with_the_picture_however_that_is_made(tmp_path: Path, codec: str, container: str) -> None:
    film, _ = _make(tmp_path, film_bytes(codec=codec, container=container, sound=True))
    assert film.codecs.endswith(",mp4a.40.2")
    assert abs(_played_s(tmp_path) - 16) < 0.5
    with av.open(str(tmp_path / "made" / "film.m3u8")) as opened:
        heard = sum(frame.samples for frame in opened.decode(audio=0)) / opened.streams.audio[0].rate
    assert abs(heard - 16) < 0.5


@pytest.mark.parametrize(
    ("codec", "container"), [("libx264", "mpegts"), ("libx264", "matroska"), ("mpeg4", "matroska")]
)
def test_film_whose_own_clock_begins_late_is_played_from_nought(tmp_path: Path, codec: str, container: str) -> None:
    film, _ = _make(tmp_path, film_bytes(codec=codec, container=container, start_s=3600))
    assert abs(film.length_ms - 16_000) < 500
    assert 0 <= _first_s(tmp_path / "made") < 0.5  # pictures that come out of order are held back: here five a second
    assert _played_s(tmp_path) == pytest.approx(16, abs=0.5)  # from its first picture on


def _first_s(made: Path) -> float:
    """Return when the first picture of the first segment is shown, by the film's own clock."""
    head = (made / "init.mp4").read_bytes() + (made / "0.m4s").read_bytes()
    with av.open(BytesIO(head), "r") as opened:
        return next(opened.decode(video=0)).time or 0.0


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"#EXTM3U\n#EXTINF:20,\nfile:///etc/hostname\n", FilmContainerError),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", FilmContainerError),
        (b"\0\0\0\x18ftypisom" + bytes(2000), NotMadeError),
        (film_bytes()[:3_000], NotMadeError),
        (film_bytes(3), FilmLengthError),
        (film_bytes(2, codec="mpeg4", container="avi", size=(64, 48)), FilmLengthError),
    ],
)
def test_hostile_broken_and_short_files_are_refused_by_name(
    tmp_path: Path, data: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        _make(tmp_path, data)


def test_limits_stop_the_child(tmp_path: Path) -> None:
    with pytest.raises(MakingStoppedError):
        _make(tmp_path, film_bytes(), memory_mb=60)
