"""Shamir's secret sharing over GF(256), byte by byte (A. Shamir, How to share a secret, 1979).

A share is its number (1…255, the point) and the values of one polynomial for each byte of the secret; any k of them
give the secret, k − 1 of them are uniformly random bytes.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

_REDUCTION: Final = 0x11B
"""x⁸ + x⁴ + x³ + x + 1, the field of AES (FIPS 197 §4.2)."""
_ORDER: Final = 255


def _tables() -> tuple[list[int], list[int]]:
    powers, logarithms, value = [0] * (2 * _ORDER), [0] * 256, 1
    for exponent in range(_ORDER):
        powers[exponent] = powers[exponent + _ORDER] = value
        logarithms[value] = exponent
        value ^= value << 1
        value ^= _REDUCTION if value > _ORDER else 0
    return powers, logarithms


_POWERS, _LOGARITHMS = _tables()


def _times(first: int, second: int) -> int:
    if not first or not second:
        return 0
    return _POWERS[_LOGARITHMS[first] + _LOGARITHMS[second]]


def _over(first: int, second: int) -> int:
    if not first:
        return 0
    return _POWERS[_LOGARITHMS[first] - _LOGARITHMS[second] + _ORDER]


def split(secret: bytes, *, shares: int, threshold: int) -> dict[int, bytes]:
    """Return `shares` shares by number, any `threshold` of which give the secret; ValueError on impossible counts."""
    if not 1 <= threshold <= shares <= _ORDER:
        message = "1 ≤ threshold ≤ shares ≤ 255"
        raise ValueError(message)
    above = [secrets.token_bytes(len(secret)) for _ in range(threshold - 1)]
    return {
        point: bytes(_value_at(point, column) for column in zip(secret, *above, strict=True))
        for point in range(1, shares + 1)
    }


def _value_at(point: int, coefficients: Sequence[int]) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = _times(value, point) ^ coefficient
    return value


def combine(shares: Mapping[int, bytes]) -> bytes:
    """Return the secret of at least `threshold` true shares; fewer or false ones give other bytes and no error."""
    points = list(shares)
    weights = [_weight(point, points) for point in points]
    columns = zip(*shares.values(), strict=True)
    return bytes(_sum(map(_times, column, weights)) for column in columns)


def _weight(point: int, points: Sequence[int]) -> int:
    """Return the Lagrange weight at zero."""
    weight = 1
    for other in points:
        if other != point:
            weight = _times(weight, _over(other, other ^ point))
    return weight


def _sum(values: Iterable[int]) -> int:
    total = 0
    for value in values:
        total ^= value
    return total
