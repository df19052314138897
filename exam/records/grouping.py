"""What counts are told apart by and narrowed to, and how rows and sums by day say it in SQL; pure."""

from uuid import UUID

import msgspec

from exam.records.measures import Dimension
from exam.records.period import Period, Span

# the path of the region directly below the one asked for, or that one itself
_PLACE = "array_to_string((string_to_array(region, '/'))[1:cardinality(string_to_array(cast(:region as text), '/')) + 1], '/')"
COLUMNS = {
    Dimension.CATEGORY: "split_part(qualification, '.', 1)",
    Dimension.ITEM: "qualification",
    Dimension.CENTRE: "cast(centre_id as text)",
    Dimension.INDUSTRY: "industry",
}
DAY = "({} at time zone 'Asia/Shanghai')::date"
"""The day of an instant."""
_BUCKETS = {Span.DAY: "YYYY-MM-DD", Span.MONTH: "YYYY-MM-DD", Span.QUARTER: "YYYY-MM", Span.YEAR: "YYYY-MM"}
"""A day or month is told by days, a quarter or year by months."""


class By(msgspec.Struct, frozen=True):
    """What counts are told apart by: nothing, the regions directly below, the days or months, or a dimension."""

    place: bool = False
    time: bool = False
    dimension: Dimension | None = None


TOTAL, PLACE, TIME = By(), By(place=True), By(time=True)


class Narrowing(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows count: of one category, item, centre or industry; all where nothing is named.

    `without` asks for the rows that have no value of these dimensions, `own` for those of the region's own level (本级)
    and of none below it. Just these rows stand in a breakdown under an empty key and under the region itself.
    """

    category: str = ""
    item: str = ""
    centre: UUID | None = None
    industry: str = ""
    without: frozenset[Dimension] = frozenset()
    own: bool = False

    @property
    def asked(self) -> dict[Dimension, str]:
        """What rows must have of each dimension that is asked about, empty where they must have nothing."""
        named = {
            Dimension.CATEGORY: self.category,
            Dimension.ITEM: self.item,
            Dimension.CENTRE: str(self.centre or ""),
            Dimension.INDUSTRY: self.industry,
        }
        return {dimension: value for dimension, value in named.items() if value} | dict.fromkeys(self.without, "")


EVERYTHING = Narrowing()


def dimensions_of(by: By, narrowing: Narrowing) -> frozenset[Dimension]:
    """Return the dimensions that rows must know to be told apart and narrowed so."""
    return frozenset({by.dimension} if by.dimension else ()) | narrowing.asked.keys()


def narrowed(narrowing: Narrowing) -> list[str]:
    """Return the conditions of a narrowing; they take the values `only_…` and `region` of `counting.values_of`."""
    parts = [
        f"{COLUMNS[dimension]} = :only_{dimension}" if value else f"coalesce({COLUMNS[dimension]}, '') = ''"
        for dimension, value in narrowing.asked.items()
    ]
    return [*parts, "region = :region"] if narrowing.own else parts


def key_of(by: By, period: Period, day: str) -> str:
    """Return the key of a row whose day is `day`."""
    if by.place:
        return _PLACE
    if by.time:
        return f"to_char({day}, '{_BUCKETS[period.span]}')"
    return COLUMNS[by.dimension] if by.dimension else "''"
