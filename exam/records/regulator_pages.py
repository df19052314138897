"""The regulator's desk: today's sittings, the region's figures with drill-down, what ends soon, who is not covered."""

from typing import Any
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import get_organisation, list_people
from exam.records import board
from exam.records.entries import list_enterprise_entries
from exam.records.figures import list_usable_credentials
from exam.records.holdings import list_enterprises, load_roster
from exam.records.names import industry_of
from exam.records.period import Period, Span, period_of
from exam.records.regulator_desk import ROLE, Desk, days_of, desk_of, figures_of
from exam.records.schemas import RegionPath, Within
from exam.web.paging import Page
from exam.web.policy import allow

PAGE = 50
FIRST_FEW = 8
TOWN = 4


class RegulatorController(Controller):
    """Pages of one region, the regulator's own or one below it."""

    path = "/regulator"
    opt = allow(ROLE)

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        period: FromQuery[Span] = Span.YEAR,
    ) -> Template:
        async with desk_of(runtime, principal, region, snapshot=True) as desk:
            span = period_of(period, desk.now)
            figures, places = await figures_of(desk, span)
            context = {
                **desk.context,
                **await _today(desk),
                "period": span,
                "figures": figures,
                "places": places,
                "deepest": desk.region.level >= TOWN,
                "expiring": await list_usable_credentials(desk.session, on=desk.today, within=90, limit=FIRST_FEW),
                "enterprises": await list_enterprises(desk.session, on=desk.today, limit=FIRST_FEW),
            }
        return Template("records/regulator.html", context=context)

    @get("/today")
    async def show_today(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
    ) -> Template:
        """Return the board alone, for the page to refresh itself."""
        async with desk_of(runtime, principal, region) as desk:
            context = {**desk.context, **await _today(desk)}
        return Template("records/_board.html", context=context)

    @get("/sittings")
    async def show_sittings(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        period: FromQuery[Span] = Span.YEAR,
        page: FromQuery[Page] = 1,
    ) -> Template:
        async with desk_of(runtime, principal, region) as desk:
            span = period_of(period, desk.now)
            rows = await board.list_of_period(
                desk.session, since=span.since, until=span.until, limit=PAGE + 1, offset=(page - 1) * PAGE
            )
            context = {**desk.context, "period": span, "rows": rows[:PAGE], "more": len(rows) > PAGE, "page": page}
        return Template("records/sittings.html", context=context)

    @get("/credentials")
    async def show_credentials(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        within: FromQuery[Within] = "90",
        page: FromQuery[Page] = 1,
    ) -> Template:
        async with desk_of(runtime, principal, region) as desk:
            rows = await list_usable_credentials(
                desk.session, on=desk.today, within=days_of(within), limit=PAGE + 1, offset=(page - 1) * PAGE
            )
            context = {**desk.context, "within": within, "rows": rows[:PAGE], "more": len(rows) > PAGE, "page": page}
        return Template("records/credentials.html", context=context)

    @get("/enterprises")
    async def show_enterprises(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        page: FromQuery[Page] = 1,
    ) -> Template:
        async with desk_of(runtime, principal, region) as desk:
            rows = await list_enterprises(desk.session, on=desk.today, limit=PAGE + 1, offset=(page - 1) * PAGE)
            context = {**desk.context, "rows": rows[:PAGE], "more": len(rows) > PAGE, "page": page}
        return Template("records/enterprises.html", context=context)

    @get("/enterprises/{organisation_id:uuid}")
    async def show_enterprise(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        organisation_id: FromPath[UUID],
        region: FromQuery[RegionPath] = "",
        page: FromQuery[Page] = 1,
    ) -> Template:
        async with desk_of(runtime, principal, region) as desk:
            enterprise = await get_organisation(desk.session, organisation_id)
            entries, _ = await list_enterprise_entries(desk.session, organisation_id)
            roster = await load_roster(desk.session, organisation_id, on=desk.today)
            context = {
                **desk.context,
                "enterprise": enterprise,
                "industry": industry_of(enterprise.industry),
                "roster": roster,
                "rows": roster.lines[(page - 1) * PAGE : page * PAGE],
                "more": len(roster.lines) > page * PAGE,
                "page": page,
                "entries": entries,
                "names": await list_people(desk.session, [entry.person_id for entry in entries]),
            }
        return Template("records/enterprise_read.html", context=context)


async def _today(desk: Desk) -> dict[str, Any]:
    span = Period(span=Span.MONTH, first_on=desk.today, last_on=desk.today)
    sittings = await board.list_today(desk.session, since=span.since, until=span.until)
    return {"sittings": sittings, "sums": board.sums(sittings), "counted_at": desk.now}
