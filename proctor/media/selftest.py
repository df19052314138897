"""The start-up test of what we use of aiortc, aioice and pylibsrtp beyond their public names.

A node that does not pass it must not start: a new version may have moved what the forwarder leans on, and a wall that
stays black in the morning of an exam is the worst place to learn it.
"""

import asyncio
import time
from importlib.metadata import version

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy

from proctor.media.payload import OPUS
from proctor.media.receiver import Receiver
from proctor.media.sender import Sender
from proctor.media.source import Source

TESTED = {"aiortc": "1.16.0", "aioice": "0.13.0", "pylibsrtp": "1.0.0"}
PATIENCE_S = 8
_KEY_FRAME = bytes.fromhex("101002009d012a10001000")
"""A VP8 payload descriptor (start of partition 0) and the beginning of a 16 × 16 key frame."""
_SILENCE = bytes.fromhex("f8fffe")
"""20 ms of nothing in Opus."""


class SelfTestError(RuntimeError):
    """aiortc is not as this code knows it."""


def check_versions() -> None:
    """Raise SelfTestError where another version is installed than the one that was read and measured."""
    for name, tested in TESTED.items():
        if (found := version(name)) != tested:
            message = f"{name} {found} is installed; the media node was made for {tested}"
            raise SelfTestError(message)


async def check_forwarding() -> None:
    """Send packets over two real connections of our own and raise SelfTestError unless they arrive whole.

    Covers the replaced receiver and sender, SRTP both ways, the media path around the queue, the PLI that a new
    viewer's demand becomes and frame assembly; and beside a picture's section one of sound.
    """
    configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    sending, receiving = RTCPeerConnection(configuration), RTCPeerConnection(configuration)
    origin, arrived = Source("self-test/origin"), Source("self-test/arrived")
    spoken, heard = Source("self-test/spoken", OPUS), Source("self-test/heard", OPUS)
    frames: list[bytes] = []
    asked: list[float] = []
    origin.begin(lambda: asked.append(time.monotonic()))
    try:
        _lay(sending, receiving, origin, arrived).frame_sinks.append(lambda _codec, frame, _at: frames.append(frame))
        _lay(sending, receiving, spoken, heard)
        await _join(sending, receiving)
        await _pump(origin, arrived, frames)
        await _speak(spoken, heard)
        if not asked:
            message = "no key frame was asked for"
            raise SelfTestError(message)
    finally:
        await sending.close()
        await receiving.close()


def _lay(sending: RTCPeerConnection, receiving: RTCPeerConnection, origin: Source, arrived: Source) -> Receiver:
    """Lay one track between two connections and return its end."""
    kind = "audio" if origin.codec == OPUS else "video"
    sender = sending.addTransceiver(kind, "sendonly").sender
    receiver = receiving.addTransceiver(kind, "recvonly").receiver
    if not isinstance(sender, Sender) or not isinstance(receiver, Receiver):
        message = "aiortc made its own sender or receiver: the replaced names are not used"
        raise SelfTestError(message)  # it is the library's shape that is wrong
    sender.source, receiver.source = origin, arrived
    return receiver


async def _join(offering: RTCPeerConnection, answering: RTCPeerConnection) -> None:
    await offering.setLocalDescription(await offering.createOffer())
    offer = offering.localDescription
    await answering.setRemoteDescription(RTCSessionDescription(offer.sdp, offer.type))
    await answering.setLocalDescription(await answering.createAnswer())
    answer = answering.localDescription
    await offering.setRemoteDescription(RTCSessionDescription(answer.sdp, answer.type))


async def _pump(origin: Source, arrived: Source, frames: list[bytes]) -> None:
    """Push one-packet frames until they have come through."""
    until = time.monotonic() + PATIENCE_S
    number = 0
    while time.monotonic() < until:
        origin.push(1, number & 0xFFFF, number * 9000, 1, _KEY_FRAME)
        number += 1
        await asyncio.sleep(0.02)
        if arrived.packets > 20 and len(frames) > 10:  # noqa: PLR2004  # enough to have seen several of each
            return
    message = f"{arrived.packets} packets and {len(frames)} frames of {number} arrived"
    raise SelfTestError(message)


async def _speak(spoken: Source, heard: Source) -> None:
    """Push packets of sound until some have come through; the connection stands."""
    until = time.monotonic() + PATIENCE_S
    number = 0
    while time.monotonic() < until:
        spoken.push(1, number & 0xFFFF, number * 960, 0, _SILENCE)
        number += 1
        await asyncio.sleep(0.02)
        if heard.packets > 5:  # noqa: PLR2004  # enough to have seen several
            return
    message = f"{heard.packets} packets of sound of {number} arrived"
    raise SelfTestError(message)
