"""Folding: days whose rows have changed are summed again, each minute, in the background.

A fold takes marks away and sums their days in later statements of the same transaction. So whatever it does not see has
a mark that it has not taken either, and the day is folded again; nobody who changes a row waits for it.
"""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.scope import Scope
from exam.core.jobs import Job
from exam.core.runtime import Runtime
from exam.records.counting import rows_of, times_of
from exam.records.grouping import DAY, EVERYTHING
from exam.records.measures import SOURCES, Source
from exam.records.period import Period, Span
from exam.records.sums import SUMMED, TABLES, Table, digest_of, known_columns, measures_of, runs_of

FOLD = "records.fold"
ALL_DAYS = Period(span=Span.DAY, first_on=date(1900, 1, 1), last_on=date(9000, 1, 1))

_BEGIN = text("insert into records_folded (source, digest) values (:source, '') on conflict do nothing")
_LOCK = text("select digest from records_folded where source = :source for update skip locked")
_TAKE = text("delete from records_stale where source = :source returning region, day_on")
_FOLDED = text("update records_folded set digest = :digest where source = :source")
_MARKED = (
    "exists (select from unnest(cast(:regions as text[]), cast(:days as date[])) m(r, d) where m.r = {} and m.d = {})"
)


async def fold_sums(runtime: Runtime) -> None:
    """Fold every source, each in its own transaction."""
    for name in SUMMED:
        async with runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session:
            await fold(session, name)


async def fold(session: AsyncSession, name: str) -> int:
    """Sum a source's stale days again and return how many there were; the session's scope is all that is kept here.

    A source that was never summed, or by another definition of its measures, is summed as a whole. Where another fold
    of the source runs, nothing is done.
    """
    await session.execute(_BEGIN, {"source": name})
    digest = await session.scalar(_LOCK, {"source": name})
    if digest is None:
        return 0
    marks = {(row.region, row.day_on) for row in await session.execute(_TAKE, {"source": name})}
    if digest != digest_of(name):
        await _sum(session, name, ALL_DAYS)
        await session.execute(_FOLDED, {"source": name, "digest": digest_of(name)})
        return len(marks)
    for first, last in runs_of(sorted({day for _, day in marks})):
        within = sorted(mark for mark in marks if first <= mark[1] <= last)
        await _sum(session, name, Period(span=Span.DAY, first_on=first, last_on=last), within)
    return len(marks)


async def _sum(session: AsyncSession, name: str, period: Period, marks: list[tuple[str, date]] | None = None) -> None:
    """Replace a source's sums of a period, or of the marked regions and days within it."""
    values = times_of(period) | {"source": name}
    if marks is not None:
        values |= {"regions": [each for each, _ in marks], "days": [day for _, day in marks]}
    tables = [table for table in TABLES if not SOURCES[name].dimensions.isdisjoint(table.dimensions)]
    only = " and " + _MARKED.format("region", "day_on") if marks is not None else ""
    for table in tables:
        await session.execute(text(f"delete from {table.name} where source = :source{only}"), values)
    await session.execute(text(_insert(name, tables, marked=marks is not None)), values)


def _insert(name: str, tables: list[Table], *, marked: bool) -> str:
    """Look at the rows once, by all that any table tells apart, and add up what that gives for each table."""
    source, measures = SOURCES[name], measures_of(name)
    columns = dict.fromkeys(column for table in tables for column in known_columns(source, table))
    day = DAY.format(source.at)
    counts = ", ".join(f"{measure.aggregate} as n{place}" for place, measure in enumerate(measures))
    only = " and " + _MARKED.format("region", day) if marked else ""
    fine = (
        f"fine as materialized (select {day} as day_on, region, {', '.join(columns)}, {counts} from {source.table}"
        f" where {rows_of(source, EVERYTHING)}{only} group by {day}, region, {', '.join(columns)})"
    )
    into = [f"into_{table.name} as ({_insert_one(source, table, len(measures))})" for table in tables]
    return f"with {', '.join((fine, *into))} select"


def _insert_one(source: Source, table: Table, count: int) -> str:
    told = ", ".join(("day_on", "region", *known_columns(source, table)))
    counts = ", ".join(f"sum(n{place})" for place in range(count))
    return (
        f"insert into {table.name} (source, {told}, counts)"
        f" select :source, {told}, array[{counts}]::bigint[] from fine group by {told}"
    )


JOBS = (Job(FOLD, fold_sums, cron="* * * * *"),)
