"""Session descriptions from browsers, checked before any of our code or aiortc's acts on them (RFC 8866, RFC 8829).

aiortc takes an empty and a garbage description without a word and makes a connection that nobody ends, so what is not
exactly of the shape that our own pages offer is refused here.
"""

import re
from collections.abc import Iterable

import msgspec

from proctor.media.errors import SdpInvalidError, SdpTooLargeError

MAX_BYTES = 96 * 1024
MAX_LINES = 6000
MAX_LINE = 2048
MAX_MEDIA = 32
MAX_CANDIDATES = 64

_LINE = re.compile(r"[a-z]=[\x20-\x7e]*")
_MEDIA = re.compile(r"m=(video|audio) \d{1,5} UDP/TLS/RTP/SAVPF( \d{1,3}){1,128}")
_SOUND = re.compile(r"a=rtpmap:(\d{1,3}) opus/48000/2")
_FINGERPRINT = re.compile(r"a=fingerprint:(\S{1,16}) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){19,63})")
# a cname or a stream id is random and may hold many digits: of an ssrc line only the number itself counts
_NUMBERS = re.compile(r"a=(?:ssrc:|(?:rtpmap|fmtp|rtcp-fb|ssrc-group|extmap|sctp-port):?.*?)\d{11,}")
_SHA256_HEX = 95
_DIRECTIONS = ("a=sendonly", "a=recvonly", "a=sendrecv", "a=inactive")
_ICE = (("a=ice-ufrag:", 4, 256), ("a=ice-pwd:", 22, 256))


class Offer(msgspec.Struct, frozen=True):
    """An offer that may be acted on: `sdp` has no candidates that only the browser's own network could resolve."""

    sdp: str
    fingerprint: str
    directions: tuple[str, ...]
    """Of each media section, in order: sendonly, recvonly or sendrecv."""


def check_offer(text: str, *, kinds: Iterable[str], direction: str) -> Offer:
    """Return the offer if its sections are of these kinds in order (video, audio), bundled, and may go in `direction`.

    `direction` is the offering page's: `sendonly` publishes, `recvonly` watches.
    """
    lines = _lines(text)
    head, media = _sections(lines)
    if [section[0].partition(" ")[0] for section in media] != [f"m={kind}" for kind in kinds]:
        raise SdpInvalidError(reason="sections")
    for section in media:
        _check_codecs(section)
    fingerprint = _fingerprint(lines)
    _check_bundle(head, media)
    found = tuple(_direction(section) for section in media)
    if any(each not in {direction, "sendrecv"} for each in found):
        raise SdpInvalidError(reason="direction")
    return Offer("\r\n".join(_reachable(lines)) + "\r\n", fingerprint, found)


def fingerprint_of(text: str) -> str:
    """Return the SHA-256 fingerprint of the DTLS certificate in a description."""
    return _fingerprint(_lines(text))


def _lines(text: str) -> list[str]:
    if len(text) > MAX_BYTES:
        raise SdpTooLargeError
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if not lines or lines[0] != "v=0" or len(lines) > MAX_LINES:
        raise SdpInvalidError(reason="version")
    for line in lines:
        if len(line) > MAX_LINE or not _LINE.fullmatch(line) or _NUMBERS.match(line):
            raise SdpInvalidError(reason="line")
    return lines


def _sections(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    head: list[str] = []
    media: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            if len(media) == MAX_MEDIA or not _MEDIA.fullmatch(line):
                raise SdpInvalidError(reason="media")
            media.append([])
        (media[-1] if media else head).append(line)
    if not media:
        raise SdpInvalidError(reason="sections")
    return head, media


def _check_codecs(section: list[str]) -> None:
    """Require Opus and nothing else of a section of sound; of pictures the answer takes the one codec that it knows."""
    if not section[0].startswith("m=audio"):
        return
    maps = [line for line in section if line.startswith("a=rtpmap:")]
    match = _SOUND.fullmatch(maps[0]) if len(maps) == 1 else None
    if match is None or section[0].split()[3:] != [match[1]]:
        raise SdpInvalidError(reason="sound")


def _fingerprint(lines: list[str]) -> str:
    """Return the one SHA-256 fingerprint; every section of a bundle carries the same certificate."""
    found: set[str] = set()
    for line in lines:
        if line.startswith("a=fingerprint:"):
            match = _FINGERPRINT.fullmatch(line)
            if match is None:
                raise SdpInvalidError(reason="fingerprint")
            if match[1].lower() == "sha-256":
                found.add(match[2].upper())
    if len(found) != 1 or len(value := found.pop()) != _SHA256_HEX:
        raise SdpInvalidError(reason="fingerprint")
    return value


def _check_bundle(head: list[str], media: list[list[str]]) -> None:
    group = next((line for line in head if line.startswith("a=group:BUNDLE")), "")
    mids = [_one(section, "a=mid:") for section in media]
    if group.split()[1:] != mids or len(set(mids)) != len(mids):
        raise SdpInvalidError(reason="bundle")
    lines = [*head, *(line for section in media for line in section)]
    for prefix, low, high in _ICE:
        values = {line.removeprefix(prefix) for line in lines if line.startswith(prefix)}
        if len(values) != 1 or not low <= len(values.pop()) <= high:
            raise SdpInvalidError(reason="ice")
    if not any(line in {"a=setup:actpass", "a=setup:active"} for line in lines):
        raise SdpInvalidError(reason="setup")


def _one(section: list[str], prefix: str) -> str:
    found = [line.removeprefix(prefix) for line in section if line.startswith(prefix)]
    if len(found) != 1 or not found[0]:
        raise SdpInvalidError(reason=prefix[2:-1])
    return found[0]


def _direction(section: list[str]) -> str:
    found = [line for line in section if line in _DIRECTIONS]
    if len(found) != 1:
        raise SdpInvalidError(reason="direction")
    return found[0][2:]


def _reachable(lines: list[str]) -> list[str]:
    """Leave out candidates under `.local` names: looking them up takes seconds, and the peer shows its address itself."""
    candidates = [line for line in lines if line.startswith("a=candidate:")]
    if len(candidates) > MAX_CANDIDATES * MAX_MEDIA:
        raise SdpInvalidError(reason="candidates")
    return [line for line in lines if not (line.startswith("a=candidate:") and ".local " in line)]
