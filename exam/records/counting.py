"""Counting measures within a region, over a period, by place, time or kind: one statement for each source."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import VisibleRegion
from exam.records.measures import BY_CODE, MEASURES, SOURCES, Dimension, Measure, Source, Unit
from exam.records.period import Period, Span

_PERMILLE = 1000
Counts = Mapping[str, int]
"""Values by the code of their measure; shares are not among them."""

# the path of the region directly below the one asked for, or that one itself
_PLACE = "array_to_string((string_to_array(region, '/'))[1:cardinality(string_to_array(cast(:region as text), '/')) + 1], '/')"
_COLUMNS = {
    Dimension.CATEGORY: "split_part(qualification, '.', 1)",
    Dimension.ITEM: "qualification",
    Dimension.CENTRE: "cast(centre_id as text)",
    Dimension.INDUSTRY: "industry",
}
_BUCKETS = {Span.DAY: "YYYY-MM-DD", Span.MONTH: "YYYY-MM-DD", Span.QUARTER: "YYYY-MM", Span.YEAR: "YYYY-MM"}
"""A day or month is told by days, a quarter or year by months."""


class By(msgspec.Struct, frozen=True):
    """What counts are told apart by: nothing, the regions directly below, the days or months, or a dimension."""

    place: bool = False
    time: bool = False
    dimension: Dimension | None = None


TOTAL, PLACE, TIME = By(), By(place=True), By(time=True)


class Narrowing(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows count: of one category, item, centre or industry; all where nothing is named."""

    category: str = ""
    item: str = ""
    centre: UUID | None = None
    industry: str = ""

    @property
    def asked(self) -> dict[Dimension, str]:
        named = {
            Dimension.CATEGORY: self.category,
            Dimension.ITEM: self.item,
            Dimension.CENTRE: str(self.centre or ""),
            Dimension.INDUSTRY: self.industry,
        }
        return {dimension: value for dimension, value in named.items() if value}


EVERYTHING = Narrowing()


def countable(measure: Measure, narrowing: Narrowing, by: By = TOTAL) -> bool:
    """Tell whether a measure's rows know what they would be narrowed and told apart by."""
    if measure.unit is Unit.SHARE:
        return countable(BY_CODE[measure.part], narrowing, by) and countable(BY_CODE[measure.whole], narrowing, by)
    source = SOURCES[measure.source]
    if by.time and source.stands:
        return False
    return source.dimensions >= ({by.dimension} if by.dimension else set()) | narrowing.asked.keys()


async def count(
    session: AsyncSession,
    region: VisibleRegion,
    period: Period,
    *,
    by: By = TOTAL,
    narrowing: Narrowing = EVERYTHING,
    measures: Iterable[Measure] = MEASURES,
) -> dict[str, dict[str, int]]:
    """Return counts by key and code; the session's scope is the region.

    The key is empty for the total, a region path (the region's own for what lies in none below), a date or month, or
    the value of the dimension, empty where a row has none. What cannot be told apart so is left out.
    """
    asked: dict[str, list[Measure]] = {}
    for measure in measures:
        if measure.unit is not Unit.SHARE and countable(measure, narrowing, by):
            asked.setdefault(measure.source, []).append(measure)
    values = values_of(region, period, narrowing)
    found: dict[str, dict[str, int]] = {}
    for name, wanted in asked.items():
        for row in (await session.execute(_query(SOURCES[name], wanted, by, period, narrowing), values)).mappings():
            counts = {code: int(value) for code, value in row.items() if code != "key"}
            found.setdefault(row["key"] or "", {}).update(counts)
    return found


def values_of(region: VisibleRegion, period: Period, narrowing: Narrowing) -> dict[str, object]:
    """Return the bound values of every source and of `rows_of`."""
    asked = {f"only_{dimension}": value for dimension, value in narrowing.asked.items()}
    return {"region": region, "since": period.since, "until": period.until, "on": period.last_on, **asked}


def _query(source: Source, measures: list[Measure], by: By, period: Period, narrowing: Narrowing) -> TextClause:
    counts = ", ".join(f"{measure.aggregate} as {measure.code}" for measure in measures)
    return text(
        f"select {_key(source, by, period)} as key, {counts} from {source.table}"
        f" where {rows_of(source, narrowing)} group by 1",
    )


def rows_of(source: Source, narrowing: Narrowing) -> str:
    """Return the condition of a source's rows in the scope; it takes what `values_of` gives."""
    parts = ["ankao_in_region(region)", source.where]
    if source.at:
        parts.append(f"{source.at} >= :since and {source.at} < :until")
    parts += [f"{_COLUMNS[dimension]} = :only_{dimension}" for dimension in narrowing.asked]
    return " and ".join(parts)


def _key(source: Source, by: By, period: Period) -> str:
    if by.place:
        return _PLACE
    if by.time:
        return f"to_char({source.at} at time zone 'Asia/Shanghai', '{_BUCKETS[period.span]}')"
    return _COLUMNS[by.dimension] if by.dimension else "''"


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
