"""Counting measures within a region, over a period, by place, time or kind: from sums by day, and from rows.

Rows are counted by one statement for each source, where a source has no sums or a day is not yet in them again.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import VisibleRegion
from exam.records.grouping import DAY, EVERYTHING, TOTAL, By, Narrowing, dimensions_of, key_of, narrowed
from exam.records.measures import BY_CODE, MEASURES, SOURCES, Measure, Source, Unit
from exam.records.period import Period
from exam.records.snapshots import find_snapshots
from exam.records.sums import TABLES, Reading, add_sums, add_to, find_stale_days, runs_of, table_for

_PERMILLE = 1000
Counts = Mapping[str, int]
"""Values by the code of their measure; shares are not among them."""


def countable(measure: Measure, narrowing: Narrowing, by: By = TOTAL) -> bool:
    """Tell whether a measure's rows know what they would be narrowed and told apart by."""
    if measure.unit is Unit.SHARE:
        return countable(BY_CODE[measure.part], narrowing, by) and countable(BY_CODE[measure.whole], narrowing, by)
    source = SOURCES[measure.source]
    if by.time and source.stands:
        return False
    return source.dimensions >= dimensions_of(by, narrowing)


async def count(
    session: AsyncSession,
    region: VisibleRegion,
    period: Period,
    *,
    by: By = TOTAL,
    narrowing: Narrowing = EVERYTHING,
    measures: Iterable[Measure] = MEASURES,
) -> dict[str, dict[str, int]]:
    """Return counts by key and code; the session's scope is the region, its transaction had best be of one snapshot.

    The key is empty for the total, a region path (the region's own for what lies in none below), a date or month, or
    the value of the dimension, empty where a row has none. What cannot be told apart so is left out.
    """
    asked: dict[str, list[Measure]] = {}
    for measure in measures:
        if measure.unit is not Unit.SHARE and countable(measure, narrowing, by):
            asked.setdefault(measure.source, []).append(measure)
    summable = [name for name in asked if table_for(name, dimensions_of(by, narrowing))]
    days = await find_stale_days(session, period, summable)
    regions = await find_snapshots(session, period.last_on, summable)
    found: dict[str, dict[str, int]] = {}
    for reading in _readings(asked, by, period, narrowing, days, regions):
        await add_sums(session, found, reading, values_of(region, period, narrowing))
    for name, wanted in asked.items():
        if regions.get(name) == []:
            continue
        query = _query(SOURCES[name], wanted, by, period, narrowing, within=name in regions)
        for part in _stretches(period, days[name]) if name in days else (period,):
            values = values_of(region, part, narrowing) | {"within": regions.get(name)}
            for row in (await session.execute(query, values)).mappings():
                add_to(found, row["key"], {each.code: row[each.code] for each in wanted})
    return found


def _readings(
    asked: Mapping[str, list[Measure]],
    by: By,
    period: Period,
    narrowing: Narrowing,
    days: Mapping[str, list[date]],
    regions: Mapping[str, list[str]],
) -> Iterator[Reading]:
    last_day = msgspec.structs.replace(period, first_on=period.last_on)
    for stale, column, over in ((days, "day_on", period), (regions, "region", last_day)):
        for table in TABLES:
            mine = {name: asked[name] for name in stale if table_for(name, dimensions_of(by, narrowing)) is table}
            if mine:
                yield Reading(
                    table=table, asked=mine, by=by, period=over, narrowing=narrowing, stale=stale, column=column
                )


def _stretches(period: Period, stale: list[date]) -> list[Period]:
    return [msgspec.structs.replace(period, first_on=first, last_on=last) for first, last in runs_of(stale)]


def values_of(region: VisibleRegion, period: Period, narrowing: Narrowing) -> dict[str, object]:
    """Return the bound values of every source and of `rows_of`."""
    asked = {f"only_{dimension}": value for dimension, value in narrowing.asked.items()}
    return {"region": region, **times_of(period), **asked}


def times_of(period: Period) -> dict[str, object]:
    """Return the bound values that the sources themselves take."""
    return {"since": period.since, "until": period.until, "on": period.last_on}


def _query(
    source: Source, measures: list[Measure], by: By, period: Period, narrowing: Narrowing, *, within: bool
) -> TextClause:
    counts = ", ".join(f"{measure.aggregate} as {measure.code}" for measure in measures)
    return text(
        f"select {key_of(by, period, DAY.format(source.at))} as key, {counts} from {source.table}"
        f" where {rows_of(source, narrowing)}{' and region = any(:within)' if within else ''} group by 1",
    )


def rows_of(source: Source, narrowing: Narrowing) -> str:
    """Return the condition of a source's rows in the scope; it takes what `values_of` gives."""
    parts = ["ankao_in_region(region)", source.where]
    if source.at:
        parts.append(f"{source.at} >= :since and {source.at} < :until")
    return " and ".join(parts + narrowed(narrowing))


def value_of(measure: Measure, counts: Counts) -> int | None:
    """Return a measure's value, a share per thousand half up; None where it cannot be told or nothing is shared."""
    if measure.unit is not Unit.SHARE:
        return counts.get(measure.code)
    part, whole = counts.get(measure.part), counts.get(measure.whole)
    return (2 * _PERMILLE * part + whole) // (2 * whole) if part is not None and whole else None


def add_up(several: Iterable[Counts]) -> dict[str, int]:
    """Add counts up."""
    total: dict[str, int] = {}
    for counts in several:
        for code, value in counts.items():
            total[code] = total.get(code, 0) + value
    return total
