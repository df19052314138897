"""Folding: what has changed since it was summed is summed again, each minute, in the background.

A fold takes marks away and sums their days in later statements of the same transaction. So whatever it does not see has
a mark that it has not taken either, and the day is folded again; nobody who changes a row waits for it.
"""

from asyncio import TaskGroup
from collections.abc import Mapping
from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.jobs import Job
from exam.core.runtime import Runtime
from exam.records.counting import rows_of, times_of
from exam.records.covering import SOURCE, keep_coverage
from exam.records.grouping import DAY, EVERYTHING
from exam.records.measures import SOURCES, Source
from exam.records.period import Period, Span
from exam.records.snapshots import STANDING, days_wanted
from exam.records.sums import SUMMED, Table, digest_of, known_columns, measures_of, runs_of, tables_of

FOLD = "records.fold"
ALL_DAYS = Period(span=Span.DAY, first_on=date(1900, 1, 1), last_on=date(9000, 1, 1))

_BEGIN = text("insert into records_folded (source, digest) values (:source, '') on conflict do nothing")
_LOCK = text("select pg_try_advisory_xact_lock(hashtextextended('records_folded ' || cast(:source as text), 0))")
_DIGEST = text("select digest from records_folded where source = :source")
# all rows at once are joined by passes over them: a probe for each took twice as long
_WHOLE = text("set local enable_nestloop = off")
_TAKE = text("delete from records_stale where source = :source returning region, day_on")
_FOLDED = text("update records_folded set digest = :digest where source = :source")
_MARKED = (
    "exists (select from unnest(cast(:regions as text[]), cast(:days as date[])) m(r, d) where m.r = {} and m.d = {})"
)
_SNAPSHOTS = text("select day_on from records_snapshot where source = :source")
_KEEP = text("insert into records_snapshot (source, day_on) values (:source, :day)")
_DROP = text("delete from records_snapshot where source = :source and day_on = any(:days)")


async def fold_sums(runtime: Runtime) -> None:
    """Fold every source, each in its own transaction, and each new snapshot in one more; two of them at a time."""
    async with TaskGroup() as both:
        both.create_task(_fold_days(runtime))
        both.create_task(_fold_standing(runtime))


async def _fold_days(runtime: Runtime) -> None:
    scope = Scope(region=runtime.settings.root_region)
    for name in SUMMED:
        async with runtime.databases.transaction(scope) as session:
            await fold(session, name)


async def _fold_standing(runtime: Runtime) -> None:
    scope, today = Scope(region=runtime.settings.root_region), local_date(runtime.clock.now())
    for name in STANDING:
        left = len(days_wanted(today))
        while left:
            async with runtime.databases.transaction(scope) as session:
                left = await fold_snapshots(session, name, today)


async def fold(session: AsyncSession, name: str) -> None:
    """Sum again a source's stale days; the session's scope is all that is kept here.

    A source that was never summed, or by another definition of its measures, is summed as a whole. Where another fold
    of the source runs, nothing is done.
    """
    digest = await _lock(session, name)
    if digest is None:
        return
    marks = {(row.region, row.day_on) for row in await session.execute(_TAKE, {"source": name})}
    if digest != digest_of(name):
        await session.execute(_WHOLE)
        await _clear(session, name, "true", {})
        await session.execute(text(_insert(name, "true")), times_of(ALL_DAYS) | {"source": name})
        await session.execute(_FOLDED, {"source": name, "digest": digest_of(name)})
        return
    for first, last in runs_of(sorted({day for _, day in marks})):
        within = sorted(mark for mark in marks if first <= mark[1] <= last)
        marked = {"regions": [each for each, _ in within], "days": [day for _, day in within]}
        await _clear(session, name, _MARKED.format("region", "day_on"), marked)
        values = times_of(Period(span=Span.DAY, first_on=first, last_on=last)) | marked | {"source": name}
        await session.execute(text(_insert(name, _MARKED.format("region", _day(name)))), values)


async def fold_snapshots(session: AsyncSession, name: str, today: date) -> int:
    """Sum again the stale regions of a source's snapshots, make one that is missing, and return how many still are.

    Snapshots of days that are not wanted any more are dropped; those of another definition all are.
    """
    digest = await _lock(session, name)
    if digest is None:
        return 0
    marks = [(row.region, row.day_on) for row in await session.execute(_TAKE, {"source": name})]
    kept, wanted = set(await session.scalars(_SNAPSHOTS, {"source": name})), days_wanted(today)
    dropped = list(kept - wanted if digest == digest_of(name) else kept)
    await session.execute(_DROP, {"source": name, "days": dropped})
    await _clear(session, name, "day_on = any(:days)", {"days": dropped})
    await session.execute(_FOLDED, {"source": name, "digest": digest_of(name)})
    for day in kept.difference(dropped):
        if regions := sorted({region for region, since in marks if since <= day}):
            await _clear(session, name, "day_on = :day and region = any(:regions)", {"day": day, "regions": regions})
            await _snap(session, name, day, "region = any(:regions)", {"regions": regions})
    if name == SOURCE:
        await keep_coverage(session, {region for region, since in marks if since <= today}, today)
    missing = sorted(wanted - kept.difference(dropped))
    if missing:
        await _snap(session, name, missing[-1], "true", {})
        await session.execute(_KEEP, {"source": name, "day": missing[-1]})
    return max(0, len(missing) - 1)


async def _lock(session: AsyncSession, name: str) -> str | None:
    """Return the digest that a source was summed by, empty before the first fold, or None while another fold runs."""
    if not await session.scalar(_LOCK, {"source": name}):
        return None
    await session.execute(_BEGIN, {"source": name})
    return str(await session.scalar(_DIGEST, {"source": name}))


async def _snap(session: AsyncSession, name: str, day: date, only: str, values: Mapping[str, object]) -> None:
    on_day = times_of(Period(span=Span.DAY, first_on=day, last_on=day))
    await session.execute(text(_insert(name, only)), {**on_day, **values, "source": name})


async def _clear(session: AsyncSession, name: str, only: str, values: Mapping[str, object]) -> None:
    for table in tables_of(name):
        statement = text(f"delete from {table.name} where source = :source and {only}")
        await session.execute(statement, {**values, "source": name})


def _day(name: str) -> str:
    at = SOURCES[name].at
    return DAY.format(at) if at else "cast(:on as date)"


def _insert(name: str, only: str) -> str:
    """Look at the rows once, by all that any table tells apart, and add up what that gives for each table."""
    source, measures, tables = SOURCES[name], measures_of(name), tables_of(name)
    columns = list(dict.fromkeys(column for table in tables for column in known_columns(source, table)))
    counts = ", ".join(f"{measure.aggregate} as n{place}" for place, measure in enumerate(measures))
    groups = ", ".join(str(place + 1) for place in range(2 + len(columns)))
    fine = (
        f"fine as materialized (select {_day(name)} as day_on, region, {', '.join(columns)}, {counts}"
        f" from {source.table} where {rows_of(source, EVERYTHING)} and {only} group by {groups})"
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
