"""Blueprint (组卷细目表): which items a form asks for, and the proof that a pool can supply them."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Self

import msgspec

from questionbank.blueprints.constraints import Fresh, Percent, Reliability, Target
from questionbank.items.content import Interaction

ANY_NODE = "*"

Enemies = Annotated[tuple[str, ...], msgspec.Meta(min_length=2, max_length=50)]


class Cell(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the blueprint: `count` items of `marks` hundredths each.

    `node` is "*" or the code of a syllabus node and stands for its whole subtree; `difficulty` is an inclusive band of
    the expected percentage of wrong answers.
    """

    node: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = ANY_NODE
    interaction: Interaction
    difficulty: tuple[Percent, Percent] = (0, 100)
    count: Annotated[int, msgspec.Meta(ge=1, le=500)]
    marks: Annotated[int, msgspec.Meta(ge=1, le=10_000)]

    def __post_init__(self) -> None:
        if self.difficulty[0] > self.difficulty[1]:
            message = "difficulty: the lower bound is above the upper one"
            raise ValueError(message)


class Blueprint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Composition of the forms of one qualification; `pass_marks` in hundredths, `basis` names the legal source.

    Beyond the cells: of the items of each set of `enemies` (互斥试题) a form holds one at most, and with
    `one_per_family` one of each family of near-duplicates; `target`, `fresh` and `reliability` bind the form as a whole.
    `parallel` is the number of forms that all candidates share, 0 where everybody gets a form of their own; then `exposure`
    is the greatest share of the forms of a sitting, in per cent, that may hold the same item.
    """

    qualification: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    duration_min: Annotated[int, msgspec.Meta(ge=1, le=600)]
    pass_marks: Annotated[int, msgspec.Meta(ge=1)]
    cells: Annotated[tuple[Cell, ...], msgspec.Meta(min_length=1, max_length=100)]
    basis: str = ""
    enemies: Annotated[tuple[Enemies, ...], msgspec.Meta(max_length=500)] = ()
    one_per_family: bool = False
    target: Target | None = None
    fresh: Fresh | None = None
    parallel: Annotated[int, msgspec.Meta(ge=0, le=12)] = 0
    reliability: Reliability | msgspec.UnsetType = msgspec.UNSET
    """Unset, it leaves no trace in the bytes: the digests of blueprints that were committed to before stay as they are."""
    exposure: Annotated[int, msgspec.Meta(ge=1, le=100)] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if self.pass_marks > self.total_marks:
            message = "pass_marks: above the sum of all marks"
            raise ValueError(message)
        if self.parallel and self.exposure:
            message = "exposure: of forms that all candidates share it follows from their number"
            raise ValueError(message)

    @property
    def total_marks(self) -> int:
        """Marks of a faultless form, in hundredths."""
        return sum(cell.count * cell.marks for cell in self.cells)

    @property
    def item_count(self) -> int:
        """Number of items on each form."""
        return sum(cell.count for cell in self.cells)

    def without_constraints(self) -> Self:
        """Return the cells alone, for a pool that need not keep the rest."""
        return msgspec.structs.replace(
            self,
            enemies=(),
            one_per_family=False,
            target=None,
            fresh=None,
            parallel=0,
            reliability=msgspec.UNSET,
            exposure=msgspec.UNSET,
        )


class PoolItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What assembly may know of a published item: never its text, never its key.

    `version` is the digest of the item version; `options` is the number of options that can be reordered, 0 where the
    interaction has none. `family` names the family of near-duplicates, empty for an item without one; `since` is the day
    of its first publication.
    """

    item_id: str
    version: str
    node: str
    interaction: Interaction
    difficulty: Percent
    options: Annotated[int, msgspec.Meta(ge=0, le=26)]
    family: str = ""
    since: date | None = None


class Shortage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cell that the pool cannot fill: `cell` is its index, `have` what is left for it after the cells before it."""

    cell: int
    need: int
    have: int


def in_subtree(node: str, root: str) -> bool:
    """Tell whether a syllabus node is `root` or lies below it; codes grow by dots, as 1, 1.2, 1.2.3."""
    return root in (ANY_NODE, node) or node.startswith(f"{root}.")


def cell_accepts(cell: Cell, item: PoolItem) -> bool:
    """Tell whether an item may stand in a cell."""
    low, high = cell.difficulty
    return item.interaction == cell.interaction and low <= item.difficulty <= high and in_subtree(item.node, cell.node)


class ItemClass(msgspec.Struct, frozen=True):
    """Items that fit exactly the same cells and are therefore interchangeable; both fields hold indexes."""

    cells: tuple[int, ...]
    members: tuple[int, ...]


def item_classes(blueprint: Blueprint, pool: Sequence[PoolItem]) -> list[ItemClass]:
    """Group the pool by the set of cells that each item fits; items that fit none are left out."""
    groups: dict[tuple[int, ...], list[int]] = {}
    fitting: dict[tuple[str, Interaction, int], tuple[int, ...]] = {}
    for index, item in enumerate(pool):
        kind = (item.node, item.interaction, item.difficulty)
        if kind not in fitting:
            fitting[kind] = tuple(number for number, cell in enumerate(blueprint.cells) if cell_accepts(cell, item))
        if fitting[kind]:
            groups.setdefault(fitting[kind], []).append(index)
    return [ItemClass(cells, tuple(members)) for cells, members in sorted(groups.items())]


class Allotment:
    """A flow from cells to item classes in which every item serves one cell.

    `taken[cell][class]` counts items. Raising a cell's target may move what other cells took from one class to another,
    but never takes anything away from them (augmenting paths of a bipartite maximum flow).
    """

    def __init__(self, cells: int, classes: Sequence[ItemClass]) -> None:
        self.spare = [len(group.members) for group in classes]
        self.taken = [[0] * len(classes) for _ in range(cells)]
        self._eligible: list[list[int]] = [[] for _ in range(cells)]
        for number, group in enumerate(classes):
            for cell in group.cells:
                self._eligible[cell].append(number)

    def held(self, cell: int) -> int:
        """Return how many items a cell has been given."""
        return sum(self.taken[cell])

    def raise_to(self, cell: int, target: int) -> int:
        """Give a cell up to `target` items and return how many it holds; one short of the target has all it can get."""
        held = self.held(cell)
        while held < target:
            path = self._find_path(cell)
            if path is None:
                break
            held += self._push(path, target - held)
        return held

    def _find_path(self, start: int) -> list[tuple[int, int]] | None:
        """Return the shortest chain of (cell, class) steps from a cell to a class with a spare item."""
        came_from: dict[int, tuple[int, int]] = {}
        seen_classes: set[int] = set()
        frontier = [start]
        for cell in frontier:
            for group in self._eligible[cell]:
                if group in seen_classes:
                    continue
                seen_classes.add(group)
                if self.spare[group]:
                    return self._trace(came_from, start, (cell, group))
                for other, row in enumerate(self.taken):
                    if row[group] and other != start and other not in came_from:
                        came_from[other] = (cell, group)
                        frontier.append(other)
        return None

    @staticmethod
    def _trace(came_from: dict[int, tuple[int, int]], start: int, last: tuple[int, int]) -> list[tuple[int, int]]:
        path = [last]
        while path[-1][0] != start:
            path.append(came_from[path[-1][0]])
        return path[::-1]

    def _push(self, path: list[tuple[int, int]], wanted: int) -> int:
        """Move as many items along a path as its narrowest step allows and return their number."""
        steps = list(pairwise(path))
        room = [self.taken[following[0]][step[1]] for step, following in steps]
        amount = min([wanted, self.spare[path[-1][1]], *room])
        for (cell, group), (other, _) in steps:
            self.taken[cell][group] += amount
            self.taken[other][group] -= amount
        cell, group = path[-1]
        self.taken[cell][group] += amount
        self.spare[group] -= amount
        return amount


def check_feasible(blueprint: Blueprint, pool: Sequence[PoolItem]) -> list[Shortage]:
    """Return the cells that cannot be filled when every item is used at most once, earlier cells being served first.

    An empty list proves that one form can be assembled, overlapping cells included; the sum of what is missing is the
    least that any allotment would leave open.
    """
    return find_shortages(blueprint, item_classes(blueprint, pool))


def find_shortages(blueprint: Blueprint, classes: Sequence[ItemClass]) -> list[Shortage]:
    """Return the same of a pool in classes."""
    allotment = Allotment(len(blueprint.cells), classes)
    held = [allotment.raise_to(number, cell.count) for number, cell in enumerate(blueprint.cells)]
    return [
        Shortage(number, cell.count, have)
        for number, (cell, have) in enumerate(zip(blueprint.cells, held, strict=True))
        if have < cell.count
    ]


def find_overexposed(blueprint: Blueprint, classes: Sequence[ItemClass]) -> list[Shortage]:
    """Return the cells for which the pool has too few items to keep the blueprint's exposure, in items that it should have.

    On average over many forms an item may serve `exposure` hundredths of a place: a flow of hundredths.
    """
    if not blueprint.exposure:
        return []
    most, allotment = blueprint.exposure, Allotment(len(blueprint.cells), classes)
    allotment.spare = [each * most for each in allotment.spare]
    held = [allotment.raise_to(number, cell.count * 100) for number, cell in enumerate(blueprint.cells)]
    return [
        Shortage(number, -(-cell.count * 100 // most), have // most)
        for number, (cell, have) in enumerate(zip(blueprint.cells, held, strict=True))
        if have < cell.count * 100
    ]


def share_pool(blueprint: Blueprint, classes: Sequence[ItemClass]) -> Allotment:
    """Divide the whole pool among the cells, so that each holds about the same multiple of what it needs.

    All targets grow together by a quarter at a time: a narrow cell gets its variety before a wide one takes the items
    that both could use.
    """
    allotment = Allotment(len(blueprint.cells), classes)
    targets = {number: cell.count for number, cell in enumerate(blueprint.cells)}
    while targets:
        growing = {}
        for number, target in targets.items():
            if allotment.raise_to(number, target) == target:
                growing[number] = target + max(1, target // 4)
        targets = growing
    return allotment
