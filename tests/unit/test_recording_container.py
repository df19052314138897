from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam.core.ids import new_id
from proctor.evidence.container import (
    PieceWriter,
    RecordingBrokenError,
    SegmentHead,
    open_segment,
    read_head,
    whole_length,
)

KEY = b"k" * 32
HEAD = SegmentHead(
    id=new_id(),
    sitting_id=new_id(),
    room_id=new_id(),
    region="33",
    attempt_id=None,
    source="camera/x",
    codec="H264",
    began_at=datetime(2026, 11, 27, tzinfo=UTC),
)


def written(*pieces: bytes, end: bool = True) -> bytes:
    writer = PieceWriter(HEAD, KEY)
    parts = [writer.piece(each, last=end and n == len(pieces) - 1) for n, each in enumerate(pieces)]
    return writer.preamble + b"".join(parts)


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5))
def test_what_was_written_is_read(pieces: list[bytes]) -> None:
    opened = open_segment(written(*pieces), KEY)
    assert (opened.media, opened.complete, opened.head) == (b"".join(pieces), True, HEAD)


@given(st.integers(min_value=0))
def test_a_file_cut_off_anywhere_gives_its_whole_pieces(cut: int) -> None:
    data = written(b"first", b"second", b"third", end=False)
    _, begin = read_head(data)
    data = data[: begin + cut % (len(data) - begin + 1)]
    opened = open_segment(data, KEY)
    assert b"firstsecondthird".startswith(opened.media)
    assert not opened.complete
    assert open_segment(data[: whole_length(data)], KEY).media == opened.media


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_no_changed_byte_is_read_as_if_it_were_true(at: int, flip: int) -> None:
    data = bytearray(written(b"first", b"second"))
    data[at % len(data)] ^= flip
    try:
        opened = open_segment(bytes(data), KEY)
    except RecordingBrokenError:
        return
    # a length that was made greater reads as a file cut off, and says so
    assert not opened.complete
    assert b"firstsecond".startswith(opened.media)


def test_pieces_cannot_be_moved_left_out_or_added() -> None:
    writer = PieceWriter(HEAD, KEY)
    one, two, three = writer.piece(b"1"), writer.piece(b"2"), writer.piece(b"3", last=True)
    for pieces in ((two, one, three), (one, three), (one, two, three, three), (one, one, two, three)):
        with pytest.raises(RecordingBrokenError):
            open_segment(writer.preamble + b"".join(pieces), KEY)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(RecordingBrokenError):
        open_segment(written(b"x"), b"j" * 32)


def test_the_head_says_no_word_of_the_person_and_the_rest_is_noise() -> None:
    data = written(b"canary" * 50)
    assert b"canary" not in data


@pytest.mark.parametrize("data", [b"", b"AKV1", b"AKV1\x00\x02{}", b"AKV1\xff\xff", b"RIFF" + b"x" * 40])
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(RecordingBrokenError):
        open_segment(data, KEY)
