import pytest

from proctor.media.errors import SdpInvalidError, SdpTooLargeError
from proctor.media.sdp import MAX_BYTES, check_offer, fingerprint_of

PRINT = ":".join(["0A"] * 32)
HEAD = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "a=msid-semantic: WMS"]
SECTION = [
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
    "c=IN IP4 0.0.0.0",
    "a=candidate:1 1 udp 2113937151 8f0ee0c2-5a1b.local 53000 typ host generation 0",
    "a=candidate:2 1 udp 2113937150 192.168.1.5 53001 typ host generation 0",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789012345678901",
    f"a=fingerprint:sha-256 {PRINT}",
    "a=setup:actpass",
    "a=mid:0",
    "a=sendonly",
    "a=rtcp-mux",
    "a=rtpmap:96 VP8/90000",
    "a=ssrc:1234567890 cname:x",
]


def sdp(*lines: str) -> str:
    return "\r\n".join(lines or (*HEAD, *SECTION)) + "\r\n"


def test_an_honest_offer_passes_without_the_names_that_take_seconds_to_look_up() -> None:
    offer = check_offer(sdp(), kinds=["video"], direction="sendonly")
    assert offer.fingerprint == PRINT
    assert offer.directions == ("sendonly",)
    assert ".local" not in offer.sdp
    assert "192.168.1.5" in offer.sdp


def test_the_fingerprint_may_be_given_per_session() -> None:
    line = f"a=fingerprint:sha-256 {PRINT}"
    text = sdp(*HEAD, line, *(each for each in SECTION if each != line))
    assert fingerprint_of(text) == PRINT


@pytest.mark.parametrize("lost", [n for n, line in enumerate([*HEAD, *SECTION]) if line[:6] in {
    "v=0", "a=grou", "m=vide", "a=ice-", "a=fing", "a=setu", "a=mid:", "a=send",
}])  # fmt: skip
def test_an_offer_without_a_needed_line_is_refused(lost: int) -> None:
    lines = [*HEAD, *SECTION]
    with pytest.raises(SdpInvalidError):
        check_offer(sdp(*lines[:lost], *lines[lost + 1 :]), kinds=["video"], direction="sendonly")


CHANGES = {
    "empty": "",
    "garbage": "garbage",
    "no lines": "\r\n\r\n",
    "control characters": sdp().replace("VP8", "VP\x008"),
    "other characters": sdp().replace("VP8", "视频"),
    "huge number": sdp().replace("a=ssrc:1234567890", "a=ssrc:4294967296000"),
    "audio": sdp().replace("m=video", "m=audio"),
    "data channel": sdp().replace("m=video 9 UDP/TLS/RTP/SAVPF 96 97", "m=application 9 UDP/DTLS/SCTP webrtc"),
    "unencrypted": sdp().replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
    "two fingerprints": sdp() + f"a=fingerprint:sha-256 {PRINT.replace('0A', '0B')}\r\n",
    "weak fingerprint": sdp().replace("sha-256", "md5"),
    "short fingerprint": sdp().replace(PRINT, PRINT[:59]),
    "wrong bundle": sdp().replace("BUNDLE 0", "BUNDLE 1"),
    "two ice passwords": sdp() + "a=ice-pwd:another0123456789012345\r\n",
    "short ice password": sdp().replace("0123456789012345678901", "0123"),
    "long line": sdp().replace("cname:x", "cname:" + "x" * 4000),
    "two sections": sdp(*HEAD, *SECTION, *SECTION),
}


@pytest.mark.parametrize("text", CHANGES.values(), ids=CHANGES)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(SdpInvalidError):
        check_offer(text, kinds=["video"], direction="sendonly")


SOUND = [
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    *(line for line in SECTION[1:-2] if line != "a=mid:0"),
    "a=mid:1",
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=ssrc:1234567891 cname:x",
]
BOTH = [HEAD[0], *HEAD[1:4], "a=group:BUNDLE 0 1", *SECTION, *SOUND]


def test_sound_is_taken_where_a_page_offers_it_and_in_one_codec_alone() -> None:
    assert check_offer(sdp(*BOTH), kinds=["video", "audio"], direction="sendonly").directions == ("sendonly",) * 2
    for kinds in (["audio", "video"], ["video", "video"], ["video"], ["audio", "audio"], ["video", "audio", "audio"]):
        with pytest.raises(SdpInvalidError):
            check_offer(sdp(*BOTH), kinds=kinds, direction="sendonly")


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 PCMU/8000"),
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus/48000"),
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2"),
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:63 opus/48000/2"),
        ("a=rtpmap:111 opus/48000/2", "a=rtcp-mux"),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio 9 UDP/TLS/RTP/SAVPF 111 0"),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio 4294967296 UDP/TLS/RTP/SAVPF 111"),
    ],
)
def test_any_other_sound_is_refused(line: str, other: str) -> None:
    with pytest.raises(SdpInvalidError):
        check_offer(sdp(*BOTH).replace(line, other), kinds=["video", "audio"], direction="sendonly")


def test_a_watcher_may_not_send_and_a_publisher_may_not_only_receive() -> None:
    for direction in ("recvonly", "inactive"):
        with pytest.raises(SdpInvalidError):
            check_offer(sdp().replace("sendonly", direction), kinds=["video"], direction="sendonly")


def test_size_is_looked_at_first() -> None:
    with pytest.raises(SdpTooLargeError):
        check_offer("x" * (MAX_BYTES + 1), kinds=["video"], direction="sendonly")
