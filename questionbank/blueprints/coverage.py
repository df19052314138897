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
    """A node of the syllabus; `weight` is its percentage of the examination, `top` whether it lies below no other."""

    code: str
    title: str
    weight: int
    top: bool = True


class Column(msgspec.Struct, frozen=True):
    """What the cells of a blueprint ask for apart from the node: an interaction in a band of difficulty."""

    interaction: Interaction
    difficulty: tuple[int, int]

    @property
    def banded(self) -> bool:
        """Whether the band leaves anything out."""
        return self.difficulty != (0, _WHOLE)

    @property
    def middle(self) -> int:
        """A difficulty that fits, for whoever writes an item."""
        return sum(self.difficulty) // 2

    def accepts(self, item: PoolItem) -> bool:
        """Tell whether an item counts here."""
        low, high = self.difficulty
        return item.interaction == self.interaction and low <= item.difficulty <= high


class Count(msgspec.Struct, frozen=True):
    """Published items against wanted ones; a need of 0 asks for nothing."""

    have: int
    need: int

    @property
    def gap(self) -> int:
        return max(0, self.need - self.have)


class ChapterCover(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table: the node and a count per column, in the order of `Coverage.columns`."""

    code: str
    title: str
    counts: tuple[Count, ...]
    top: bool = True


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
    """Nodes × interactions × bands of difficulty, and the cells one by one."""

    columns: tuple[Column, ...]
    chapters: tuple[ChapterCover, ...]
    cells: tuple[CellCover, ...]

    @property
    def gaps(self) -> int:
        """Items that are missing over all chapters."""
        return sum(count.gap for chapter in self.chapters if chapter.top for count in chapter.counts)


def cover(blueprint: Blueprint, chapters: Sequence[Chapter], pool: Sequence[PoolItem]) -> Coverage:
    """Count a pool against a blueprint; items outside every chapter make a last row with an empty code."""
    columns = _columns(blueprint)
    rows = [
        ChapterCover(
            code=chapter.code,
            title=chapter.title,
            counts=tuple(_count(blueprint, chapter, column, pool) for column in columns),
            top=chapter.top,
        )
        for chapter in chapters
    ]
    outside = [item for item in pool if not any(in_subtree(item.node, chapter.code) for chapter in chapters)]
    if outside:
        counts = tuple(Count(sum(map(column.accepts, outside)), 0) for column in columns)
        rows.append(ChapterCover(code="", title="", counts=counts))
    return Coverage(columns=columns, chapters=tuple(rows), cells=cover_cells(blueprint, pool))


def _columns(blueprint: Blueprint) -> tuple[Column, ...]:
    """Return the columns, interactions in the blueprint's order and the easiest band first."""
    order = list(dict.fromkeys(cell.interaction for cell in blueprint.cells))
    columns = {Column(cell.interaction, cell.difficulty) for cell in blueprint.cells}
    return tuple(sorted(columns, key=lambda column: (order.index(column.interaction), column.difficulty)))


def _count(blueprint: Blueprint, chapter: Chapter, column: Column, pool: Sequence[PoolItem]) -> Count:
    have = sum(column.accepts(item) and in_subtree(item.node, chapter.code) for item in pool)
    cells = [cell for cell in blueprint.cells if Column(cell.interaction, cell.difficulty) == column]
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
