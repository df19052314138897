"""Decks: how the pool of a blueprint is divided before it is dealt.

Each item serves one cell. A cell's items, ordered by difficulty, are cut into thirds; each third is a deck of its own,
of which every form gets a hand of the same size, so that all forms have the same profile of difficulty.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from exam.core.errors import ConflictError
from questionbank.blueprints.cells import Blueprint, PoolItem, find_shortages, item_classes, share_pool
from questionbank.forms.draw import Indexes, draw_orders

_THIRDS = 3


class BlueprintInfeasibleError(ConflictError):
    """The pool cannot fill the blueprint; `shortages` says which cells lack how many items."""

    code = "blueprint_infeasible"
    message = "题库不足,无法按细目表组卷。请补充试题或调整细目表。"


class Deck(NamedTuple):
    """Interchangeable items of one cell, as indexes into the sorted pool by difficulty; each form gets `hand` of them.

    `part` counts the decks of a cell from 0.
    """

    cell: int
    part: int
    members: Indexes
    hand: int

    @property
    def turned(self) -> int:
        """How many items of the deck change hands: those dealt, or those left out where they are fewer."""
        return min(self.hand, len(self.members) - self.hand)

    @property
    def distance(self) -> int:
        """So many items are turned at least from one turn of an item to its next."""
        return len(self.members) // 2 + 1

    @property
    def shared(self) -> int:
        """So many items of the deck two neighbours have in common at most."""
        return max(0, 2 * self.hand - len(self.members)) + max(0, 2 * self.turned - self.distance)


def build_decks(blueprint: Blueprint, items: Sequence[PoolItem], *, seed: bytes, sitting: str) -> list[Deck]:
    """Return the decks of all cells over a pool sorted by id; raises `BlueprintInfeasibleError`.

    A cell is cut into thirds where every third can hold two hands; a smaller one stays one deck, because cutting it
    would leave items that never come up.
    """
    difficulty = difficulties(items)
    decks = []
    for number, (cell, members) in enumerate(
        zip(blueprint.cells, _members(blueprint, items, seed, sitting), strict=True)
    ):
        ranked = members[np.argsort(difficulty[members], kind="stable")]
        cut = cell.count >= _THIRDS and len(ranked) >= 2 * cell.count
        sizes, hands = (_in_thirds(len(ranked)), _in_thirds(cell.count)) if cut else ((len(ranked),), (cell.count,))
        edges = [sum(sizes[:part]) for part in range(len(sizes) + 1)]
        for part, ((start, end), hand) in enumerate(zip(pairwise(edges), hands, strict=True)):
            decks.append(Deck(number, part, ranked[start:end], hand))
    return decks


def difficulties(items: Sequence[PoolItem]) -> Indexes:
    """Return the difficulty of every item, in per cent."""
    return np.fromiter((item.difficulty for item in items), dtype=np.int64, count=len(items))


def _members(blueprint: Blueprint, items: Sequence[PoolItem], seed: bytes, sitting: str) -> list[Indexes]:
    """Return the items of each cell, ascending; of a class that serves several cells chance says which goes where."""
    classes = item_classes(blueprint, items)
    shortages = find_shortages(blueprint, classes)
    if shortages:
        raise BlueprintInfeasibleError(shortages=shortages)
    allotment = share_pool(blueprint, classes)
    parts: list[list[Indexes]] = [[] for _ in blueprint.cells]
    for number, group in enumerate(classes):
        members = np.array(group.members, dtype=np.int64)
        if len(group.cells) > 1:
            members = members[draw_orders(seed, sitting, "share", str(number), rows=1, size=len(members))[0]]
        start = 0
        for cell in group.cells:
            end = start + allotment.taken[cell][number]
            parts[cell].append(members[start:end])
            start = end
    return [np.sort(np.concatenate(each)) for each in parts]


def _in_thirds(total: int) -> tuple[int, int, int]:
    """Divide by three; a remainder goes to the middle or to both ends, so that the centre of difficulty stays put."""
    share, rest = divmod(total, _THIRDS)
    return (share + rest // 2, share + rest % 2, share + rest // 2)
