"""One RTP stream in whatever order the network brings it: counted as RFC 3550 counts, joined to whole frames."""

from itertools import pairwise

import pytest
from aiortc.rtcrtpreceiver import StreamStatistics
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from proctor.media.payload import H264, VP8
from proctor.media.reception import HISTORY, MISORDER, Arrivals, Assembler, Frame

START, ON = b"\x10", b"\x00"
TICKS = 9000


def packets(frames: int, first: int = 65_500, parts: int = 3) -> list[tuple[int, int, int, bytes]]:
    """Return so many frames of three packets each; a frame's bytes are its number, thrice."""
    return [
        (
            (first + frame * parts + part) & 0xFFFF,
            frame * TICKS,
            int(part == parts - 1),
            (ON if part else START) + bytes([frame]),
        )
        for frame in range(frames)
        for part in range(parts)
    ]


def whole(number: int, parts: int = 3) -> Frame:
    return bytes([number]) * parts, number * TICKS


def joined(stream: list[tuple[int, int, int, bytes]], codec: str = VP8) -> tuple[list[Frame], int]:
    assembler, frames, gaps = Assembler(codec), list[Frame](), 0
    for packet in stream:
        more, gap = assembler.add(*packet)
        frames += more
        gaps += gap
    return frames, gaps


def test_a_frame_is_given_out_with_its_last_packet_over_the_end_of_the_numbers() -> None:
    assembler = Assembler(VP8)
    given_out = [assembler.add(*packet)[0] for packet in packets(20)]
    assert [len(frames) for frames in given_out] == [0, 0, 1] * 20
    assert [frames[0] for frames in given_out if frames] == [whole(number) for number in range(20)]


@given(st.permutations(packets(8)[1:]), st.data())
def test_any_order_and_any_repetition_gives_the_same_frames(
    order: list[tuple[int, int, int, bytes]], data: st.DataObject
) -> None:
    stream = [packets(8)[0], *order]
    again = data.draw(st.lists(st.sampled_from(stream), max_size=6))
    frames, gaps = joined([*stream, *again])
    assert frames == [whole(number) for number in range(8)]
    assert gaps == 0


@given(st.sets(st.integers(3, 89), min_size=1, max_size=12))
def test_frames_with_a_lost_packet_are_left_out_and_the_others_whole(lost: set[int]) -> None:
    stream = packets(120)
    frames, gaps = joined([packet for at, packet in enumerate(stream) if at not in lost])
    hurt = {at // 3 for at in lost}
    # what stands before the gap is held for as long as the lost one may still come
    assert [frame for frame in frames if len(frame[0]) == 3] == [whole(n) for n in range(120) if n not in hurt]
    assert all(frame == whole(frame[1] // TICKS) for frame in frames)
    assert gaps >= 1


def test_a_gap_in_the_middle_of_a_frame_takes_that_frame_alone() -> None:
    stream = packets(60)
    frames, gaps = joined(stream[:4] + stream[5:])
    assert whole(1) not in frames
    assert [number for _, number in frames] == [0, *(n * TICKS for n in range(2, 60))]
    assert gaps == 1


def test_a_stream_entered_in_the_middle_of_a_frame_begins_with_the_next() -> None:
    frames, gaps = joined(packets(4)[1:])
    assert (frames, gaps) == ([whole(1), whole(2), whole(3)], 0)


def test_a_late_packet_changes_nothing_and_a_sender_that_counts_anew_is_followed() -> None:
    stream, anew = packets(50, first=20_000), packets(3, first=20_149 - MISORDER - 60)
    frames, gaps = joined([*stream, stream[140], *anew])
    assert frames == [whole(number) for number in range(50)] + [whole(number) for number in range(3)]
    assert gaps == 1


def test_padding_and_broken_descriptors_make_no_frame() -> None:
    assert joined([(1, 0, 0, b""), (2, 0, 1, b"\x90"), (3, TICKS, 0, b""), (4, TICKS, 1, START + b"a")])[0] == [
        (b"a", TICKS)
    ]


def test_a_frame_without_marker_ends_where_the_next_begins() -> None:
    frames, _ = joined([(1, 0, 0, START + b"a"), (2, 0, 0, ON + b"b"), (3, TICKS, 1, START + b"c")])
    assert frames == [(b"ab", 0), (b"c", TICKS)]


def test_h264_comes_with_start_codes() -> None:
    idr, slice_ = b"\x65\x88", b"\x41\x9a"
    frames, _ = joined([(1, 0, 1, idr), (2, TICKS, 1, slice_)], H264)
    assert frames == [(b"\0\0\0\1" + idr, 0), (b"\0\0\0\1" + slice_, TICKS)]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))
def test_reports_count_as_aiortc_counts(steps: list[int], first: int, timestamp: int) -> None:
    """An independent count of the same stream: repetitions, losses, both numbers over their ends."""
    theirs, ours = StreamStatistics(90_000), Arrivals(first, 90_000)
    seq = first
    for at, step in enumerate([0, *steps]):
        seq = (seq + step) & 0xFFFF
        timestamp = timestamp + TICKS * (step > 0)
        ours.add(seq, timestamp & 0xFFFFFFFF, at / 10)
        packet = RtpPacket(sequence_number=seq, timestamp=timestamp)
        theirs.add(packet)
    assert (ours.received, ours.highest - ours.base + 1) == (theirs.packets_received, theirs.packets_expected)
    assert max(-(1 << 23), ours.lost) == theirs.packets_lost
    assert ours.fraction_lost() == theirs.fraction_lost
    assert ours.fraction_lost() == theirs.fraction_lost == 0


@given(st.lists(st.integers(1, 40), min_size=1, max_size=40), st.integers(0, 0xFFFF))
def test_what_is_missing_is_what_did_not_come_of_the_last_packets(steps: list[int], first: int) -> None:
    arrivals, came = Arrivals(first, 90_000), [first]
    arrivals.add(first, 0, 0.0)
    for step in steps:
        came.append(came[-1] + step)
        assert arrivals.add(came[-1] & 0xFFFF, 0, 0.0) is (step > 1)
    owed = {n for before, after in pairwise(came) for n in range(before + 1, after) if n >= came[-1] - HISTORY}
    assert arrivals.missing == owed
    for late in sorted(owed):
        assert arrivals.add(late & 0xFFFF, 0, 0.0) is False
    assert arrivals.missing == set()


def test_jitter_is_the_smoothed_difference_of_travel_times() -> None:
    even, uneven = Arrivals(0, 90_000), Arrivals(0, 90_000)
    for number in range(200):
        even.add(number, number * TICKS, number / 10)
        uneven.add(number, number * TICKS, number / 10 + (number % 2) * 0.01)
    assert even.jitter == 0
    assert uneven.jitter == pytest.approx(900, abs=20)
