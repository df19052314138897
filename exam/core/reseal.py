"""Sealing again what older generations of keys have sealed: row by row, while people work."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.crypto import Sealer
from exam.core.db.engine import Databases
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING

BATCH = 500


class SealedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column that holds sealed values, and the blind index over the same text where there is one.

    `place` is what the values are bound to; `fixed` says why a row keeps its generation for good.
    """

    table: str
    key: str
    column: str
    place: str
    index: str = ""
    fixed: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How many values of a column each generation has sealed."""

    column: SealedColumn
    by_generation: dict[int, int]


async def count_generations(databases: Databases, column: SealedColumn) -> Standing:
    """Count the values of a column by the generation that sealed them."""
    query = text(
        f"select get_byte({column.column}, 0), count(*) from {column.table}"
        f" where {column.column} is not null group by 1 order by 1",
    )
    async with databases.transaction(NOTHING, Role.OWNER) as session:
        return Standing(column=column, by_generation={row[0]: row[1] for row in await session.execute(query)})


async def reseal(
    databases: Databases,
    sealer: Sealer,
    column: SealedColumn,
    *,
    batch: int = BATCH,
    note: Callable[[int], Awaitable[None]] | None = None,
) -> int:
    """Seal every value of older generations under the one in use and return how many were.

    Each batch is a transaction of its own; a value that somebody changes in between is left to the next round, and a
    run that was cut short goes on where it stopped.
    """
    done = 0
    while not column.fixed:
        async with databases.transaction(NOTHING, Role.OWNER) as session:
            count = await _batch(session, sealer, column, batch)
        done += count
        if note is not None:
            await note(done)
        if count < batch:
            break
    return done


async def _batch(session: AsyncSession, sealer: Sealer, column: SealedColumn, size: int) -> int:
    query = text(
        f"select {column.key}, {column.column} from {column.table}"
        f" where {column.column} is not null and get_byte({column.column}, 0) <> :generation limit :size"
        " for update skip locked",
    )
    rows = (await session.execute(query, {"generation": sealer.generation, "size": size})).all()
    for key, sealed in rows:
        await _again(session, sealer, column, key, sealed)
    return len(rows)


async def _again(session: AsyncSession, sealer: Sealer, column: SealedColumn, key: Any, sealed: bytes) -> None:
    plain = sealer.open(sealed, column.place)
    values = {"key": key, "sealed": sealer.seal(plain, column.place)}
    index = ""
    if column.index:
        index = f", {column.index} = :index"
        values["index"] = sealer.blind_index(plain, column.place)
    await session.execute(
        text(f"update {column.table} set {column.column} = :sealed{index} where {column.key} = :key"), values
    )
