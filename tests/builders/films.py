"""Small films and PDFs for tests, made by the codecs that the product itself uses."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from fractions import Fraction
from io import BytesIO
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

MARKS, SOUND_RATE = 16, 48_000


def film_bytes(
    seconds: int = 16,
    *,
    codec: str = "libx264",
    container: str = "mp4",
    size: tuple[int, int] = (160, 90),
    rate: int = 5,
    start_s: int = 0,
    sound: bool = False,
) -> bytes:
    """Return a film with a moving bar, a key frame each second; its own clock begins at `start_s`, silence with its sound."""
    target = BytesIO()
    with closing(av.open(target, "w", format=container)) as written:
        track = cast("VideoStream", written.add_stream(codec, rate=rate, options={"g": str(rate)}))
        track.width, track.height, track.pix_fmt = *size, "yuv420p"
        heard = written.add_stream("aac", rate=SOUND_RATE, layout="mono") if sound else None
        for number in range(seconds * rate):
            for packet in _silence(heard, start_s * rate + number, rate) if heard is not None else ():
                written.mux(packet)
            picture = np.full((size[1], size[0], 3), 40, np.uint8)
            picture[:, number % MARKS * size[0] // MARKS :][:, : size[0] // MARKS] = (250, 190, 40)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = start_s * rate + number, Fraction(1, rate)
            for packet in track.encode(frame):
                written.mux(packet)
        for packet in track.encode():
            written.mux(packet)
    return target.getvalue()


def _silence(track: AudioStream, number: int, rate: int) -> "Iterator[Packet[AudioStream]]":
    """Yield the sound that comes before a picture."""
    samples = SOUND_RATE // rate
    frame = av.AudioFrame.from_ndarray(np.zeros((1, samples), np.float32), format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, number * samples, Fraction(1, SOUND_RATE)
    yield from track.encode(frame)


def pdf_bytes(pages: Sequence[str], *, password: str = "", size: tuple[float, float] = (400, 300)) -> bytes:
    """Return a PDF with one line of text a page."""
    target = BytesIO()
    canvas = Canvas(target, pagesize=size, encrypt=StandardEncryption(password, canPrint=0) if password else None)
    for words in pages:
        canvas.drawString(20, size[1] / 2, words)
        canvas.showPage()
    canvas.save()
    return target.getvalue()
