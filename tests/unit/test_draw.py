import hashlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questionbank.forms.draw import Stream, draw_orders, draw_words

SEED = bytes(range(32))
GOLDEN_ORDER = [0, 9, 6, 7, 5, 2, 8, 4, 3, 1]
GOLDEN_DRAWS = [0, 2, 32, 241, 68134]


def stated(*context: str, size: int) -> bytes:
    parts = [b"ankao-draw-2", SEED, *(part.encode() for part in context)]
    return hashlib.shake_256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest(size)


def test_draws_follow_the_stated_algorithm() -> None:
    stream = Stream(SEED, "sitting", "exchange")
    assert bytes(stream.below(256) for _ in range(2000)) == stated("sitting", "exchange", size=2000)


def test_wide_draws_read_big_endian_and_reject_the_uneven_rest() -> None:
    data = stated(size=4000)
    words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, 4000, 2)]
    expected = [word % 1000 for word in words if word < 65_000]
    stream = Stream(SEED)
    assert [stream.below(1000) for _ in expected] == expected


@settings(max_examples=40)
@given(st.integers(0, 4), st.integers(1, 40), st.text(max_size=4))
def test_orders_follow_the_stated_algorithm(rows: int, size: int, context: str) -> None:
    """The whole of it without numpy: an auditor's own program would look like this."""
    data = stated("sitting", context, size=8 * rows * size)
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)]
    expected = []
    for row in range(rows):
        placed = [(word >> 20, place) for place, word in enumerate(words[row * size : (row + 1) * size])]
        expected.append([place for _, place in sorted(placed)])
    assert draw_orders(SEED, "sitting", context, rows=rows, size=size).tolist() == expected


def test_the_algorithm_never_changes() -> None:
    stream = Stream(SEED, "golden")
    assert draw_orders(SEED, "golden", rows=1, size=10).tolist() == [GOLDEN_ORDER]
    assert [stream.below(n) for n in (2, 7, 256, 257, 100_000)] == GOLDEN_DRAWS


@settings(max_examples=60)
@given(st.binary(min_size=16, max_size=32), st.integers(1, 1 << 40))
def test_a_draw_lies_below_its_bound(seed: bytes, n: int) -> None:
    stream = Stream(seed)
    assert all(0 <= stream.below(n) < n for _ in range(20))


def test_contexts_that_join_to_the_same_text_give_different_streams() -> None:
    assert draw_words(SEED, "ab", "c", count=3).tolist() != draw_words(SEED, "a", "bc", count=3).tolist()


@pytest.mark.parametrize("n", [3, 7, 200, 300])
def test_draws_are_even(n: int) -> None:
    stream = Stream(SEED, "even")
    counts = Counter(stream.below(n) for _ in range(200 * n))
    surprise = sum((counts[each] - 200) ** 2 / 200 for each in range(n))
    assert surprise < n + 5 * (2 * n) ** 0.5


def test_every_order_of_four_things_comes_up_evenly() -> None:
    counts = Counter(map(tuple, draw_orders(SEED, "orders", rows=4800, size=4).tolist()))
    assert len(counts) == 24
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 24 + 5 * 48**0.5


@pytest.mark.parametrize("n", [0, -1])
def test_nothing_can_be_drawn_below_one(n: int) -> None:
    with pytest.raises(ValueError, match="below"):
        Stream(SEED).below(n)


def test_an_order_too_long_to_tell_places_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        draw_orders(SEED, rows=1, size=(1 << 20) + 1)
    assert np.array_equal(np.sort(draw_orders(SEED, rows=1, size=5000)[0]), np.arange(5000))
