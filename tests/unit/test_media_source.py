from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.media.payload import (
    H264,
    OPUS,
    VP8,
    begins_key_frame,
    is_key_frame,
    vp8_header_length,
    vp8_picture_id,
    vp8_size,
    with_picture_id,
)
from proctor.media.source import RING, Packet, Source

KEY = bytes.fromhex("908080051002009d012a4001f000")
INTER = bytes.fromhex("908080061102009d012a4001f000")
CONTINUED = bytes.fromhex("808080051002009d012a4001f000")


class Eye:
    """Remembers what it was sent."""

    def __init__(self) -> None:
        self.seen: list[Packet] = []
        self.keys = 0

    def forward(self, packet: Packet, *, key: bool) -> None:
        self.seen.append(packet)
        self.keys += key


def numbered(number: int) -> bytes:
    return with_picture_id(KEY, number)


def test_vp8_key_frames_are_told_from_others() -> None:
    assert begins_key_frame(VP8, KEY)
    assert not begins_key_frame(VP8, INTER)
    assert not begins_key_frame(VP8, CONTINUED)
    assert not begins_key_frame(VP8, b"")
    assert vp8_size(KEY[4:]) == (320, 240)
    assert is_key_frame(VP8, KEY[4:])
    assert not is_key_frame(VP8, INTER[4:])


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (b"\x67\x42\x00\x1f", True),  # sequence parameter set
        (b"\x65\x88", True),  # IDR slice
        (b"\x41\x9a", False),
        (b"\x18\x00\x02\x67\x42\x00\x02\x68\xce", True),  # STAP-A with parameter sets
        (b"\x18\x00\x02\x41\x9a", False),
        (b"\x7c\x85\x88", True),  # first fragment of an IDR slice
        (b"\x7c\x05\x88", False),  # a later one
        (b"", False),
    ],
)
def test_h264_key_frames_are_told_from_others(payload: bytes, *, key: bool) -> None:
    assert begins_key_frame(H264, payload) is key


def test_h264_frames_are_read_with_their_start_codes() -> None:
    assert is_key_frame(H264, b"\x00\x00\x00\x01\x67\x42\x00\x00\x01\x65\x88")
    assert not is_key_frame(H264, b"\x00\x00\x00\x01\x41\x9a")


@given(st.binary(max_size=40))
def test_no_payload_is_too_odd_to_look_at(payload: bytes) -> None:
    for codec in (VP8, H264):
        begins_key_frame(codec, payload)
        is_key_frame(codec, payload)
    assert vp8_header_length(payload) <= 6
    number, modulus = vp8_picture_id(payload)
    if modulus:
        assert vp8_picture_id(with_picture_id(payload, number)) == (number, modulus)
        assert with_picture_id(payload, number) == payload


def test_numbers_go_on_when_another_publisher_takes_over() -> None:
    source, eye = Source("x"), Eye()
    source.attach(eye)
    for n in range(5):
        source.push(11, 65534 + n & 0xFFFF, 1000 + n * 9000, 1, numbered(100 + n))
    for n in range(5):
        source.push(22, 400 + n, 77 + n * 9000, 1, numbered(9 + n))
    seqs = [packet[0] for packet in eye.seen]
    assert [(after - before) & 0xFFFF for before, after in pairwise(seqs)] == [1] * 9
    times = [packet[1] for packet in eye.seen]
    steps = [(after - before) & 0xFFFFFFFF for before, after in pairwise(times)]
    assert steps[:4] == steps[5:] == [9000] * 4
    assert 9000 <= steps[4] < 90_000
    assert [vp8_picture_id(packet[3])[0] for packet in eye.seen] == [100, 101, 102, 103, 104, 105, 106, 107, 108, 109]


def test_the_ring_remembers_the_last_packets_and_no_others() -> None:
    source, eye = Source("x"), Eye()
    source.attach(eye)
    for n in range(RING + 10):
        source.push(1, n, n * 9000, 1, KEY)
    assert source.recall(eye.seen[-1][0]) == eye.seen[-1]
    assert source.recall(eye.seen[10][0]) == eye.seen[10]
    assert source.recall(eye.seen[9][0]) is None


def test_many_viewers_together_ask_for_one_key_frame() -> None:
    asked: list[int] = []
    source = Source("x")
    source.begin(lambda: asked.append(1))
    for _ in range(30):
        source.attach(Eye())
    assert asked == [1]


def test_a_publisher_that_was_replaced_cannot_silence_the_new_one() -> None:
    asked: list[str] = []
    first, second = (lambda: asked.append("first")), (lambda: asked.append("second"))
    source = Source("x")
    source.begin(first)
    source.begin(second)
    source.end(first)
    source.request_key_frame()
    assert asked == ["second"]


def test_who_comes_to_a_camera_is_given_the_running_group_of_pictures() -> None:
    source = Source("camera/1", H264, keeps_group=True)
    for n, payload in enumerate([b"\x41\x9a", b"\x67\x42", b"\x65\x88", b"\x41\x9a", b"\x41\x9b"]):
        source.push(1, n, max(n, 1) // 3 * 9000, 1, payload)
    late = Eye()
    source.attach(late)
    assert [packet[3] for packet in late.seen] == [b"\x67\x42", b"\x65\x88", b"\x41\x9a", b"\x41\x9b"]
    assert late.keys >= 1


def test_sound_begins_with_any_packet_by_its_own_clock_and_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("proctor.media.source.time.monotonic", lambda: now)
    source, ear = Source("seat/x/sound", OPUS), Eye()
    source.attach(ear)
    source.push(1, 10, 960, 0, b"\xf8\xff\xfe")
    source.push(1, 11, 1920, 0, b"\xf8\xff\xfe")
    [first, second] = ear.seen
    assert ear.keys == 2
    assert second[1] - first[1] == 960
    now = 101.0
    assert source.timestamp(now) - second[1] == 48_000
    assert source.recall(second[0]) is None
    # the microphone of another connection, half a second later
    now = 101.5
    source.push(2, 500, 7, 0, b"\xf8\xff\xfe")
    assert ear.seen[-1][0] == second[0] + 1
    assert ear.seen[-1][1] - second[1] == 72_000


def test_a_publisher_that_is_gone_is_asked_for_nothing() -> None:
    asked: list[int] = []

    class Publishing:
        def ask(self) -> None:
            asked.append(1)

    source, publishing = Source("seat/x/tile"), Publishing()
    source.begin(publishing.ask)
    source.end(publishing.ask)
    source.attach(Eye())
    assert asked == []
