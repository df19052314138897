"""Files that stand in the text of items."""

import io
import wave

import numpy as np
from PIL import Image


def picture_file(colour: str, kind: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    """Return a picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def sound_file(seconds: int, rate: int = 8000) -> bytes:
    """Return a WAV file with a tone of 440 Hz."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        tone = np.sin(np.arange(seconds * rate) * 2 * np.pi * 440 / rate)
        sound.writeframes((8000 * tone).astype("<i2").tobytes())
    return out.getvalue()
