"""A simulated room camera: a drawn room as H.264, served over RTSP (RFC 2326) to whoever asks, over TCP alone."""

import asyncio
import base64
import contextlib
import fractions
import struct
from itertools import count
from typing import Any

import av
import cv2
import numpy as np

from proctor.api import nals_of, rtp_payloads

FPS = 10
GROUP = 10
SIZE = (640, 360)
FRAMES = 60
CLOCK = 90_000
PAYLOAD_TYPE = 96
NOISE = 3
"""Standard deviation of the sensor's noise, of 255 levels: a picture without any stands still."""
_SPS, _PPS = 7, 8


def draw_room(number: int) -> Any:
    """Draw one picture of a room with two rows of candidates at their desks, as a sensor sees it."""
    width, height = SIZE
    picture = np.full((height, width, 3), (188, 192, 196), np.uint8)
    cv2.rectangle(picture, (0, 0), (width, 70), (206, 210, 212), -1)
    for left in range(30, width, 160):
        cv2.rectangle(picture, (left, 12), (left + 90, 62), (236, 240, 244), -1)
        cv2.rectangle(picture, (left, 12), (left + 90, 62), (110, 112, 116), 2)
    for row, (top, size) in enumerate(((120, 26), (215, 38))):
        for seat in range(3):
            x = 110 + seat * 210 + int(4 * np.sin(number / 9 + seat * 2 + row))
            coat = (70 + seat * 40, 90 + row * 50, 120 + seat * 20)
            cv2.ellipse(picture, (x, top + 2 * size), (size + 12, size + 8), 0, 180, 360, coat, -1)
            cv2.circle(picture, (x, top), size // 2 + 4, (200, 166, 138), -1)
            cv2.ellipse(picture, (x, top - 4), (size // 2 + 5, size // 2), 0, 180, 360, (40, 34, 30), -1)
            cv2.rectangle(
                picture, (x - 2 * size, top + 2 * size), (x + 2 * size, top + 2 * size + 14), (150, 116, 84), -1
            )
    noise = np.random.Generator(np.random.PCG64(number)).normal(0, NOISE, (height, width, 1))
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def film_room(frames: int = FRAMES) -> list[list[bytes]]:
    """Return the units of each picture: baseline, a key picture every second, no picture predicted from a later one."""
    codec: Any = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.thread_count = *SIZE, 1
    codec.pix_fmt, codec.time_base = "yuv420p", fractions.Fraction(1, FPS)
    codec.gop_size, codec.max_b_frames, codec.bit_rate = GROUP, 0, 400_000
    codec.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
    film: list[list[bytes]] = []
    for number in range(frames):
        frame = av.VideoFrame.from_ndarray(draw_room(number), format="rgb24")
        frame.pts = number
        film += [nals_of(bytes(packet)) for packet in codec.encode(frame)]
    return film


class RoomCamera:
    """Serves a film over and over; every listener begins at its first picture."""

    def __init__(self, film: list[list[bytes]]) -> None:
        self._film = film
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> int:
        """Listen on loopback and return the port; raises OSError where it is taken."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening; who watches finds the connection gone."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        playing: asyncio.Task[None] | None = None
        try:
            while request := await _request(reader):
                method, url, sequence = request
                writer.write(self._answer(method, url, sequence))
                if method == "PLAY" and playing is None:
                    playing = asyncio.create_task(self._play(writer))
                if method == "TEARDOWN":
                    break
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            if playing is not None:
                playing.cancel()
            writer.close()

    def _answer(self, method: str, url: str, sequence: str) -> bytes:
        headers, body = [f"CSeq: {sequence}", "Session: 1"], ""
        if method == "OPTIONS":
            headers.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER")
        if method == "DESCRIBE":
            body = self._description()
            headers += [f"Content-Base: {url}/", "Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        if method == "SETUP":
            headers.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        return "\r\n".join(["RTSP/1.0 200 OK", *headers, "", body]).encode()

    def _description(self) -> str:
        sets = {unit[0] & 0x1F: unit for unit in self._film[0]}
        parameters = ",".join(base64.b64encode(sets[kind]).decode() for kind in (_SPS, _PPS))
        profile = sets[_SPS][1:4].hex()
        lines = [
            "v=0",
            "o=- 0 0 IN IP4 127.0.0.1",
            "s=room",
            "t=0 0",
            f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
            f"a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK}",
            f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={profile};sprop-parameter-sets={parameters}",
            "a=control:track0",
        ]
        return "\r\n".join(lines) + "\r\n"

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        began, sequence = loop.time(), 0
        with contextlib.suppress(OSError):
            for number in count():
                await asyncio.sleep(max(0.0, began + number / FPS - loop.time()))
                for payload, marker in rtp_payloads(self._film[number % len(self._film)]):
                    timestamp = number * CLOCK // FPS & 0xFFFFFFFF
                    head = struct.pack("!BBHLL", 0x80, marker << 7 | PAYLOAD_TYPE, sequence & 0xFFFF, timestamp, 1)
                    writer.write(struct.pack("!cBH", b"$", 0, len(head) + len(payload)) + head + payload)
                    sequence += 1
                await writer.drain()


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, str] | None:
    """Return method, address and sequence number of the next request, None at the end; reports between them are read over."""
    while (first := await reader.read(1)) == b"$":
        _, size = struct.unpack("!BH", await reader.readexactly(3))
        await reader.readexactly(size)
    if not first:
        return None
    lines = (first + await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    method, url, _ = lines[0].split(" ", 2)
    named = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    return method, url.rstrip("/"), named.get("CSeq", "0")
