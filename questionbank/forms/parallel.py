"""Parallel forms (平行卷): a few forms of equal difficulty and spread that all candidates of a sitting share; pure.

An integer programme chooses the items, chance the weights that it minds beside the constraints. A solver does not promise
the same choice for ever, so the choice is committed to by digest and checked again; everything else about a form follows
from seed and choice.
"""

from collections.abc import Sequence
from itertools import count as numbers
from typing import Final, NamedTuple

import numpy as np

from questionbank.blueprints.cells import Blueprint, PoolItem, cell_accepts
from questionbank.blueprints.feasibility import FormModel, Kind, exclusive_groups, kinds_of
from questionbank.blueprints.programme import Programme, ProgrammeUnsettledError
from questionbank.forms.assembly import Deal, require_sound_input
from questionbank.forms.canonical import digest
from questionbank.forms.decks import Deck
from questionbank.forms.draw import draw_orders, draw_words
from questionbank.forms.quotas import ConstraintUnmetError

SECONDS: Final = 30.0
"""A choice of six forms of 100 from 1,200 takes a tenth of that."""

_WEIGHTS: Final = 1_000
_GAP: Final = 0.1
_MEAN_PARTS: Final = 4
"""Forms are alike within a quarter of a per cent of mean difficulty, where the pool allows."""
_SQUARE_PARTS: Final = 50
"""And within two per cent of the sum of squared distances."""

Choice = tuple[tuple[str, ...], ...]
"""Item ids of each form, in the order of the blueprint's cells."""


def choice_digest(choice: Choice) -> str:
    """Return what is committed to of a choice; of none, nothing."""
    return digest(choice) if choice else ""


class _Middle(NamedTuple):
    """What every form should be like: sums of difficulty and of squared distance from `mean`."""

    mean: int
    total: int
    squares: int


def choose_parallel(blueprint: Blueprint, pool: Sequence[PoolItem], *, seed: bytes, sitting: str) -> Choice:
    """Choose `blueprint.parallel` forms that share no item, or as few as the pool makes them.

    Raises ConstraintUnmetError where no choice was found.
    """
    items = sorted(pool, key=lambda item: item.item_id)
    groups = exclusive_groups(blueprint, items)
    kinds = kinds_of(blueprint, items, groups)
    for uses in range(1, blueprint.parallel + 1):
        for alike in (True, False):
            forms, values = _solve(blueprint, kinds, len(groups), uses, seed=seed, sitting=sitting, alike=alike)
            if values is not None:
                return _pick(blueprint, items, kinds, forms, values, seed=seed, sitting=sitting)
    raise ConstraintUnmetError(constraint="parallel")


def _solve(
    blueprint: Blueprint, kinds: Sequence[Kind], groups: int, uses: int, *, seed: bytes, sitting: str, alike: bool
) -> tuple[list[FormModel], list[int] | None]:
    programme = Programme()
    forms = [FormModel(blueprint, kinds, programme) for _ in range(blueprint.parallel)]
    middle = _middle(blueprint, kinds)
    for form in forms:
        form.bind_filled()
        form.bind_groups(range(groups))
        for _, row, low, high in form.bounds():
            programme.bind(row, low, high)
        if alike:
            near, width = blueprint.item_count // _MEAN_PARTS + 1, middle.squares // _SQUARE_PARTS + 1
            programme.bind(form.sum_of(lambda kind: kind.difficulty), middle.total - near, middle.total + near)
            squares = form.sum_of(lambda kind: (kind.difficulty - middle.mean) ** 2)
            programme.bind(squares, middle.squares - width, middle.squares + width)
    for number, kind in enumerate(kinds):
        programme.bind({place: 1 for form in forms for place in form.held(number)}, None, uses * len(kind.members))
    places = [place for form in forms for place in form.places.values()]
    weights = (draw_words(seed, sitting, "weights", count=len(places)) % np.uint64(_WEIGHTS)).tolist()
    try:
        return forms, programme.solve(dict(zip(places, weights, strict=True)), seconds=SECONDS, gap=_GAP)
    except ProgrammeUnsettledError:
        return forms, None


def _middle(blueprint: Blueprint, kinds: Sequence[Kind]) -> _Middle:
    """Return the target's sums, or what the pool gives on average where the blueprint asks for none."""
    total = squares = 0
    target = blueprint.target
    fitting = [[kind for kind in kinds if number in kind.cells] for number in range(len(blueprint.cells))]
    sizes = [sum(len(kind.members) for kind in each) for each in fitting]
    for cell, each, size in zip(blueprint.cells, fitting, sizes, strict=True):
        total += cell.count * sum(kind.difficulty * len(kind.members) for kind in each) // size
    mean = target.mean if target else round(total / blueprint.item_count)
    for cell, each, size in zip(blueprint.cells, fitting, sizes, strict=True):
        squares += cell.count * sum((kind.difficulty - mean) ** 2 * len(kind.members) for kind in each) // size
    if target:
        total = mean * blueprint.item_count
        squares = blueprint.item_count * target.spread**2 if target.spread is not None else squares
    return _Middle(mean, total, squares)


def _pick(
    blueprint: Blueprint,
    items: Sequence[PoolItem],
    kinds: Sequence[Kind],
    forms: Sequence[FormModel],
    values: Sequence[int],
    *,
    seed: bytes,
    sitting: str,
) -> Choice:
    """Deal the items of each kind, in an order of chance, to the places that the programme gave it."""
    held: list[list[list[str]]] = [[[] for _ in blueprint.cells] for _ in forms]
    for number, kind in enumerate(kinds):
        order = draw_orders(seed, sitting, "pick", str(number), rows=1, size=len(kind.members))[0].tolist()
        turn = numbers()
        for form, cells in zip(forms, held, strict=True):
            for cell in kind.cells:
                for _ in range(values[form.places[number, cell]]):
                    cells[cell].append(items[kind.members[order[next(turn) % len(order)]]].item_id)
    return tuple(tuple(item for cell in cells for item in sorted(cell)) for cells in held)


def is_sound(blueprint: Blueprint, pool: Sequence[PoolItem], choice: Choice) -> bool:
    """Tell whether forms keep everything that the blueprint asks, without trusting what chose them."""
    known = {item.item_id: item for item in pool}
    groups = [frozenset(pool[index].item_id for index in group) for group in exclusive_groups(blueprint, pool)]
    return len(choice) == blueprint.parallel and all(_keeps(blueprint, known, groups, form) for form in choice)


def _keeps(
    blueprint: Blueprint, known: dict[str, PoolItem], groups: Sequence[frozenset[str]], form: tuple[str, ...]
) -> bool:
    places = [cell for cell in blueprint.cells for _ in range(cell.count)]
    if len(form) != len(places) or len(set(form)) < len(form) or not known.keys() >= set(form):
        return False
    drawn = [known[each] for each in form]
    if not all(cell_accepts(cell, item) for cell, item in zip(places, drawn, strict=True)):
        return False
    if any(len(group.intersection(form)) > 1 for group in groups):
        return False
    target, fresh = blueprint.target, blueprint.fresh
    on_target = target is None or not target.miss([item.difficulty for item in drawn])
    return on_target and (fresh is None or fresh.least <= sum(fresh.counts(item.since) for item in drawn) <= fresh.most)


def assemble_parallel(
    blueprint: Blueprint, pool: Sequence[PoolItem], choice: Choice, *, seed: bytes, sitting: str, keys: Sequence[str]
) -> Deal:
    """Give the chosen forms to keys in turn, in the order of the seats, each in an order of items and options of its own.

    The outcome depends on the arguments alone, as that of `assemble`. Raises `AssemblyInputError`, and
    ConstraintUnmetError for a choice that does not keep the blueprint.
    """
    require_sound_input(pool, seed, keys)
    if not is_sound(blueprint, pool, choice):
        raise ConstraintUnmetError(constraint="parallel")
    items = sorted(pool, key=lambda item: item.item_id)
    index = {item.item_id: number for number, item in enumerate(items)}
    rows = np.array([[index[each] for each in form] for form in choice], dtype=np.int64)
    edges = np.cumsum([0, *(cell.count for cell in blueprint.cells)]).tolist()
    decks = [
        Deck(number, 0, np.unique(rows[:, edges[number] : edges[number + 1]]), cell.count)
        for number, cell in enumerate(blueprint.cells)
    ]
    dealt = rows[np.arange(len(keys)) % len(rows)]
    twins = [list(range(form, len(keys), len(rows))) for form in range(len(rows))]
    return Deal(blueprint, items, decks, dealt, twins, keys=keys, seed=seed, sitting=sitting)
