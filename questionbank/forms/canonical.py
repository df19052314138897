"""One byte sequence per value: the bytes that are hashed, sealed and signed."""

import hashlib
from typing import Any

import msgspec


def canonical(value: Any) -> bytes:
    """Return canonical JSON: UTF-8 without blanks, object keys and sets sorted, integers only.

    A float anywhere raises `TypeError`: two programs may print the same float differently.
    """
    _refuse_floats(msgspec.to_builtins(value))
    return msgspec.json.encode(value, order="sorted")


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical bytes as 64 hexadecimal digits."""
    return digest_of(canonical(value))


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of bytes that are canonical already, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        message = "a float has no canonical form; use integer hundredths"
        raise TypeError(message)
    if isinstance(value, dict):
        for key, entry in value.items():
            _refuse_floats(key)
            _refuse_floats(entry)
    elif isinstance(value, list | tuple | set | frozenset):
        for entry in value:
            _refuse_floats(entry)
