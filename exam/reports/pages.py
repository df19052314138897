"""Figures of a region: by place, time and kind, compared with before, down to the rows."""

from collections.abc import Iterable
from typing import Any

from litestar import Controller, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery
from litestar.response import Template

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.records.api import (
    BANDS,
    BY_CODE,
    MEASURES,
    ROLE,
    SOURCES,
    Desk,
    Dimension,
    Span,
    Unit,
    countable,
    desk_of,
    title_of,
)
from exam.reports.choice import NONE, NOT_STATED, Choice
from exam.reports.overview import TOWN, name_of_centre, overview_of
from exam.reports.rows import item_title, list_rows
from exam.reports.schemas import Text, choice_of
from exam.reports.wording import cell, change_written, written
from exam.standards.api import Category, list_qualifications, load_catalogue
from exam.web.paging import Page
from exam.web.policy import allow

PAGE = 50
GROUPS = (
    ("考试", ("registrations", "sittings", "attended", "attendance", "over", "passed", "pass_rate")),
    ("证书", ("issued", "valid", "expiring_30", "expiring_90", "lapsed", "suspended", "revoked")),
    ("培训与秩序", ("hours", "incidents", "incidents_found", "enterprises", "covered")),
)
"""The figures at the head of the page, by subject."""
COLUMNS = ("registrations", "attended", "attendance", "over", "pass_rate", "issued", "valid", "expiring_90", "hours")
"""The columns of the breakdown on the page; files have all."""


class StatisticsController(Controller):
    """Pages of one region, the regulator's own or one below it."""

    path = "/regulator/statistics"
    opt = allow(ROLE)
    dependencies = {"choice": Provide(choice_of)}  # noqa: RUF012  # the framework types it so

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        choice: NamedDependency[Choice],
    ) -> Template:
        async with desk_of(runtime, principal, choice.region, snapshot=True) as desk:
            overview = await overview_of(desk, choice)
            context = {
                **_context(desk, choice),
                "overview": overview,
                "facts": choice.facts(overview.centre),
                "groups": [(title, _there(codes, choice)) for title, codes in GROUPS],
                "columns": [BY_CODE[code] for code in _there(COLUMNS, choice, apart=True)],
                "bands": [band for band in BANDS if countable(band, choice.narrowing)],
                "charts": [each for each in MEASURES if not _stands(each.code)],
                "categories": _options(Dimension.CATEGORY, ((each.value, each.label) for each in Category)),
                "items": _options(Dimension.ITEM, ((each.code, each.title) for each in list_qualifications())),
                "industries": _options(
                    Dimension.INDUSTRY, ((each.code, each.title) for each in load_catalogue().industries)
                ),
                "told_apart": countable(overview.shown, choice.narrowing, choice.grouping),
                "cell": cell,
                "deepest": desk.region.level >= TOWN,
            }
        return Template("reports/statistics.html", context=context)

    @get("/rows")
    async def show_rows(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        choice: NamedDependency[Choice],
        measure: FromQuery[Text] = "registrations",
        page: FromQuery[Page] = 1,
    ) -> Template:
        async with desk_of(runtime, principal, choice.region) as desk:
            found = await list_rows(desk, choice, measure, page=page, size=PAGE)
            context = {
                **_context(desk, choice),
                "found": found,
                "asked": BY_CODE[measure],
                "page": page,
                "period": choice.period(desk.today),
                "facts": choice.facts(await name_of_centre(desk.session, choice)),
                "stands": SOURCES[found.measure.source].stands,
                "item_title": item_title,
            }
        return Template("reports/rows.html", context=context)


def _context(desk: Desk, choice: Choice) -> dict[str, Any]:
    return {
        **desk.context,
        "choice": choice,
        "spans": [(Span.DAY, "日"), (Span.MONTH, "月"), (Span.QUARTER, "季"), (Span.YEAR, "年")],
        "written": written,
        "change_written": change_written,
        "counted_at": desk.now,
        "title_of": title_of,
    }


def _options(dimension: Dimension, known: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [*known, (NONE, NOT_STATED[dimension])]


def _there(codes: tuple[str, ...], choice: Choice, *, apart: bool = False) -> list[str]:
    by = {"by": choice.grouping} if apart else {}
    return [code for code in codes if countable(BY_CODE[code], choice.narrowing, **by)]


def _stands(code: str) -> bool:
    measure = BY_CODE[code]
    return SOURCES[BY_CODE[measure.part].source if measure.unit is Unit.SHARE else measure.source].stands
