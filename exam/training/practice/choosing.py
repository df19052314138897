"""Which item comes next; pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from questionbank.api import PoolItem

Draw = Callable[[int], int]
"""Returns a whole number from 0 to n - 1."""


class Mode(StrEnum):
    """What is practised: a node, anything, what was answered wrong, what was kept."""

    NODE = "node"
    RANDOM = "random"
    WRONG = "wrong"
    FAVOURITE = "favourite"


class Answered(msgspec.Struct, frozen=True):
    """The newest answer to an item."""

    node: str
    right: bool
    at: datetime


def eligible(
    pool: Sequence[PoolItem],
    answered: Mapping[str, Answered],
    favourites: Collection[str],
    mode: Mode,
    node: str = "",
) -> list[PoolItem]:
    """Return the items of the pool that a mode practises; a wrong one leaves once it was answered right."""
    match mode:
        case Mode.NODE:
            return [item for item in pool if item.node == node or item.node.startswith(f"{node}.")]
        case Mode.RANDOM:
            return list(pool)
        case Mode.WRONG:
            return [item for item in pool if item.item_id in answered and not answered[item.item_id].right]
        case Mode.FAVOURITE:
            return [item for item in pool if item.item_id in favourites]


def next_item(items: Sequence[PoolItem], answered: Mapping[str, Answered], draw: Draw) -> PoolItem | None:
    """Return an item that was never answered, drawn; or the one whose answer lies back furthest; None of none."""
    fresh = [item for item in items if item.item_id not in answered]
    if fresh:
        return fresh[draw(len(fresh))]
    return min(items, key=lambda item: answered[item.item_id].at, default=None)
