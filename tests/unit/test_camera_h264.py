"""A camera's pictures are told apart, judged and packed as decoders and browsers need them."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor.cameras.address import check_address
from proctor.cameras.errors import CameraAddressError
from proctor.cameras.h264 import (
    MAX_PAYLOAD,
    START,
    has_b_slice,
    is_key,
    nals_of,
    payloads_of,
    profile_of,
    whole_picture,
)
from proctor.cameras.judging import Facts, judge
from proctor.media.payload import H264, begins_key_frame, is_key_frame

SPS, PPS = bytes.fromhex("6742c00bda0507ec05a83030"), bytes.fromhex("68ce0fc8")
HIGH = bytes.fromhex("6764000cacd94141fb016a0c")
DELIMITER, IDR = bytes.fromhex("0910"), b"\x65\x88" + b"\x11" * 40
P_SLICE, B_SLICE = bytes.fromhex("419a21"), bytes.fromhex("419e21")
GOOD = Facts(codec="h264", profile="Baseline", width=640, height=360, fps=15, group_s=1.0)


def test_units_kinds_and_profiles_are_read() -> None:
    stream = START + DELIMITER + START + SPS + b"\x00\x00\x01" + PPS + START + IDR
    units = nals_of(stream)
    assert units == [DELIMITER, SPS, PPS, IDR]
    assert (is_key(units), profile_of(units), profile_of([HIGH]), profile_of([IDR])) == (True, "Baseline", "High", "")
    assert (has_b_slice([P_SLICE]), has_b_slice([B_SLICE]), has_b_slice([IDR])) == (False, True, False)
    assert nals_of(b"") == nals_of(b"\x00\x01") == []


def test_a_key_picture_carries_each_parameter_set_once_and_others_none() -> None:
    assert whole_picture([DELIMITER, SPS, PPS, SPS, PPS, IDR], []) == [SPS, PPS, IDR]
    assert whole_picture([IDR], [SPS, PPS]) == [SPS, PPS, IDR]
    assert whole_picture([DELIMITER, P_SLICE], [SPS, PPS]) == [P_SLICE]


@given(st.lists(st.binary(min_size=1, max_size=4000), min_size=1, max_size=4))
def test_packets_put_together_again_are_the_units(bodies: list[bytes]) -> None:
    units = [b"\x65" + body for body in bodies]
    found: list[bytes] = []
    packets = payloads_of(units)
    for payload, _ in packets:
        assert len(payload) <= MAX_PAYLOAD
        if payload[0] & 0x1F != 28:
            found.append(payload)
        elif payload[1] & 0x80:
            found.append(bytes((payload[0] & 0xE0 | payload[1] & 0x1F,)) + payload[2:])
        else:
            found[-1] += payload[2:]
    assert found == units
    assert [marker for _, marker in packets] == [0] * (len(packets) - 1) + [1]


def test_the_forwarder_sees_where_a_camera_can_be_joined() -> None:
    first, *_ = payloads_of([SPS, PPS, b"\x65" + b"\x11" * 3000])
    assert begins_key_frame(H264, first[0])
    assert not begins_key_frame(H264, payloads_of([P_SLICE])[0][0])
    assert is_key_frame(H264, START + SPS + START + IDR)


@pytest.mark.parametrize(("changed", "code"), [
    ({"codec": "hevc"}, "codec"),
    ({"profile": "High"}, "profile"),
    ({"profile": ""}, "profile"),
    ({"b_frames": True}, "b_frames"),
    ({"group_s": 4.0}, "group"),
    ({"width": 3840}, "width"),
])  # fmt: skip
def test_what_would_not_play_is_said_with_what_to_do(changed: dict[str, object], code: str) -> None:
    assert judge(GOOD) == []
    [fault] = judge(Facts(**{**{name: getattr(GOOD, name) for name in Facts.__struct_fields__}, **changed}))
    assert fault.code == code
    assert "请" in fault.words.format(**fault.fields)


@pytest.mark.parametrize("url", [
    "http://192.168.1.64/x", "rtsp://", "rtsp:///x", "rtsp://169.254.169.254/x", "rtsp://127.0.0.1/x", "rtsp://[::1]/x",
    "rtsp://[::ffff:127.0.0.1]/x", "rtsp://0.0.0.0/x", "rtsp://224.0.0.1/x", "rtsp://localhost/x", "rtsp://10.0.0.1:99999/x",
    "rtsp://10.0.0.1/\n", "file:///etc/passwd", "", "rtsp://nowhere.invalid/x",
])  # fmt: skip
def test_an_address_that_is_no_cameras_is_refused(url: str) -> None:
    with pytest.raises(CameraAddressError):
        check_address(url, loopback=False)


def test_a_camera_on_the_rooms_network_is_reached() -> None:
    for host in ("192.168.1.64", "10.20.30.40"):
        assert check_address(f"rtsp://admin:p%40ss@{host}/Streaming/Channels/102", loopback=False) == host
        assert ipaddress.ip_address(host).is_private
    assert check_address("rtsp://127.0.0.1:8554/x", loopback=True) == "127.0.0.1"
