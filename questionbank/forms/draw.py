"""The stated random generator behind every form, so that a committed seed reproduces it byte for byte.

Algorithm `ankao-draw-2`. The stream of (seed, context₁ … contextₙ) is the output of SHAKE-256 (FIPS 202) over the
concatenation of the parts "ankao-draw-2", seed, context₁ … contextₙ, each preceded by its length in bytes as four
big-endian bytes; text is UTF-8.

An order of n things is the next n words of a stream, eight little-endian bytes each, the last 20 bits of a word replaced
by the thing's place from 0: the things stand as their words rise. Several orders of one size follow one another.

A draw below n takes the fewest whole bytes w with 256^w ≥ n from the stream, reads them as a big-endian number and takes
again while the number is not below the greatest multiple of n within 256^w. A draw below 1 takes nothing.
"""

import hashlib
from typing import Final

import numpy as np

ALGORITHM: Final = "ankao-draw-2"

PLACE_BITS: Final = 20
"""So many bits of a word tell the place: an order has at most 2^20 things, and two words that tie otherwise are as
unlikely among 20,000 things as one draw in 80,000."""

_FIRST_SQUEEZE: Final = 512
_WORD: Final = 8
_PLACES: Final = np.uint64((1 << PLACE_BITS) - 1)

Words = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]
Indexes = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def draw_words(seed: bytes, *context: str, count: int) -> Words:
    """Return the first `count` words of a stream."""
    data = hashlib.shake_256(_absorbed(seed, context)).digest(_WORD * count)
    return np.frombuffer(data, dtype="<u8").astype(np.uint64, copy=False)


def order_words(words: Words) -> Indexes:
    """Return the orders that words state, along the last axis; more than 2^20 words there are a `ValueError`."""
    size = words.shape[-1]
    if size > 1 << PLACE_BITS:
        message = f"an order of {size} things is too long"
        raise ValueError(message)
    placed = (words & ~_PLACES) | np.arange(size, dtype=np.uint64)
    placed.sort(axis=-1)
    return (placed & _PLACES).astype(np.int64)


def draw_orders(seed: bytes, *context: str, rows: int, size: int) -> Indexes:
    """Return `rows` orders of `size` things, shape (rows, size)."""
    return order_words(draw_words(seed, *context, count=rows * size).reshape(rows, size))


class Stream:
    """Single uniform draws from one seed and context; the same arguments give the same draws for ever."""

    def __init__(self, seed: bytes, *context: str) -> None:
        self._sponge = hashlib.shake_256(_absorbed(seed, context))
        self._bytes = self._sponge.digest(_FIRST_SQUEEZE)
        self._at = 0

    def below(self, n: int) -> int:
        """Return a whole number from 0 to n - 1, each equally likely; n below 1 is a `ValueError`."""
        if n < 1:
            message = f"nothing lies below {n}"
            raise ValueError(message)
        width = ((n - 1).bit_length() + 7) // 8
        limit = (1 << 8 * width) // n * n
        while True:
            while self._at + width > len(self._bytes):
                self._squeeze()
            number = int.from_bytes(self._bytes[self._at : self._at + width], "big")
            self._at += width
            if number < limit:
                return number % n

    def _squeeze(self) -> None:
        """Double the output; what was squeezed before is a prefix of it."""
        self._bytes = self._sponge.digest(2 * len(self._bytes))


def _absorbed(seed: bytes, context: tuple[str, ...]) -> bytes:
    parts = [ALGORITHM.encode(), seed, *(part.encode() for part in context)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)
