"""PostgreSQL's binary format of the few types that the answer path sends and reads (array_send, uuid_send, …).

An array is: dimensions i32, has nulls i32, element type u32, length i32, lower bound i32, then each element as its
length i32 and its bytes; all big-endian. An instant is microseconds since 2000-01-01.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain, repeat
from struct import Struct, pack

EPOCH_US = 946_684_800_000_000
"""2000-01-01 in Unix microseconds."""

_UUID, _INT, _TEXT, _INSTANT = 2950, 23, 25, 1184
_HEAD = Struct(">iiIii")
_LENGTH = Struct(">i")
_COUNT = Struct(">q")
_UUID_LENGTH = _LENGTH.pack(16)


def uuids(values: Sequence[bytes]) -> bytes:
    """Return a uuid[] of 16-byte values."""
    return _head(_UUID, len(values)) + _UUID_LENGTH.join((b"", *values))


def ints(values: Sequence[int]) -> bytes:
    """Return an int[]."""
    return _head(_INT, len(values)) + pack(f">{2 * len(values)}i", *_with_length(4, values))


def instants(values: Sequence[int]) -> bytes:
    """Return a timestamptz[] of Unix microseconds."""
    moved = [value - EPOCH_US for value in values]
    return _head(_INSTANT, len(values)) + pack(">" + "iq" * len(values), *_with_length(8, moved))


def texts(values: Sequence[str]) -> bytes:
    """Return a text[]."""
    encoded = [value.encode() for value in values]
    return _head(_TEXT, len(values)) + b"".join(
        chain.from_iterable((_LENGTH.pack(len(each)), each) for each in encoded)
    )


def read_instant(value: bytes) -> int:
    """Return the Unix microseconds of a timestamptz."""
    return read_count(value) + EPOCH_US


@lru_cache(maxsize=20_000)  # a deadline comes back with each of its attempt's requests
def read_datetime(value: bytes) -> datetime:
    """Return a timestamptz as an aware UTC instant."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=read_instant(value))


def read_count(value: bytes) -> int:
    """Return a bigint."""
    number: int = _COUNT.unpack(value)[0]
    return number


def _head(element: int, length: int) -> bytes:
    return _HEAD.pack(1, 0, element, length, 1)


def _with_length(size: int, values: Iterable[int]) -> Iterable[int]:
    return chain.from_iterable(zip(repeat(size), values, strict=False))
