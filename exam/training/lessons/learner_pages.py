"""The learner's pages of lessons: open one, study it section by section, leave it."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError, NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import login_of
from exam.training.ledger.rules import rules_on
from exam.training.lessons.content import Unit, unlocked
from exam.training.lessons.errors import UnitLockedError, VisitNotFoundError
from exam.training.lessons.film import LANGUAGES
from exam.training.lessons.film_pages import picture_answer
from exam.training.lessons.lease import StudyLease, chain, mint
from exam.training.lessons.opening import start_visit
from exam.training.lessons.study import end_visit, read_visit
from exam.training.packages.frame_pages import frame_package
from exam.training.schemas import EmptyForm
from exam.web.policy import allow_candidate
from exam.web.problem import form_again
from exam.web.request import done

AnyRequest = Request[Principal, Any, Any]


class LessonController(Controller):
    """Studying."""

    path = "/learn"
    opt = allow_candidate()

    @post("/enrolments/{enrolment_id:uuid}/lessons/{lesson_id:uuid}", status_code=200)
    async def start(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        enrolment_id: FromPath[UUID],
        lesson_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Redirect | Template:
        try:
            async with session.begin_nested():
                at = runtime.clock.now()
                visit = await start_visit(session, principal, enrolment_id, lesson_id, at=at)
        except DomainError as error:
            return form_again(request, error, "training/no_lesson.html", {})
        return Redirect(f"/learn/visits/{visit}", status_code=303)

    @get("/visits/{visit_id:uuid}")
    async def show(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
    ) -> Template:
        person = _person(principal)
        at = runtime.clock.now()
        answer, seq, lesson = await read_visit(session, person, visit_id, at=at)
        secret = runtime.secrets.lease
        rules = rules_on(local_date(at))
        opened = unlocked(lesson.content, answer.reach_ms)
        whole = lesson.content.package
        framed, headers = frame_package(request, runtime, whole.package if whole else None)
        context = {
            **framed,
            "lesson": lesson,
            "visit": visit_id,
            "answer": answer,
            "opened": opened,
            "seq": seq,
            "after": chain(visit_id, seq, secret),
            "lease": mint(StudyLease(visit_id, person, login_of(request.auth or ""), principal.region), secret),
            "beat_s": rules.beat_s,
            "limit_s": rules.check_limit_s,
            "languages": LANGUAGES,
        }
        return Template("training/lesson.html", context=context, headers=headers)

    @get("/visits/{visit_id:uuid}/units/{place:int}")
    async def unit(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        visit_id: FromPath[UUID],
        place: FromPath[int],
    ) -> Template:
        """Return one section; those ahead of the learner stay on the server."""
        unit = await _unit(session, principal, visit_id, place)
        return Template("training/_unit.html", context={"unit": unit, "place": place, "visit": visit_id})

    @get("/visits/{visit_id:uuid}/slides/{place:int}")
    async def slide(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
        place: FromPath[int],
    ) -> Response[bytes]:
        unit = await _unit(session, principal, visit_id, place)
        if not unit.picture:
            raise VisitNotFoundError
        return await picture_answer(runtime, unit.picture)

    @get("/visits/{visit_id:uuid}/units/{place:int}/figures/{number:int}")
    async def figure(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
        place: FromPath[int],
        number: FromPath[int],
    ) -> Response[bytes]:
        figures = (await _unit(session, principal, visit_id, place)).figures or ()
        if not 0 <= number < len(figures):
            raise VisitNotFoundError
        return await picture_answer(runtime, figures[number].picture)

    @post("/visits/{visit_id:uuid}/close")
    async def close(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Redirect:
        await end_visit(session, _person(principal), visit_id, at=runtime.clock.now())
        return done("/learn", "已退出学习,已学的时间随即计入。")


async def _unit(session: AsyncSession, principal: Principal, visit_id: UUID, place: int) -> Unit:
    """Return an open section of a visit's lesson; raises VisitNotFoundError and UnitLockedError."""
    answer, _, lesson = await read_visit(session, _person(principal), visit_id)
    if not 0 <= place < len(lesson.content.units):
        raise VisitNotFoundError
    if place >= unlocked(lesson.content, answer.reach_ms):
        raise UnitLockedError
    return lesson.content.units[place]


def _person(principal: Principal) -> UUID:
    if principal.person is None:
        raise NotFoundError
    return principal.person
