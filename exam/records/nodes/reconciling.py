"""Comparing batches with the upper node: both sides equal, or the batches named that differ, and how."""

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.records.nodes.models import Arrival, Batch
from exam.records.nodes.state import BatchState

STEP = 1000


class BatchLine(msgspec.Struct, frozen=True):
    """One batch: its number, how many rows, the SHA-256 of its file in hexadecimal, and where it stands."""

    number: int
    rows: int
    digest: str
    state: str


class BatchDifference(msgspec.Struct, frozen=True):
    """A batch that the two sides do not both know alike."""

    number: int
    what: Literal["missing_above", "unknown_here", "changed", "state"]
    here: str
    above: str


class BatchReconciliation(msgspec.Struct, frozen=True):
    """How many batches are equal, and those that are not."""

    equal: int
    differences: list[BatchDifference]


async def lines_above(session: AsyncSession, neighbour_id: UUID, *, after: int) -> list[BatchLine]:
    """Return up to STEP batches of a lower node after a number, in order."""
    query = select(Arrival).where(Arrival.neighbour_id == neighbour_id, Arrival.number > after)
    return [_line(row) for row in await session.scalars(query.order_by(Arrival.number).limit(STEP))]


async def lines_here(session: AsyncSession, neighbour_id: UUID) -> list[BatchLine]:
    """Return all batches that were made for an upper node, in order."""
    query = select(Batch).where(Batch.neighbour_id == neighbour_id)
    return [_line(row) for row in await session.scalars(query.order_by(Batch.number))]


def compare_batches(here: Sequence[BatchLine], above: Sequence[BatchLine]) -> BatchReconciliation:
    """Return what two sides have alike and what not; what has not gone up yet is nobody's fault."""
    ours, theirs = _by_number(here), _by_number(above)
    found = []
    for number in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(number), theirs.get(number)
        if what := _difference(mine, other):
            found.append(BatchDifference(number, what, mine.state if mine else "", other.state if other else ""))
    return BatchReconciliation(
        len(ours.keys() & theirs.keys()) - sum(each.what in {"changed", "state"} for each in found), found
    )


def _difference(
    mine: BatchLine | None, other: BatchLine | None
) -> Literal["missing_above", "unknown_here", "changed", "state"] | None:
    if mine is None:
        return "unknown_here"
    if other is None:
        return None if mine.state == BatchState.SEALED else "missing_above"
    if (mine.digest, mine.rows) != (other.digest, other.rows):
        return "changed"
    return None if mine.state == other.state else "state"


def _by_number(lines: Sequence[BatchLine]) -> Mapping[int, BatchLine]:
    return {line.number: line for line in lines}


def _line(row: Batch | Arrival) -> BatchLine:
    # while the rows are being kept above, the lower node has heard of the arrival alone
    state = BatchState.ARRIVED if row.state == BatchState.ACCEPTING else row.state
    return BatchLine(row.number, row.rows, row.digest.hex(), state)
