"""The rows behind a figure: exactly those that it counts, with the page of each for whoever may open it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from exam.identity.api import PersonView, list_people
from exam.records.api import BY_CODE, SOURCES, Desk, Measure, Unit, rows_of, title_of, values_of
from exam.reports.choice import Choice
from exam.reports.errors import UnknownMeasureError


class _Shape(msgspec.Struct, frozen=True):
    """How a source's row is told: who it is about, when, what is said of it, and the address of its page."""

    person: str = "null"
    at: str = "null"
    on: str = "null"
    note: str = "''"
    link: str = "''"
    item: str = "qualification"


_REGISTRATION = "'/centre/registrations/' || {}"
_SHAPES = {
    "sitting": _Shape(at="starts_at", note="centre_name", link="'/centre/sittings/' || id"),
    "registration": _Shape(person="person_id", at="registered_at", link=_REGISTRATION.format("id")),
    "seat": _Shape(
        person="person_id",
        at="starts_at",
        note="case when attended then '已到考' else '缺考' end",
        link=_REGISTRATION.format("id"),
    ),
    "attempt": _Shape(person="person_id", at="started_at", link=_REGISTRATION.format("registration_id")),
    "outcome": _Shape(
        person="person_id",
        at="told_at",
        note="case outcome when 'passed' then '合格' when 'failed' then '不合格' else '待实操' end",
        link=_REGISTRATION.format("registration_id"),
    ),
    "turn": _Shape(
        person="person_id",
        at="at",
        note="number_masked",
        link="'/centre/credentials/' || credential_id",
    ),
    "hours": _Shape(
        person="person_id",
        at="recorded_at",
        note="to_char(seconds / 2700.0, 'FM999990.0')",
    ),
    "incident": _Shape(person="person_id", at="happened_at", link="'/proctor/incidents/' || id"),
    "credential": _Shape(person="person_id", on="ends_on", note="number_masked", link="'/centre/credentials/' || id"),
    "enterprise": _Shape(
        note="name", item="''", link="'/regulator/enterprises/' || id || '?region=' || cast(:region as text)"
    ),
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row; `note` is a msgid, a masked number or a name."""

    person_id: UUID | None
    at: datetime | None
    on_day: date | None
    item: str
    note: str
    link: str


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the rows behind a figure, and the people in them by id."""

    measure: Measure
    rows: list[Row]
    more: bool
    people: dict[UUID, PersonView]


def measure_of(code: str) -> Measure:
    """Return the measure whose rows stand behind a figure: of a share those of its whole; raises UnknownMeasureError."""
    measure = BY_CODE.get(code)
    if measure is None:
        raise UnknownMeasureError
    return BY_CODE[measure.whole] if measure.unit is Unit.SHARE else measure


async def list_rows(desk: Desk, choice: Choice, code: str, *, page: int, size: int) -> Rows:
    """Page the rows that a figure counts, the latest first; raises UnknownMeasureError and ReportDayError."""
    measure = measure_of(code)
    period, narrowing = choice.period(desk.today), choice.narrowing
    source, shape = SOURCES[measure.source], _SHAPES[measure.source]
    if not source.dimensions.issuperset(narrowing.asked):
        raise UnknownMeasureError
    query = text(
        f"select {shape.person} as person_id, {shape.at} as at, {shape.on} as on_day, {shape.item} as item,"
        f" {shape.note} as note, {shape.link} as link from {source.table}"
        f" where {rows_of(source, narrowing)} and {measure.rows}"
        " order by 2 desc nulls last, 3, 6 limit :limit offset :offset",
    )
    values: dict[str, Any] = {"limit": size + 1, "offset": (page - 1) * size}
    found = (await desk.session.execute(query, {**values_of(desk.visible, period, narrowing), **values})).mappings()
    rows = [Row(**row) for row in found]
    people = await list_people(desk.session, [row.person_id for row in rows if row.person_id])
    return Rows(measure=measure, rows=rows[:size], more=len(rows) > size, people=people)


def item_title(row: Row) -> str:
    """Return the msgid of what the row is about."""
    return title_of(row.item) if row.item else ""
