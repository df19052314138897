"""How well a bank covers its syllabus: what is published against what forms should be drawn from; pure."""

from collections.abc import Sequence
from math import ceil

import msgspec

from questionbank.blueprints.cells import ANY_NODE, Blueprint, Cell, PoolItem, cell_accepts, check_feasible, in_subtree
from questionbank.items.content import Interaction

RESERVE = 5
"""A form is drawn from at least so many times its items, so that knowing some items is of no use."""

_WHOLE = 100


class Chapter(msgspec.Struct, frozen=True):
    """A top node of the syllabus; `weight` is its percentage of the examination."""

    code: str
    title: str
    weight: int


class Count(msgspec.Struct, frozen=True):
    """Published items against wanted ones; a need of 0 asks for nothing."""

    have: int
    need: int

    @property
    def gap(self) -> int:
        return max(0, self.need - self.have)


class ChapterCover(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table: the chapter and a count per interaction, in the order of `Coverage.interactions`."""

    code: str
    title: str
    counts: tuple[Count, ...]


class CellCover(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of the blueprint: `have` items fit it, `short` are missing when the cells before it are served."""

    number: int
    cell: Cell
    have: int
    short: int

    @property
    def times(self) -> int:
        """How many times over the cell's count could be drawn, rounded down."""
        return self.have // self.cell.count


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Chapters × interactions, and the cells one by one."""

    interactions: tuple[Interaction, ...]
    chapters: tuple[ChapterCover, ...]
    cells: tuple[CellCover, ...]

    @property
    def gaps(self) -> int:
        """Items that are missing over all chapters."""
        return sum(count.gap for chapter in self.chapters for count in chapter.counts)


def cover(blueprint: Blueprint, chapters: Sequence[Chapter], pool: Sequence[PoolItem]) -> Coverage:
    """Count a pool against a blueprint; items outside every chapter make a last row with an empty code."""
    interactions = tuple(dict.fromkeys(cell.interaction for cell in blueprint.cells))
    rows = [
        ChapterCover(
            code=chapter.code,
            title=chapter.title,
            counts=tuple(_count(blueprint, chapter, interaction, pool) for interaction in interactions),
        )
        for chapter in chapters
    ]
    outside = [item for item in pool if not any(in_subtree(item.node, chapter.code) for chapter in chapters)]
    if outside:
        counts = tuple(Count(sum(item.interaction == each for item in outside), 0) for each in interactions)
        rows.append(ChapterCover(code="", title="", counts=counts))
    return Coverage(interactions=interactions, chapters=tuple(rows), cells=cover_cells(blueprint, pool))


def _count(blueprint: Blueprint, chapter: Chapter, interaction: Interaction, pool: Sequence[PoolItem]) -> Count:
    have = sum(item.interaction == interaction and in_subtree(item.node, chapter.code) for item in pool)
    cells = [cell for cell in blueprint.cells if cell.interaction == interaction]
    drawn = sum(_hundredths(cell, chapter) for cell in cells)
    return Count(have, ceil(RESERVE * drawn / _WHOLE))


def _hundredths(cell: Cell, chapter: Chapter) -> int:
    """Return how many hundredths of an item a form is expected to draw from a chapter for one cell."""
    if cell.node == ANY_NODE:
        return cell.count * chapter.weight
    return cell.count * _WHOLE if in_subtree(cell.node, chapter.code) else 0


def cover_cells(blueprint: Blueprint, pool: Sequence[PoolItem]) -> tuple[CellCover, ...]:
    """Return every cell with what the pool has for it; a blueprint without a short cell is feasible."""
    short = {shortage.cell: shortage.need - shortage.have for shortage in check_feasible(blueprint, pool)}
    return tuple(
        CellCover(
            number=number + 1,
            cell=cell,
            have=sum(cell_accepts(cell, item) for item in pool),
            short=short.get(number, 0),
        )
        for number, cell in enumerate(blueprint.cells)
    )
