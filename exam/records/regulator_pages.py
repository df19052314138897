"""The regulator's desk: today's sittings, the region's figures with drill-down, what ends soon, who is not covered."""

from typing import Any
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import list_people
from exam.records import board
from exam.records.board import Step
from exam.records.enterprises.listing import list_enterprises
from exam.records.figures import list_usable_credentials
from exam.records.period import Period, Span, period_of
from exam.records.regulator_desk import ROLE, Desk, days_of, desk_of, figures_of
from exam.records.reminders.service import count_new
from exam.records.schemas import RegionPath, Within
from exam.sitting.api import get_sitting
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
                "reminders": await count_new(desk.session, principal, at=desk.now),
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

    @get("/sittings/{sitting_id:uuid}")
    async def show_people_of_sitting(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        sitting_id: FromPath[UUID],
        region: FromQuery[RegionPath] = "",
        step: FromQuery[Step] = Step.REGISTERED,
        page: FromQuery[Page] = 1,
    ) -> Template:
        """Name who stands behind a number of one sitting."""
        async with desk_of(runtime, principal, region) as desk:
            where = await get_sitting(desk.session, sitting_id)
            people = await board.list_people_of_sitting(
                desk.session, step, sitting_id, limit=PAGE + 1, offset=(page - 1) * PAGE
            )
            context = await _people(desk, step, people)
        return Template("records/sitting_people.html", context={**context, "sitting": where, "page": page})

    @get("/today/people")
    async def show_people_today(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        step: FromQuery[Step] = Step.REGISTERED,
        page: FromQuery[Page] = 1,
    ) -> Template:
        """Name who stands behind a sum of today's board."""
        async with desk_of(runtime, principal, region) as desk:
            span = _day_of(desk)
            people = await board.list_people_today(
                desk.session, step, since=span.since, until=span.until, limit=PAGE + 1, offset=(page - 1) * PAGE
            )
            context = await _people(desk, step, people)
        return Template("records/sitting_people.html", context={**context, "sitting": None, "page": page})

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


def _day_of(desk: Desk) -> Period:
    return period_of(Span.DAY, desk.now)


async def _people(desk: Desk, step: Step, people: list[board.BoardPerson]) -> dict[str, Any]:
    shown = people[:PAGE]
    names = await list_people(desk.session, [each.person_id for each in shown if each.person_id])
    return {**desk.context, "step": step, "rows": shown, "more": len(people) > PAGE, "names": names}


async def _today(desk: Desk) -> dict[str, Any]:
    span = _day_of(desk)
    sittings = await board.list_today(desk.session, since=span.since, until=span.until)
    return {"sittings": sittings, "sums": board.sums(sittings), "counted_at": desk.now}
