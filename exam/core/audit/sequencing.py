"""Giving each committed audit entry its index in the log, without a gap and without holding up whoever writes entries.

`core_audit_entry.position` is drawn before its transaction commits: numbers become visible out of order, and those of
transactions that fail never do. So an index is given only to what is visible, in a table of its own, by one signer at a
time. To find what has none yet without reading all entries again, everything up to a *settled* position is passed over:
a position is settled when every transaction that might still have shown a lower one has ended.
"""

from datetime import datetime

import msgspec
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from exam.core.audit.merkle import leaf_hash
from exam.core.audit.models import LogLeaf

BATCH = 2_000
RESCAN = 3_600
"""After so many turns all entries are looked at again, so that nothing rests on the reasoning above alone."""


_FRESH = text(
    """
    select e.id, e.position, e.leaf from core_audit_entry e
    where e.position > :settled and not exists (select 1 from core_log_leaf l where l.entry_id = e.id)
    order by e.position limit :batch
    """,
)
_SIZE = select(LogLeaf.index).order_by(LogLeaf.index.desc()).limit(1)
_RUNNING = text(
    "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
)
# a sequence that was never drawn from says 1 as well
_DRAWN = text("select case when is_called then last_value else 0 end from core_audit_entry_position_seq")


class _Mark(msgspec.Struct):
    """A position that settles when no transaction from before `seen_xmax` runs any more."""

    position: int
    seen_xmax: int | None = None


class Sequencer:
    """Orders entries; one object per active signer, used by one task at a time."""

    def __init__(self) -> None:
        self._settled = 0
        self._mark: _Mark | None = None
        self._turns = 0

    async def sequence(self, connection: AsyncConnection, *, at: datetime) -> int:
        """Give the next indexes to every entry visible by now that has none, committing by the batch; return how many."""
        async with connection.begin():
            settling = await self._read_clock(connection)
        done = count = await self._batch(connection, at)
        # a batch that was not full saw all there was; what came since is the next turn's, or no turn would ever end
        while count == BATCH:
            done += (count := await self._batch(connection, at))
        if settling is not None:
            self._settled, self._mark = settling, None
        return done

    async def _read_clock(self, connection: AsyncConnection) -> int | None:
        """Return a position that will be settled once all entries visible from here on have their index."""
        self._turns += 1
        if self._turns % RESCAN == 0:
            self._settled = 0
        xmin, xmax = (await connection.execute(_RUNNING)).one()
        drawn = (await connection.execute(_DRAWN)).scalar_one()
        if self._mark is None:
            self._mark = _Mark(drawn)
        elif self._mark.seen_xmax is None:
            # a turn later than the position was read: who drew it has its transaction number by now
            self._mark.seen_xmax = xmax
        elif xmin >= self._mark.seen_xmax:
            return self._mark.position
        return None

    async def _batch(self, connection: AsyncConnection, at: datetime) -> int:
        async with connection.begin():
            rows = (await connection.execute(_FRESH, {"settled": self._settled, "batch": BATCH})).all()
            if rows:
                first = await log_size(connection)
                leaves = [
                    {"index": index, "entry_id": row.id, "hash": leaf_hash(row.leaf), "sequenced_at": at}
                    for index, row in enumerate(rows, first)
                ]
                await connection.execute(insert(LogLeaf), leaves)
            return len(rows)


async def log_size(connection: AsyncConnection) -> int:
    """Return how many entries have an index."""
    last = (await connection.execute(_SIZE)).scalar_one_or_none()
    return 0 if last is None else last + 1
