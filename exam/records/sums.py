"""Sums by day (日汇总): what a source's rows of one day add up to, kept so that nobody counts four years to see one.

A day is taken from its sums where nothing has marked it stale, else counted from rows; so no figure is ever behind.
The sums are filled by the very aggregates of `measures`, and by `digest_of` it is known from which. What the marks
promise, and why a reader needs one snapshot for all its statements, stands in deploy/decisions/0040.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.records.grouping import By, Narrowing, key_of, narrowed
from exam.records.measures import MEASURES, SOURCES, Dimension, Measure, Source
from exam.records.period import Period

RUNS = 8
"""Into how many stretches at most the stale days of a period are told apart."""


class Table(msgspec.Struct, frozen=True):
    """A table of sums and what its rows are told apart by, besides source, day and region."""

    name: str
    dimensions: frozenset[Dimension]
    columns: tuple[tuple[str, Dimension], ...]


CELLS = Table(
    "records_sum",
    frozenset({Dimension.CATEGORY, Dimension.ITEM, Dimension.CENTRE}),
    (("qualification", Dimension.ITEM), ("centre_id", Dimension.CENTRE)),
)
BY_INDUSTRY = Table("records_sum_industry", frozenset({Dimension.INDUSTRY}), (("industry", Dimension.INDUSTRY),))
TABLES = (CELLS, BY_INDUSTRY)
SUMMED = tuple(name for name, source in SOURCES.items() if not source.stands)
"""The sources whose rows have a day of their own."""


def tables_of(name: str) -> list[Table]:
    """Return the tables that a source is summed in: those that tell apart something it knows."""
    return [table for table in TABLES if not SOURCES[name].dimensions.isdisjoint(table.dimensions)]


def table_for(name: str, dimensions: frozenset[Dimension]) -> Table | None:
    """Return the source's table that tells these apart, None where only rows do."""
    return next((table for table in tables_of(name) if table.dimensions >= dimensions), None)


def measures_of(name: str) -> list[Measure]:
    """Return a source's measures in the order of its counts."""
    return [measure for measure in MEASURES if measure.source == name]


def digest_of(name: str) -> str:
    """Return what tells this definition of a source and its measures from any other."""
    source = SOURCES[name]
    parts = (source.table, source.at, source.where, *(f"{each.code} {each.aggregate}" for each in measures_of(name)))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


_STALE = text(
    "select f.source, f.digest, array("
    " select distinct m.day_on from records_stale m"
    " where m.source = f.source and m.day_on between :first and :last and ankao_in_region(m.region)) as days"
    " from records_folded f where f.source = any(:sources)",
)
_RAW = {
    Dimension.CATEGORY: "qualification",
    Dimension.ITEM: "qualification",
    Dimension.CENTRE: "centre_id",
    Dimension.INDUSTRY: "industry",
}
_FRESH = (
    "not exists (select from unnest(cast(:stale_sources as text[]), cast(:stale_keys as {}[])) stale(s, k)"
    " where stale.s = source and stale.k = {})"
)


async def find_stale_days(session: AsyncSession, period: Period, sources: Collection[str]) -> dict[str, list[date]]:
    """Return which of the sources are summed, and of each the days of a period that are to be counted from rows."""
    asked = sorted(set(SUMMED).intersection(sources))
    if not asked:
        return {}
    values = {"sources": asked, "first": period.first_on, "last": period.last_on}
    rows = await session.execute(_STALE, values)
    return {row.source: _covered(sorted(row.days)) for row in rows if row.digest == digest_of(row.source)}


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What is read from sums: measures by source, over the days of a period, without the stale days or regions."""

    table: Table
    asked: Mapping[str, Sequence[Measure]]
    by: By
    period: Period
    narrowing: Narrowing
    stale: Mapping[str, Sequence[date] | Sequence[str]]
    column: str = "day_on"
    """Whether `stale` names days or regions."""


async def add_sums(
    session: AsyncSession, found: dict[str, dict[str, int]], reading: Reading, values: Mapping[str, object]
) -> None:
    """Add to counts by key what the sums amount to."""
    pairs = [(name, key) for name in reading.asked for key in reading.stale[name]]
    bound = {
        **values,
        "sources": list(reading.asked),
        "first": reading.period.first_on,
        "last": reading.period.last_on,
        "stale_sources": [name for name, _ in pairs],
        "stale_keys": [key for _, key in pairs],
    }
    places = {name: {each.code: place for place, each in enumerate(measures_of(name))} for name in reading.asked}
    for row in await session.execute(_statement(reading, max(map(len, places.values()))), bound):
        wanted = reading.asked[row.source]
        add_to(found, row.key, {each.code: row[2 + places[row.source][each.code]] for each in wanted})


def _statement(reading: Reading, most: int) -> TextClause:
    """Add up first by what the table has, then by what is asked for: the key of a group is dearer than its sum."""
    by = reading.by
    raw = "region" if by.place else "day_on" if by.time else _RAW[by.dimension] if by.dimension else ""
    of_raw = f", {raw}" if raw else ""
    fresh = _FRESH.format("date" if reading.column == "day_on" else "text", reading.column)
    where = ["ankao_in_region(region)", "source = any(:sources)", "day_on between :first and :last", fresh]
    inner = ", ".join(f"sum(counts[{place}]) as n{place}" for place in range(1, most + 1))
    outer = ", ".join(f"sum(n{place})" for place in range(1, most + 1))
    return text(
        f"select source, {key_of(by, reading.period, 'day_on')} as key, {outer} from (select source{of_raw}, {inner}"
        f" from {reading.table.name} where {' and '.join(where + narrowed(reading.narrowing))}"
        f" group by source{of_raw}) each group by 1, 2",
    )


def add_to(found: dict[str, dict[str, int]], key: str | None, counts: Mapping[str, int]) -> None:
    """Add counts to those of their key."""
    there = found.setdefault(key or "", {})
    for code, value in counts.items():
        there[code] = there.get(code, 0) + int(value)


def _covered(stale: list[date]) -> list[date]:
    """Return every day of the stretches that stale days are counted in."""
    return [first + timedelta(days=each) for first, last in runs_of(stale) for each in range((last - first).days + 1)]


def runs_of(days: list[date]) -> list[tuple[date, date]]:
    """Join sorted days to stretches without a gap, or to one over all where there were too many."""
    runs = list(_runs(days))
    return runs if len(runs) <= RUNS else [(days[0], days[-1])]


def _runs(days: list[date]) -> Iterator[tuple[date, date]]:
    first = last = None
    for day in days:
        if last is not None and first is not None and day - last > timedelta(days=1):
            yield first, last
            first = None
        first, last = first or day, day
    if first is not None and last is not None:
        yield first, last


def known_columns(source: Source, table: Table) -> list[str]:
    """Return the table's columns that the source's rows know."""
    return [column for column, dimension in table.columns if dimension in source.dimensions]
