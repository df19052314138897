import hashlib
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionbank.forms.draw import Stream

SEED = bytes(range(32))
GOLDEN_SHUFFLE = [7, 4, 8, 9, 1, 5, 0, 2, 6, 3]
GOLDEN_DRAWS = [1, 3, 96, 17, 23461]


def test_draws_follow_the_stated_algorithm() -> None:
    parts = [b"ankao-draw-1", SEED, b"sitting", b"deal"]
    stated = hashlib.shake_256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest(2000)
    stream = Stream(SEED, "sitting", "deal")
    assert bytes(stream.below(256) for _ in range(2000)) == stated


def test_wide_draws_read_big_endian_and_reject_the_uneven_rest() -> None:
    parts = [b"ankao-draw-1", SEED]
    stated = hashlib.shake_256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest(4000)
    words = [int.from_bytes(stated[at : at + 2], "big") for at in range(0, 4000, 2)]
    expected = [word % 1000 for word in words if word < 65_000]
    stream = Stream(SEED)
    assert [stream.below(1000) for _ in expected] == expected


def test_the_algorithm_never_changes() -> None:
    stream = Stream(SEED, "golden")
    assert stream.shuffle(range(10)) == GOLDEN_SHUFFLE
    assert [stream.below(n) for n in (2, 7, 256, 257, 100_000)] == GOLDEN_DRAWS


@settings(max_examples=60)
@given(st.binary(min_size=16, max_size=32), st.integers(1, 1 << 40))
def test_a_draw_lies_below_its_bound(seed: bytes, n: int) -> None:
    stream = Stream(seed)
    assert all(0 <= stream.below(n) < n for _ in range(20))


@settings(max_examples=40)
@given(st.lists(st.integers(), max_size=50), st.text())
def test_a_shuffle_keeps_every_thing_and_repeats_for_the_same_context(things: list[int], context: str) -> None:
    shuffled = Stream(SEED, context).shuffle(things)
    assert sorted(shuffled) == sorted(things)
    assert shuffled == Stream(SEED, context).shuffle(things)


def test_contexts_that_join_to_the_same_text_give_different_streams() -> None:
    assert Stream(SEED, "ab", "c").shuffle(range(30)) != Stream(SEED, "a", "bc").shuffle(range(30))


@pytest.mark.parametrize("n", [3, 7, 200, 300])
def test_draws_are_even(n: int) -> None:
    stream = Stream(SEED, "even")
    counts = Counter(stream.below(n) for _ in range(200 * n))
    surprise = sum((counts[each] - 200) ** 2 / 200 for each in range(n))
    assert surprise < n + 5 * (2 * n) ** 0.5


def test_every_order_of_four_things_comes_up_evenly() -> None:
    stream = Stream(SEED, "orders")
    counts = Counter(tuple(stream.shuffle("ABCD")) for _ in range(4800))
    assert len(counts) == 24
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 24 + 5 * 48**0.5


@pytest.mark.parametrize("n", [0, -1])
def test_nothing_can_be_drawn_below_one(n: int) -> None:
    with pytest.raises(ValueError, match="below"):
        Stream(SEED).below(n)
