"""Sharing a key: any k give it, fewer give nothing; a share opens for its custodian, its sitting, its view only."""

import secrets

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from questionbank.custody.envelope import seal_share, share_context
from questionbank.custody.shamir import combine, split
from tests.builders.custody import open_share

CONTEXT = share_context(sitting="s1", view="candidate", number=2)


def _gf_times(first: int, second: int) -> int:
    """Multiply by shifting, the definition: independent of the module's tables."""
    product = 0
    while second:
        product ^= first if second & 1 else 0
        first = (first << 1) ^ (0x11B if first & 0x80 else 0)
        second >>= 1
    return product


@settings(max_examples=60)
@given(data=st.data(), secret=st.binary(min_size=1, max_size=40))
def test_any_threshold_of_shares_gives_the_secret(data: st.DataObject, secret: bytes) -> None:
    count = data.draw(st.integers(1, 9))
    threshold = data.draw(st.integers(1, count))
    shares = split(secret, shares=count, threshold=threshold)
    chosen = data.draw(st.permutations(sorted(shares)))[: data.draw(st.integers(threshold, count))]
    assert combine({number: shares[number] for number in chosen}) == secret


def test_one_share_too_few_says_nothing_about_the_secret() -> None:
    """For every possible secret byte there is a third share that fits two given ones."""
    shares = split(b"\x2a", shares=3, threshold=3)
    fits = {combine({1: shares[1], 2: shares[2], 3: bytes([third])})[0] for third in range(256)}
    assert fits == set(range(256))


def test_the_polynomial_is_the_one_of_the_definition() -> None:
    shares = split(b"\x07", shares=3, threshold=2)
    slope = shares[1][0] ^ 0x07
    assert [share[0] for share in shares.values()] == [_gf_times(point, slope) ^ 0x07 for point in (1, 2, 3)]


@pytest.mark.parametrize(("shares", "threshold"), [(0, 0), (2, 3), (256, 2), (3, 0)])
def test_impossible_counts_are_refused(shares: int, threshold: int) -> None:
    with pytest.raises(ValueError, match="threshold"):
        split(b"x", shares=shares, threshold=threshold)


def _pair() -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    private = ec.generate_private_key(ec.SECP256R1())
    return private, private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def test_a_share_opens_for_its_holder_alone() -> None:
    (mine, public), (other, _) = _pair(), _pair()
    share = secrets.token_bytes(32)
    sealed = seal_share(public, share, CONTEXT)
    assert open_share(mine, sealed, CONTEXT) == share
    with pytest.raises(InvalidTag):
        open_share(other, sealed, CONTEXT)


@pytest.mark.parametrize(
    "other",
    [
        share_context(sitting="s2", view="candidate", number=2),
        share_context(sitting="s1", view="scoring", number=2),
        share_context(sitting="s1", view="candidate", number=1),
    ],
)
def test_a_share_opens_in_its_own_place_only(other: bytes) -> None:
    mine, public = _pair()
    with pytest.raises(InvalidTag):
        open_share(mine, seal_share(public, b"share", CONTEXT), other)


@settings(max_examples=60)
@given(data=st.data())
def test_a_changed_bit_never_opens(data: st.DataObject) -> None:
    mine, public = _pair()
    sealed = bytearray(seal_share(public, b"0123456789abcdef", CONTEXT))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((InvalidTag, ValueError)):
        open_share(mine, bytes(sealed), CONTEXT)
