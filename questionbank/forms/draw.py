"""The stated random generator behind every form, so that a committed seed reproduces it byte for byte.

Algorithm `ankao-draw-1`. The stream of (seed, context₁ … contextₙ) is the output of SHAKE-256 (FIPS 202) over the
concatenation of the parts "ankao-draw-1", seed, context₁ … contextₙ, each preceded by its length in bytes as four
big-endian bytes; text is UTF-8. A draw below n takes the fewest whole bytes w with 256^w ≥ n from the stream, reads
them as a big-endian number and takes again while the number is not below the greatest multiple of n within 256^w.
A draw below 1 takes nothing. A shuffle runs i from the last index down to 1 and swaps i with a draw below i + 1.
"""

import hashlib
from collections.abc import Iterable
from typing import TypeVar

ALGORITHM = "ankao-draw-1"

_FIRST_SQUEEZE = 512

T = TypeVar("T")


class Stream:
    """Uniform draws from one seed and context; the same arguments give the same draws for ever."""

    def __init__(self, seed: bytes, *context: str) -> None:
        parts = [ALGORITHM.encode(), seed, *(part.encode() for part in context)]
        self._sponge = hashlib.shake_256(b"".join(len(part).to_bytes(4, "big") + part for part in parts))
        self._bytes = self._sponge.digest(_FIRST_SQUEEZE)
        self._at = 0

    def below(self, n: int) -> int:
        """Return a whole number from 0 to n - 1, each equally likely; n below 1 is a `ValueError`."""
        if n <= 1:
            if n < 1:
                message = f"nothing lies below {n}"
                raise ValueError(message)
            return 0
        if n <= 256:  # noqa: PLR2004 - one byte, the case of almost every draw
            limit = 256 - 256 % n
            while True:
                if self._at == len(self._bytes):
                    self._squeeze()
                number = self._bytes[self._at]
                self._at += 1
                if number < limit:
                    return number % n
        return self._below_wide(n)

    def _below_wide(self, n: int) -> int:
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

    def shuffle(self, things: Iterable[T]) -> list[T]:
        """Return the things in a uniformly random order."""
        order = list(things)
        below = self.below
        for last in range(len(order) - 1, 0, -1):
            pick = below(last + 1)
            order[last], order[pick] = order[pick], order[last]
        return order
