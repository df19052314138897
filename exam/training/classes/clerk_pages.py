"""The training body's pages: classes, one class with timetable and learners, venues."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role
from exam.training.bodies.errors import BodyNotApprovedError
from exam.training.bodies.service import BodyView, add_venue, list_teachers, list_venues, own_body
from exam.training.classes import service
from exam.training.classes.class_context import class_context
from exam.training.classes.forms import read_class, read_session, read_venue
from exam.training.classes.views import ClassState, ClassView
from exam.training.kinds import TITLES, title_of
from exam.training.programmes.service import list_programmes
from exam.training.schemas import ClassForm, EmptyForm, ReasonForm, SessionForm, VenueForm
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again, problem_of
from exam.web.request import done

HOME = "/centre/training"
CLASS = "training/class.html"
PAGE = 20
SIBLINGS = 100
AnyRequest = Request[Principal, Any, Any]


class ClassesController(Controller):
    """Classes of the principal's own training body."""

    path = HOME
    opt = allow(Role.CENTRE)

    @get()
    async def show_list(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        page: FromQuery[Page] = 1,
    ) -> Template:
        try:
            body = await own_body(session, principal)
        except BodyNotApprovedError:
            return Template("training/no_body.html")
        rows = await service.list_classes(session, organisation_id=body.id, limit=PAGE + 1, offset=(page - 1) * PAGE)
        today = local_date(runtime.clock.now())
        context = {
            "body": body,
            "rows": rows[:PAGE],
            "more": len(rows) > PAGE,
            "page": page,
            "today": today,
            "unfiled": [
                row for row in rows if row.state is ClassState.PLANNED and row.starts_on <= today + timedelta(days=7)
            ],
            "title_of": title_of,
            "kinds": TITLES,
        }
        return Template("training/classes.html", context=context)

    @get("/classes/new")
    async def new(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
    ) -> Template:
        body = await own_body(session, principal)
        tomorrow = local_date(runtime.clock.now()) + timedelta(days=1)
        typed = ClassForm(starts_on=tomorrow.isoformat(), ends_on=(tomorrow + timedelta(days=6)).isoformat())
        return Template("training/class_new.html", context={**await _choices(session, body), "typed": typed})

    @post("/classes", status_code=200)
    async def create(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[ClassForm],
    ) -> Redirect | Template:
        body = await own_body(session, principal)
        try:
            async with session.begin_nested():
                class_id = await service.plan_class(
                    session, principal, body=body, at=runtime.clock.now(), **read_class(data)
                )
        except DomainError as error:
            context = {**await _choices(session, body), "typed": data}
            return form_again(request, error, "training/class_new.html", context)
        return done(f"{HOME}/classes/{class_id}", "培训班已建立,请排课后备案。")

    @get("/venues")
    async def venues(self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal]) -> Template:
        body = await own_body(session, principal)
        context = {"venues": await list_venues(session, body.id), "typed": VenueForm(), "problem": None, "body": body}
        return Template("training/venues.html", context=context)

    @post("/venues", status_code=200)
    async def add_venue(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[VenueForm],
    ) -> Redirect | Template:
        body = await own_body(session, principal)
        try:
            async with session.begin_nested():
                await add_venue(session, principal, body=body, at=runtime.clock.now(), **read_venue(data))
        except DomainError as error:
            context = {"venues": await list_venues(session, body.id), "typed": data, "body": body}
            return form_again(request, error, "training/venues.html", context)
        return done(f"{HOME}/venues", "培训场地已登记。")


class ClassController(Controller):
    """One class of the principal's own training body."""

    path = f"{HOME}/classes/{{class_id:uuid}}"
    opt = allow(Role.CENTRE)

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
    ) -> Template:
        return Template(CLASS, context=await _context(session, runtime, class_id, SessionForm()))

    @post("/sessions", status_code=200)
    async def add_session(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        data: URLEncodedBody[SessionForm],
    ) -> Redirect | Template:
        try:
            async with session.begin_nested():
                at = runtime.clock.now()
                await service.add_session(session, principal, class_id, at=at, **read_session(data))
        except DomainError as error:
            return form_again(request, error, CLASS, await _context(session, runtime, class_id, data))
        return done(f"{HOME}/classes/{class_id}", "课次已加入课程表。")

    @post("/sessions/{session_id:uuid}/remove")
    async def remove_session(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        session_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Redirect:
        await service.remove_session(session, principal, class_id, session_id, at=runtime.clock.now())
        return done(f"{HOME}/classes/{class_id}", "课次已删除。")

    @post("/file", status_code=200)
    async def file(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Redirect | Template:
        try:
            async with session.begin_nested():
                await service.file_class(session, principal, class_id, at=runtime.clock.now())
        except DomainError as error:
            context = await _context(session, runtime, class_id, SessionForm())
            problem = problem_of(error, request.app.state.catalogue)
            return Template(CLASS, context={**context, "notice": problem}, status_code=problem.status)
        return done(f"{HOME}/classes/{class_id}", "开班计划已向监管部门备案。")

    @post("/cancel")
    async def cancel(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        await service.cancel_class(session, principal, class_id, reason=data.reason, at=runtime.clock.now())
        return done(HOME, "培训班已取消。")


async def _choices(session: AsyncSession, body: BodyView) -> dict[str, Any]:
    programmes = await list_programmes(session, state="published")
    return {
        "trainings": [(f"{p.qualification} {p.kind}", p) for p in programmes if p.qualification in body.scope],
        "title_of": title_of,
        "kinds": TITLES,
        "problem": None,
    }


def _may_take_from(other: ClassView, one: ClassView) -> bool:
    """Say whether a learner of `one` could move to another class."""
    same = (other.qualification, other.kind) == (one.qualification, one.kind)
    return same and other.id != one.id and other.state in {ClassState.PLANNED, ClassState.FILED}


async def _context(session: AsyncSession, runtime: Runtime, class_id: UUID, typed: SessionForm) -> dict[str, Any]:
    context = await class_context(session, runtime, class_id)
    one = context["one"]
    organisation_id = one.organisation_id
    siblings = await service.list_classes(session, organisation_id=organisation_id, limit=SIBLINGS)
    return {
        **context,
        "others": [each for each in siblings if _may_take_from(each, one) and not each.is_over(context["today"])],
        "venues": await list_venues(session, organisation_id),
        "teachers": await list_teachers(session, organisation_id),
        "typed": typed,
        "problem": None,
        "notice": None,
    }
