"""A region's figures with what they are compared with, over time, and told apart."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import zip_longest
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from exam.identity.api import RegionView, list_regions
from exam.records.api import (
    BY_CODE,
    MEASURES,
    TIME,
    TOTAL,
    By,
    Counts,
    Desk,
    Dimension,
    Measure,
    Period,
    Span,
    Unit,
    add_up,
    before,
    count,
    countable,
    industry_of,
    period_at,
    title_of,
    value_of,
    year_before,
)
from exam.reports.choice import NONE, NOT_STATED, Choice, Grouping
from exam.standards.api import Category

TOWN = 4
"""The level of townships, which have none below."""
_CENTRES = text("select distinct centre_id, centre_name from records_v_sitting where centre_id = any(:ids)")


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of the period, the period before (环比) and the same of the year before (同比)."""

    measure: Measure
    now: int | None
    before: int | None
    year_before: int | None

    def change(self, then: int | None) -> int | None:
        """Return the change in thousandths, or of a share in its own thousandths; None where it cannot be told."""
        if self.now is None or then is None:
            return None
        if self.measure.unit is Unit.SHARE:
            return self.now - then
        return round((self.now - then) * 1000 / then) if then else None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the breakdown; `name` is a msgid or a proper name, `own` marks the region's own level (本级)."""

    key: str
    name: str
    counts: Counts
    by: Grouping = "place"
    own: bool = False

    @property
    def where(self) -> dict[str, str]:
        """The part of an address that asks for just what this line counts."""
        if self.by == "place":
            return {"region": self.key, "level": "own" if self.own else ""}
        return {self.by: self.key or NONE}

    def value(self, code: str) -> int | None:
        return value_of(BY_CODE[code], self.counts)


class Point(msgspec.Struct, frozen=True):
    """One bar of the chart: a day or month up to a day, its value, None where there is nothing to share."""

    key: str
    value: int | None
    until: date
    year_before: "Point | None" = None

    @property
    def where(self) -> dict[str, str]:
        """The part of an address that asks for this day or month alone."""
        span = Span.MONTH if len(self.key) == len("2026-11") else Span.DAY
        first = date.fromisoformat(f"{self.key}-01" if span is Span.MONTH else self.key)
        period = period_at(span, first, today=self.until)
        until = "" if period.whole else period.last_on.isoformat()
        return {"span": span, "day": first.isoformat(), "until": until}


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a page or file of figures shows."""

    period: Period
    measures: list[Compared]
    lines: list[Line]
    total: Counts
    points: list[Point]
    shown: Measure
    centre: str = ""
    """The name of the centre that is asked for, a msgid where it has none here; empty for all or none."""

    def compared(self, code: str) -> Compared:
        return next(each for each in self.measures if each.measure.code == code)


async def overview_of(desk: Desk, choice: Choice) -> Overview:
    """Count a choice within a desk's region; raises ReportDayError."""
    period = choice.period(desk.today)
    previous, last_year = [
        _filled((await _count(desk, each, choice)).get("", {}), choice)
        for each in (before(period), year_before(period))
    ]
    shown = _shown(choice)
    narrowing, told = choice.narrowing, choice.grouping
    apart = await count(desk.session, desk.visible, period, by=told, narrowing=narrowing)
    # places add up to the whole, and counting once is enough; of a dimension some figures know nothing
    whole = add_up(apart.values()) if choice.by == "place" else (await _count(desk, period, choice)).get("", {})
    total = _filled(whole, choice)
    measures = [
        Compared(
            measure=each,
            now=value_of(each, total),
            before=value_of(each, previous),
            year_before=value_of(each, last_year),
        )
        for each in MEASURES
        if countable(each, narrowing)
    ]
    return Overview(
        period=period,
        measures=measures,
        lines=await _lines(desk, choice, apart),
        total=total,
        points=await _points(desk, period, choice, shown),
        shown=shown,
        centre=await name_of_centre(desk.session, choice),
    )


async def _count(desk: Desk, period: Period, choice: Choice) -> dict[str, dict[str, int]]:
    return await count(desk.session, desk.visible, period, by=TOTAL, narrowing=choice.narrowing)


async def _points(desk: Desk, period: Period, choice: Choice, shown: Measure) -> list[Point]:
    """Return the bars of a period, each beside the same day or month of the year before."""
    told = []
    for each in (period, year_before(period)):
        counts = await count(
            desk.session, desk.visible, each, by=TIME, narrowing=choice.narrowing, measures=_parts(shown)
        )
        values = ((key, value_of(shown, _zeros(shown) | counts.get(key, {}))) for key in keys_of(each))
        told.append([Point(key, value, each.last_on) for key, value in values])
    now, then = told
    # a leap day has none beside it
    return [msgspec.structs.replace(one, year_before=other) for one, other in zip_longest(now, then[: len(now)])]


def _filled(counts: Counts, choice: Choice, by: By = TOTAL) -> dict[str, int]:
    """Return counts with a nought for what could be counted and has no row."""
    zeros = {each.code: 0 for each in MEASURES if each.unit is not Unit.SHARE and countable(each, choice.narrowing, by)}
    return {**zeros, **counts}


def _shown(choice: Choice) -> Measure:
    """Return the measure of the chart: the one asked for where it can be told by days, else the first that can."""
    asked = BY_CODE.get(choice.show)
    if asked and countable(asked, choice.narrowing, TIME):
        return asked
    return next(each for each in MEASURES if countable(each, choice.narrowing, TIME))


def _parts(measure: Measure) -> list[Measure]:
    return [BY_CODE[measure.part], BY_CODE[measure.whole]] if measure.unit is Unit.SHARE else [measure]


def _zeros(measure: Measure) -> dict[str, int]:
    return {each.code: 0 for each in _parts(measure)}


def keys_of(period: Period) -> list[str]:
    """Return the days of a day or month, the months of a quarter or year, as `count` names them."""
    days = [period.first_on + timedelta(days=each) for each in range(period.days)]
    if period.span in {Span.DAY, Span.MONTH}:
        return [day.isoformat() for day in days]
    return [f"{day:%Y-%m}" for day in days if day.day == 1]


async def _lines(desk: Desk, choice: Choice, apart: Mapping[str, Counts]) -> list[Line]:
    if choice.by == "place":
        return await _places(desk.session, desk.region, apart, choice)
    names = await _names(desk.session, choice.by, apart)
    lines = [
        Line(
            key=key,
            name=names.get(key) or NOT_STATED[Dimension(choice.by)],
            counts=_filled(counts, choice, choice.grouping),
            by=choice.by,
        )
        for key, counts in apart.items()
    ]
    return sorted(lines, key=lambda line: (-max(line.counts.values(), default=0), line.key))


async def _places(session: AsyncSession, region: RegionView, apart: Mapping[str, Counts], choice: Choice) -> list[Line]:
    below = [] if choice.level else await list_regions(session, under=region.path, level=region.level + 1)
    lines = [
        Line(key=place.path, name=place.name, counts=_filled(apart.get(place.path, {}), choice)) for place in below
    ]
    own = apart.get(region.path)
    if own and any(own.values()):
        lines.insert(0, Line(key=region.path, name=region.name, counts=_filled(own, choice), own=True))
    return lines


async def name_of_centre(session: AsyncSession, choice: Choice) -> str:
    """Return the name of the centre that a choice asks for, a msgid where it has none here; empty for all or none."""
    key = choice.centre
    if key in {"", NONE}:
        return ""
    return (await _names(session, "centre", {key: {}})).get(key) or NOT_STATED[Dimension.CENTRE]


async def _names(session: AsyncSession, by: str, apart: Mapping[str, Counts]) -> dict[str, str]:
    if by == "centre":
        ids = [UUID(key) for key in apart if key]
        rows = (await session.execute(_CENTRES, {"ids": ids})).all()
        return {str(row.centre_id): row.centre_name for row in rows}
    if by == "industry":
        return {key: industry_of(key) for key in apart}
    if by == "category":
        return {key: Category(key).label for key in apart if key}
    return {key: title_of(key) for key in apart if key}
