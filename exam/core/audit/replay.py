"""Reading the whole log again from its entries: the tree, its published tiles, the searchable copies, and the folds."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.folding import Difference, LeafEntry, read_leaf
from exam.core.audit.ledger import AuditRow
from exam.core.audit.merkle import HASH_BYTES, leaf_hash
from exam.core.audit.models import LogLeaf
from exam.core.audit.publication import LogPublication
from exam.core.audit.tiles import Edge, Tile, extend, tile_width
from exam.core.errors import NotFoundError

BATCH = 2_000
COPIES = ("id", "at", "actor_kind", "actor", "act", "subject_kind", "subject", "region", "facts")


class Replayed(msgspec.Struct, kw_only=True):
    """What a replay found: the tree, and everything that does not fit."""

    size: int = 0
    edges: dict[int, Edge] = {}
    """The tree at each size that was asked for and reached."""
    differences: list[Difference] = []


async def replay(
    session: AsyncSession,
    take: Callable[[LeafEntry], None],
    *,
    sizes: Collection[int] = (),
    published: LogPublication | None = None,
    since: Edge = Edge(),  # noqa: B008  # it never changes
) -> Replayed:
    """Read every ordered entry from the first that `since` does not hold, growing the tree; `take` hears what can be read.

    `sizes` are those of heads that were published; smaller ones than `since` are not reached. With `published`, every tile that the greatest of them promises is
    compared with the one that was grown; what was ordered since has no tile yet. The session sees one moment.
    """
    found, edge = Replayed(edges={}, differences=[]), since
    wanted, promised = sorted(size for size in sizes if size >= since.size), max(sizes, default=0)
    async for rows in _batches(session, since.size):
        while wanted and wanted[0] <= edge.size + len(rows):
            cut = wanted.pop(0) - edge.size
            found.edges[edge.size + cut] = extend(edge, [row.hash for row in rows[:cut]])[0]
        found.differences += [each for place, row in enumerate(rows, edge.size) for each in _wrong(place, row, take)]
        edge, grown = extend(edge, [row.hash for row in rows])
        if published:
            found.differences += await _unlike(published, grown, promised)
    found.edges |= {size: edge for size in wanted if size == edge.size}
    found.size = edge.size
    return found


async def _batches(session: AsyncSession, first: int) -> AsyncIterator[Sequence[Row[Any]]]:
    columns = (LogLeaf.index.label("place"), LogLeaf.hash, AuditRow.leaf, *(getattr(AuditRow, name) for name in COPIES))
    after = first - 1
    while True:
        query = select(*columns).join(AuditRow, AuditRow.id == LogLeaf.entry_id, isouter=True)
        query = query.where(LogLeaf.index > after).order_by(LogLeaf.index).limit(BATCH)
        rows = (await session.execute(query)).all()
        if not rows:
            return
        yield rows
        after = rows[-1].place


def _wrong(place: int, row: Row[Any], take: Callable[[LeafEntry], None]) -> list[Difference]:
    """Check one leaf against its entry, and hand the entry on."""
    if row.place != place:
        return [Difference(code="leaf_gap", subject=str(place), detail={"found": row.place})]
    if row.leaf is None:
        return [Difference(code="entry_missing", subject=str(place))]
    found = []
    if leaf_hash(row.leaf) != row.hash:
        found.append(Difference(code="entry_changed", subject=str(place)))
    try:
        entry = read_leaf(place, row.leaf)
    except msgspec.DecodeError:
        return [*found, Difference(code="entry_unreadable", subject=str(place))]
    take(entry)
    if any(getattr(entry, name) != getattr(row, name) for name in COPIES):
        found.append(Difference(code="entry_copy_changed", subject=str(place)))
    return found


async def _unlike(published: LogPublication, tiles: Mapping[Tile, bytes], promised: int) -> list[Difference]:
    """Compare grown tiles with the stored ones, as far as a head over `promised` leaves says that they are out."""
    found = []
    for tile, data in tiles.items():
        width = min(len(data) // HASH_BYTES, tile_width(promised, tile))
        try:
            same = not width or await published.tile(tile, width) == data[: width * HASH_BYTES]
        except NotFoundError:
            same = False
        if not same:
            found.append(Difference(code="tile_changed", subject=tile.name))
    return found
