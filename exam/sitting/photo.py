"""The candidate's portrait: whatever is uploaded becomes one plain small JPEG, without what a camera adds."""

import asyncio
import io
import warnings

from PIL import Image, ImageOps

from exam.sitting.errors import PhotoDamagedError, PhotoFormatError, PhotoSizeError

MAX_BYTES = 2 * 1024 * 1024
SIZE_PX = (358, 441)
"""26 mm by 32 mm at 350 dpi, the size of the portrait on an identity card (GA/T 461)."""
MIN_SIDE_PX = 100
MAX_PIXELS = 40_000_000
QUALITY = 88
_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_WHITE = (255, 255, 255)
_HEAD = 0.35
"""How far down the middle of a cut stands: heads are in the upper part of a portrait."""


async def prepare_photo(data: bytes) -> bytes:
    """Return a 358×441 JPEG without metadata; raises PhotoFormatError, PhotoSizeError and PhotoDamagedError."""
    if len(data) > MAX_BYTES:
        raise PhotoSizeError(limit_mb=MAX_BYTES // 1024 // 1024)
    if not data.startswith(_MAGIC):
        raise PhotoFormatError
    return await asyncio.to_thread(_reencode, data)


def _reencode(data: bytes) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit below is lower
            picture = _decode(data)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise _damaged() from error
    out = io.BytesIO()
    ImageOps.fit(picture, SIZE_PX, Image.Resampling.LANCZOS, centering=(0.5, _HEAD)).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _decode(data: bytes) -> Image.Image:
    picture: Image.Image = Image.open(io.BytesIO(data), formats=("JPEG", "PNG"))
    if min(picture.size) < MIN_SIDE_PX or picture.width * picture.height > MAX_PIXELS:
        raise _damaged()
    picture.draft("RGB", (SIZE_PX[0] * 2, SIZE_PX[1] * 2))
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    plain = Image.new("RGB", upright.size, _WHITE)
    plain.paste(upright, mask=upright.getchannel("A"))
    return plain


def _damaged() -> PhotoDamagedError:
    return PhotoDamagedError(least=MIN_SIDE_PX, most=MAX_PIXELS // 10_000)
