"""The proof that a pool can fill a form that keeps every constraint, or the constraint that stands in the way; pure.

Cells are proven by a flow (`cells.check_feasible`). Whatever binds the form as a whole is proven by an integer programme,
in which items alike in all that is asked of them are one variable.
"""

from collections.abc import Callable, Iterable, Sequence
from math import isqrt
from typing import Literal, NamedTuple

import msgspec

from questionbank.blueprints.cells import Blueprint, PoolItem, Shortage, find_overexposed, find_shortages, item_classes
from questionbank.blueprints.programme import Programme, ProgrammeUnsettledError, Row

Constraint = Literal["cell", "exposure", "family", "enemy", "fresh", "mean", "spread"]


class Obstacle(msgspec.Struct, frozen=True, kw_only=True):
    """The first constraint that no form can keep beside those before it, in the order of `Constraint`.

    `shortages` are the cells that then stay short. For fresh (items), mean and spread (per cent) `asked` are the bounds
    of the blueprint and `possible` what forms can reach.
    """

    constraint: Constraint
    shortages: tuple[Shortage, ...] = ()
    asked: tuple[int, int] = (0, 0)
    possible: tuple[int, int] = (0, 0)


class Kind(NamedTuple):
    """Items alike in all that is asked of them; those of a group stand alone. `groups` are numbers of groups."""

    cells: tuple[int, ...]
    difficulty: int
    fresh: bool
    groups: tuple[int, ...]
    members: tuple[int, ...]


def families(items: Sequence[PoolItem]) -> list[frozenset[int]]:
    """Return the near-duplicates of the pool, as indexes; a family of one is none."""
    found: dict[str, set[int]] = {}
    for index, item in enumerate(items):
        if item.family:
            found.setdefault(item.family, set()).add(index)
    return [frozenset(each) for each in found.values() if len(each) > 1]


def enemies(blueprint: Blueprint, items: Sequence[PoolItem]) -> list[frozenset[int]]:
    """Return the sets of enemies as far as they are in the pool, as indexes."""
    if not blueprint.enemies:
        return []
    place = {item.item_id: index for index, item in enumerate(items)}
    known = [frozenset(place[each] for each in group if each in place) for group in blueprint.enemies]
    return [group for group in known if len(group) > 1]


def exclusive_groups(blueprint: Blueprint, items: Sequence[PoolItem]) -> list[frozenset[int]]:
    """Return every set of items of which a form may hold one at most."""
    return (families(items) if blueprint.one_per_family else []) + enemies(blueprint, items)


def find_obstacle(blueprint: Blueprint, pool: Sequence[PoolItem]) -> Obstacle | None:
    """Return what keeps the pool from filling a form of the blueprint, None where a form exists."""
    classes = item_classes(blueprint, pool)
    if shortages := find_shortages(blueprint, classes):
        return Obstacle(constraint="cell", shortages=tuple(shortages))
    if overexposed := find_overexposed(blueprint, classes):
        return Obstacle(constraint="exposure", shortages=tuple(overexposed))
    related = families(pool) if blueprint.one_per_family else []
    hostile = enemies(blueprint, pool)
    model = FormModel(blueprint, kinds_of(blueprint, pool, [*related, *hostile]))
    return (
        (_unless_filled(model, "family", range(len(related))) if related else None)
        or (_unless_filled(model, "enemy", range(len(related), len(related) + len(hostile))) if hostile else None)
        or _unless_bound(model)
    )


def kinds_of(blueprint: Blueprint, pool: Sequence[PoolItem], groups: Sequence[frozenset[int]]) -> list[Kind]:
    """Return the items that fit a cell, by kind."""
    of_item: dict[int, tuple[int, ...]] = {}
    for number, group in enumerate(groups):
        for index in group:
            of_item[index] = (*of_item.get(index, ()), number)
    alike: dict[tuple[tuple[int, ...], int, bool, int], list[int]] = {}
    for each in item_classes(blueprint, pool):
        for index in each.members:
            item = pool[index]
            fresh = blueprint.fresh is not None and blueprint.fresh.counts(item.since)
            alike.setdefault((each.cells, item.difficulty, fresh, index if index in of_item else -1), []).append(index)
    return [
        Kind(cells, difficulty, fresh, of_item.get(alone, ()), tuple(members))
        for (cells, difficulty, fresh, alone), members in alike.items()
    ]


class FormModel:
    """One form in a programme: a variable for each kind in each cell that it fits, each cell filled, no kind overdrawn.

    `lacking` has a variable per cell for what the cell lacks; it is bound to nothing by `bind_filled`.
    """

    def __init__(self, blueprint: Blueprint, kinds: Sequence[Kind], programme: Programme | None = None) -> None:
        self.blueprint = blueprint
        self.kinds = kinds
        self.programme = programme or Programme()
        self.places = {
            (number, cell): self.programme.add(min(len(kind.members), blueprint.cells[cell].count))
            for number, kind in enumerate(kinds)
            for cell in kind.cells
        }
        self.lacking = [self.programme.add(cell.count) for cell in blueprint.cells]
        for number, cell in enumerate(blueprint.cells):
            held = {place: 1 for (_, where), place in self.places.items() if where == number}
            self.programme.bind({**held, self.lacking[number]: 1}, cell.count, cell.count)
        for number, kind in enumerate(kinds):
            if len(kind.cells) > 1:
                self.programme.bind(self.held(number), None, len(kind.members))

    def held(self, kind: int) -> Row:
        """Return the sum of a kind's items on the form."""
        return {self.places[kind, cell]: 1 for cell in self.kinds[kind].cells}

    def bind_filled(self) -> None:
        """Have every cell filled."""
        self.programme.bind(dict.fromkeys(self.lacking, 1), 0, 0)

    def bind_groups(self, groups: Iterable[int]) -> None:
        """Allow one item of each group."""
        holders: dict[int, dict[int, int]] = {number: {} for number in groups}
        for number, kind in enumerate(self.kinds):
            for group in kind.groups:
                if group in holders:
                    holders[group].update(self.held(number))
        for row in holders.values():
            self.programme.bind(row, None, 1)

    def sum_of(self, worth: Callable[[Kind], int]) -> Row:
        """Return the sum of a worth over the items of the form."""
        return {place: value for (number, _), place in self.places.items() if (value := worth(self.kinds[number]))}

    def bounds(self) -> list[tuple[Constraint, Row, int, int]]:
        """Return the sums that the blueprint binds, each with its bounds."""
        rows: list[tuple[Constraint, Row, int, int]] = []
        if self.blueprint.fresh is not None:
            fresh = self.blueprint.fresh
            rows.append(("fresh", self.sum_of(lambda kind: int(kind.fresh)), fresh.least, fresh.most))
        target, count = self.blueprint.target, self.blueprint.item_count
        if target is not None:
            rows.append(("mean", self.sum_of(lambda kind: kind.difficulty), *target.bounds(count)))
            if (squares := target.square_bounds(count)) is not None:
                rows.append(("spread", self.sum_of(lambda kind: (kind.difficulty - target.mean) ** 2), *squares))
        return rows


def _unless_filled(model: FormModel, constraint: Constraint, groups: Iterable[int]) -> Obstacle | None:
    """Bind groups; return the cells that then stay short, earlier ones being served first."""
    model.bind_groups(groups)
    cells = model.blueprint.cells
    best = model.programme.solve({place: len(cells) - number for number, place in enumerate(model.lacking)})
    if best is None:
        raise ProgrammeUnsettledError
    short = [(number, best[place]) for number, place in enumerate(model.lacking) if best[place]]
    if not short:
        return None
    shortages = tuple(Shortage(number, cells[number].count, cells[number].count - lack) for number, lack in short)
    return Obstacle(constraint=constraint, shortages=shortages)


def _unless_bound(model: FormModel) -> Obstacle | None:
    """Bind the sums one after the other; return the first that cannot be kept, and what can be reached instead."""
    model.bind_filled()
    for constraint, row, low, high in model.bounds():
        least, most = _extreme(model, row, 1), _extreme(model, row, -1)
        model.programme.bind(row, low, high)
        if most < low or least > high or model.programme.solve() is None:
            count = model.blueprint.item_count
            asked, possible = (
                ((low, high), (least, most))
                if constraint == "fresh"
                else (_per_cent(constraint, low, high, count), _per_cent(constraint, least, most, count))
            )
            return Obstacle(constraint=constraint, asked=asked, possible=possible)
    return None


def _extreme(model: FormModel, row: Row, sign: int) -> int:
    found = model.programme.solve({variable: sign * worth for variable, worth in row.items()})
    if found is None:
        raise ProgrammeUnsettledError
    return sum(worth * found[variable] for variable, worth in row.items())


def _per_cent(constraint: Constraint, low: int, high: int, count: int) -> tuple[int, int]:
    """Return sums as means, or sums of squares as their roots, rounded inwards."""
    if constraint == "mean":
        return -(-low // count), high // count
    root = isqrt(max(0, low) // count)
    return root + (root * root * count < low), isqrt(high // count)
