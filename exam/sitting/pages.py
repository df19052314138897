"""The centre's pages over sittings: the day's work, a new sitting, one sitting with its readiness board."""

from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import SHANGHAI, local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import list_people
from exam.sitting import registration_views, sittings
from exam.sitting.controllers import READERS, move_sitting
from exam.sitting.desk import is_own, load_work, own_centre, own_sitting
from exam.sitting.errors import RoomsError, SittingTimesError
from exam.sitting.readiness import readiness_of, readiness_of_all
from exam.sitting.registration_pages import field_errors
from exam.sitting.schemas import EmptyForm, SittingForm, typed
from exam.sitting.tickets import room_tickets, ticket_number
from exam.standards.api import list_documents, list_explanations, list_qualifications, recall_rule_set
from exam.web.i18n import Catalogue
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import problem_of
from exam.web.request import done
from questionbank.api import list_withdrawals

CENTRE = allow("centre")
PAGE = 20
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
MAX_ENTRY_MINUTES = 600
SEATS_DIGITS = 4
FIELDS = (
    ("plan_title", "plan_title"),
    ("sitting_times", "starts_on"),
    ("rooms", "rooms"),
    ("no_published", "qualification"),
    ("qualification", "qualification"),
)
"""Which field of a new sitting an error's code belongs to, by its beginning."""
DONE = {
    "open": "场次已开放,考生可以签到。",
    "close": "场次已结束,开始评分。",
    "prepare": "正在生成试卷,完成后本页会显示。",
}


class CentreController(Controller):
    """Pages of the centre; the region's regulator reads along."""

    path = "/centre"
    opt = READERS

    @get("/")
    async def today(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        page: FromQuery[Page] = 1,
    ) -> Template:
        now = runtime.clock.now()
        rows = await sittings.list_sittings(session, limit=PAGE + 1, offset=(page - 1) * PAGE)
        boards = await readiness_of_all(session, rows, now=now)
        clerk = principal.has_role("centre")
        context = {
            "rows": rows[:PAGE],
            "more": len(rows) > PAGE,
            "page": page,
            "boards": boards,
            "tasks": await load_work(session, principal, now=now) if clerk else [],
            "clerk": clerk,
        }
        return Template("sitting/centre.html", context=context)

    @get("/sittings/new", opt=CENTRE)
    async def new(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
    ) -> Template:
        tomorrow = local_date(runtime.clock.now()) + timedelta(days=1)
        catalogue: Catalogue = request.app.state.catalogue
        example = catalogue.gettext("一号机房 30")
        form = SittingForm(starts_on=tomorrow.isoformat(), starts_time="09:00", rooms=example)
        return await _new_page(session, principal, form, catalogue)

    @post("/sittings", opt=CENTRE)
    async def create(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[SittingForm],
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                sitting_id = await _create(session, principal, runtime, data)
        except DomainError as error:
            return await _new_page(session, principal, data, request.app.state.catalogue, error=error)
        return done(f"/centre/sittings/{sitting_id}", "场次已建立,可以开始报名。")

    @get("/sittings/{sitting_id:uuid}")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> Template:
        return Template("sitting/sitting.html", context=await _sitting_context(session, principal, runtime, sitting_id))

    @get("/sittings/{sitting_id:uuid}/board")
    async def board(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> Template:
        sitting = await sittings.get_sitting(session, sitting_id)
        board = await readiness_of(session, sitting_id, now=runtime.clock.now())
        return Template("sitting/_board.html", context={"sitting": sitting, "board": board})

    @get("/sittings/{sitting_id:uuid}/roster")
    async def roster(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> Template:
        return Template("sitting/roster.html", context=await _sitting_context(session, principal, runtime, sitting_id))

    @get("/sittings/{sitting_id:uuid}/rules")
    async def rules(self, session: NamedDependency[AsyncSession], sitting_id: FromPath[UUID]) -> Template:
        sitting = await sittings.get_sitting(session, sitting_id)
        rules = recall_rule_set(sitting.qualification, sitting.rule_set)
        context = {"sitting": sitting, "rules": list_explanations(rules), "documents": list_documents(rules)}
        return Template("sitting/rules.html", context=context)

    @get("/sittings/{sitting_id:uuid}/rooms/{room_id:uuid}/tickets.pdf", opt=CENTRE)
    async def tickets(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        room_id: FromPath[UUID],
    ) -> Response[bytes]:
        sitting = await own_sitting(session, principal, sitting_id)
        pdf, count = await room_tickets(session, runtime, sitting_id, room_id)
        at, facts = runtime.clock.now(), {"count": count}
        subject = ("sitting", sitting_id)
        await record(session, principal, "tickets.printed", subject, at=at, region=sitting.region, facts=facts)
        headers = {"Content-Disposition": 'inline; filename="tickets.pdf"'}
        return Response(pdf, media_type="application/pdf", headers=headers)

    @post("/sittings/{sitting_id:uuid}/{act:str}", opt=CENTRE)
    async def move(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        act: FromPath[Literal["open", "close", "prepare"]],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                await move_sitting(session, principal, runtime, sitting_id, act)
        except DomainError as error:
            problem = problem_of(error, request.app.state.catalogue)
            context = await _sitting_context(session, principal, runtime, sitting_id) | {"problem": problem}
            return Template("sitting/sitting.html", context=context, status_code=problem.status)
        return done(f"/centre/sittings/{sitting_id}", DONE[act])


async def _create(session: AsyncSession, principal: Principal, runtime: Runtime, form: SittingForm) -> UUID:
    now = runtime.clock.now()
    centre = await own_centre(session, principal)
    starts_at, ends_at = _times(form)
    rooms = _rooms(form.rooms)
    plan_id = await sittings.join_plan(session, principal, title=form.plan_title, region=centre.region, at=now)
    return await sittings.create_sitting(
        session,
        principal,
        runtime,
        plan_id=plan_id,
        qualification=form.qualification,
        centre_id=centre.id,
        region=centre.region,
        starts_at=starts_at,
        ends_at=ends_at,
        rooms=rooms,
        at=now,
    )


def _times(form: SittingForm) -> tuple[datetime, datetime]:
    try:
        day, hour = date.fromisoformat(form.starts_on.strip()), time.fromisoformat(form.starts_time.strip())
        minutes = int(form.entry_minutes)
        starts_at = datetime.combine(day, hour.replace(tzinfo=None), SHANGHAI)
        # the earliest and the latest years have no instants in other zones
        right = EARLIEST_YEAR <= day.year <= LATEST_YEAR and 0 < minutes <= MAX_ENTRY_MINUTES
    except ValueError as error:
        raise SittingTimesError from error
    if not right:
        raise SittingTimesError
    return starts_at, starts_at + timedelta(minutes=minutes)


def _rooms(text: str) -> list[tuple[str, int]]:
    """Read one room per line: a name, a space, the number of seats in digits of either width."""
    rooms = []
    for line in text.splitlines():
        if line.strip():
            name, _, seats = line.strip().replace("\u3000", " ").rpartition(" ")
            if not 0 < len(seats) <= SEATS_DIGITS or not seats.isdecimal():
                raise RoomsError(line=line.strip())
            rooms.append((name, int(seats)))
    return rooms


async def _new_page(
    session: AsyncSession,
    principal: Principal,
    form: SittingForm,
    catalogue: Catalogue,
    *,
    error: DomainError | None = None,
) -> Template:
    problem = problem_of(error, catalogue) if error else None
    centre = await own_centre(session, principal)
    context = {
        "plans": await sittings.list_plans(session, centre.region),
        "errors": field_errors(problem, FIELDS),
        "typed": typed(form),
        "problem": problem,
        "qualifications": [(known.code, catalogue.gettext(known.title)) for known in list_qualifications()],
    }
    return Template("sitting/sitting_new.html", context=context, status_code=problem.status if problem else 200)


async def _sitting_context(
    session: AsyncSession, principal: Principal, runtime: Runtime, sitting_id: UUID
) -> dict[str, Any]:
    sitting = await sittings.get_sitting(session, sitting_id)
    registrations = await registration_views.list_registrations(session, sitting_id)
    refusals = await registration_views.list_refusals(session, sitting_id)
    seen = [view.person_id for view in registrations] + [view.person_id for view in refusals]
    return {
        "sitting": sitting,
        "rooms": await sittings.list_rooms(session, sitting_id),
        "registrations": registrations,
        "refusals": refusals,
        "people": await list_people(session, seen),
        "board": await readiness_of(session, sitting_id, now=runtime.clock.now()),
        "withdrawn": await list_withdrawals(session, sitting_id, at=runtime.clock.now()),
        "own": is_own(principal, sitting),
        "number": ticket_number,
        "seated_rooms": {view.room_id for view in registrations},
        "problem": None,
    }
