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
from questionbank.blueprints.constraints import Target
from questionbank.forms.draw import Indexes, draw_orders
from questionbank.forms.quotas import SCALE, ConstraintUnmetError, Supply, aim_hands, share_fresh

_THIRDS = 3


class BlueprintInfeasibleError(ConflictError):
    """The pool cannot fill the blueprint; `shortages` says which cells lack how many items."""

    code = "blueprint_infeasible"
    message = "题库不足,无法按细目表组卷。请补充试题或调整细目表。"


Stratum = tuple[Indexes, int]
"""Items of a cell, and how many of them each form gets."""


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

    def exposes(self, most: int) -> bool:
        """Tell whether its items come up on more than `most` per cent of many forms."""
        return self.hand * 100 > most * len(self.members)

    @property
    def distance(self) -> int:
        """So many items are turned at least from one turn of an item to its next."""
        return len(self.members) // 2 + 1


def build_decks(blueprint: Blueprint, items: Sequence[PoolItem], *, seed: bytes, sitting: str) -> list[Deck]:
    """Return the decks of all cells over a pool sorted by id.

    A cell is cut into thirds where every third can hold two hands; a smaller one stays one deck, because cutting it
    would leave items that never come up. Where a form must hold new items, those of a cell and its older ones are
    divided first. Where the blueprint has a target of difficulty, hands are moved between the thirds until it is met; where
    it has a greatest exposure, a cell whose thirds would differ too much for it stays one deck.
    Raises `BlueprintInfeasibleError` and `ConstraintUnmetError`.
    """
    difficulty, most = difficulties(items), blueprint.exposure or 100
    decks, strata = [], []
    for number, parted in enumerate(_strata(blueprint, items, seed, sitting)):
        cut = [(stratum, *part) for stratum, each in enumerate(parted) for part in _cut(each, difficulty, most)]
        decks += [Deck(number, part, members, hand) for part, (_, members, hand) in enumerate(cut)]
        strata += [(number, stratum) for stratum, *_ in cut]
    decks = _aimed(decks, strata, difficulty, blueprint.target) if blueprint.target else decks
    if any(deck.exposes(most) for deck in decks):
        raise ConstraintUnmetError(constraint="exposure")
    return decks


def _aimed(decks: Sequence[Deck], strata: Sequence[tuple[int, int]], difficulty: Indexes, target: Target) -> list[Deck]:
    """Return the decks with hands that meet the target; what nobody gets is no deck."""
    supplies = []
    for deck, stratum in zip(decks, strata, strict=True):
        values = difficulty[deck.members]
        mean, square = (int(worth.sum()) * SCALE // len(values) for worth in (values, (values - target.mean) ** 2))
        supplies.append(Supply(stratum, len(values), mean, square))
    hands = aim_hands(supplies, [deck.hand for deck in decks], target)
    return [deck._replace(hand=hand) for deck, hand in zip(decks, hands, strict=True) if hand]


def _cut(stratum: Stratum, difficulty: Indexes, most: int) -> list[Stratum]:
    """Cut by difficulty into thirds, where there is enough of it and none exposes its items too much."""
    members, count = stratum
    ranked = members[np.argsort(difficulty[members], kind="stable")]
    if count < _THIRDS or len(ranked) < 2 * count:
        return [(ranked, count)]
    edges = np.cumsum([0, *_in_thirds(len(ranked))]).tolist()
    thirds = [(ranked[start:end], hand) for (start, end), hand in zip(pairwise(edges), _in_thirds(count), strict=True)]
    return [(ranked, count)] if any(hand * 100 > most * len(part) for part, hand in thirds) else thirds


def _strata(blueprint: Blueprint, items: Sequence[PoolItem], seed: bytes, sitting: str) -> list[list[Stratum]]:
    """Return the items of each cell and how many of them a form gets, the new ones apart where it must hold some."""
    members = _members(blueprint, items, seed, sitting)
    fresh = blueprint.fresh
    if fresh is None:
        return [[(each, cell.count)] for each, cell in zip(members, blueprint.cells, strict=True)]
    is_new = np.fromiter((fresh.counts(item.since) for item in items), dtype=np.bool_, count=len(items))
    sizes = [(int(is_new[each].sum()), int((~is_new[each]).sum())) for each in members]
    quotas = share_fresh([cell.count for cell in blueprint.cells], sizes, fresh)
    return [
        [part for part in ((each[is_new[each]], quota), (each[~is_new[each]], cell.count - quota)) if part[1]]
        for each, cell, quota in zip(members, blueprint.cells, quotas, strict=True)
    ]


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
