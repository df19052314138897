"""Dealing decks into hands and balancing the hands of each form, in whole arrays; pure.

A deck is parted into two random halves, which are shuffled and dealt in turns, each anew for every pass. So no item is used
twice more often than another, and none comes again before half of the deck has been dealt: neighbours share nothing. The
hands of a deck then change places within short runs of forms, the hardest going to the form that is easiest so far.
"""

from collections.abc import Sequence

import numpy as np

from questionbank.forms.decks import Deck
from questionbank.forms.draw import Indexes, draw_orders

MOST_BALANCED = 64
"""Forms of one run, at most; more of them gain nothing."""


def deal_decks(decks: Sequence[Deck], forms: int, difficulty: Indexes, *, seed: bytes, sitting: str) -> list[Indexes]:
    """Return the hands of each deck, shape (forms, hand): row n is what the form at place n holds.

    `difficulty` holds the difficulty of every item of the pool. Two rows after each other have at most max(0, 2 hand - members)
    + max(0, 2 turned - distance) items of a deck in common.
    """
    hands = [_deal(deck, forms, seed, (sitting, str(deck.cell), str(deck.part))) for deck in decks]
    _balance(decks, hands, difficulty)
    return hands


def _deal(deck: Deck, forms: int, seed: bytes, context: tuple[str, ...]) -> Indexes:
    """Deal hands without repetition; of a deck that is mostly dealt, what is left out is dealt instead."""
    members, turned = deck.members, deck.turned
    if not turned:
        return np.tile(members, (forms, 1))
    size = len(members)
    halves = members[draw_orders(seed, *context, "halves", rows=1, size=size)[0]]
    passes, middle = -(-forms * turned // size), size // 2
    first = halves[:middle][draw_orders(seed, *context, "first", rows=passes, size=middle)]
    second = halves[middle:][draw_orders(seed, *context, "second", rows=passes, size=size - middle)]
    dealt = np.concatenate((first, second), axis=1).reshape(-1)[: forms * turned].reshape(forms, turned)
    return dealt if turned == deck.hand else _left_over(members, dealt)


def _left_over(members: Indexes, left_out: Indexes) -> Indexes:
    """Return the members that each row leaves."""
    kept = np.ones((len(left_out), len(members)), dtype=np.bool_)
    place = np.argsort(members, kind="stable")
    found = place[np.searchsorted(members, left_out, sorter=place)]
    np.put_along_axis(kept, found, values=False, axis=1)
    return members[np.nonzero(kept)[1]].reshape(len(left_out), -1)


def _balance(decks: Sequence[Deck], hands: list[Indexes], difficulty: Indexes) -> None:
    """Move the hands of each deck so that hard ones meet easy ones; the decks of the widest range go first.

    A hand moves within a run of forms so short that two runs together take no item of the deck twice.
    """
    ranges = [int(np.ptp(difficulty[deck.members])) if deck.turned else 0 for deck in decks]
    total = np.zeros(len(hands[0]) if hands else 0, dtype=np.int64)
    for number in sorted(range(len(decks)), key=lambda each: (-ranges[each], each)):
        deck = decks[number]
        sums = difficulty[hands[number]].sum(axis=1)
        if ranges[number]:
            run = max(1, min(MOST_BALANCED, deck.distance // (2 * deck.turned)))
            moved = _oppose(total, sums, run)
            hands[number], sums = hands[number][moved], sums[moved]
        total += sums


def _oppose(total: Indexes, sums: Indexes, run: int) -> Indexes:
    """Return for each form which hand it takes: within a run the easiest form takes the hardest hand, and so on."""
    whole = len(total) // run * run
    moved = np.empty(len(total), dtype=np.int64)
    for start, length, size in ((0, whole, run), (whole, len(total) - whole, len(total) - whole)):
        if length:
            part = slice(start, start + length)
            base = start + np.arange(0, length, size, dtype=np.int64)[:, np.newaxis]
            forms = (base + _ranked(total[part].reshape(-1, size))).reshape(-1)
            moved[forms] = (base + _ranked(-sums[part].reshape(-1, size))).reshape(-1)
    return moved


def _ranked(values: Indexes) -> Indexes:
    """Return the columns of each row as its values rise, ties by column."""
    columns = values.shape[1]
    placed = values * columns + np.arange(columns)
    placed.sort(axis=1)
    return np.asarray(placed % columns, dtype=np.int64)
