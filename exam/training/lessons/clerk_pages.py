"""The training body's pages of lessons: written, read as a learner will, published by a second person."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role
from exam.training.bodies.service import BodyView, own_body
from exam.training.kinds import title_of
from exam.training.ledger.rules import hundredths
from exam.training.lessons.choices import lesson_targets
from exam.training.lessons.content import LessonContent, read_lesson
from exam.training.lessons.drafting_pages import LESSONS, Draft, answer_draft
from exam.training.lessons.errors import LessonNotFoundError
from exam.training.lessons.film import LANGUAGES
from exam.training.lessons.service import get_lesson, list_lessons, publish_lesson
from exam.training.materials.service import get_slides, list_slide_sets
from exam.training.packages.frame_pages import frame_package
from exam.training.schemas import EmptyForm, LessonForm
from exam.web.policy import allow
from exam.web.request import done

FORM = "training/lesson_new.html"
AnyRequest = Request[Principal, Any, Any]


class LessonsController(Controller):
    """Lessons of the principal's own training body."""

    path = LESSONS
    opt = allow(Role.CENTRE)

    @get()
    async def show_list(
        self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal]
    ) -> Template:
        body = await own_body(session, principal)
        lessons = await list_lessons(session, body.id)
        context = {"lessons": lessons, "body": body, "title_of": title_of, "hundredths": hundredths}
        return Template("training/lessons.html", context=context)

    @get("/new")
    async def new(self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal]) -> Template:
        body = await own_body(session, principal)
        sets = await list_slide_sets(session, body=body)
        context = {**await lesson_targets(session, body), "sets": sets, "typed": LessonForm(), "problem": None}
        return Template(FORM, context=context)

    @post("/", status_code=200)
    async def create(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[LessonForm],
    ) -> Redirect | Template:
        body = await own_body(session, principal)
        form = Draft(FORM, data, {"sets": await list_slide_sets(session, body=body)})
        return await answer_draft(request, session, runtime.clock, body, form, _written(session, body, data))

    @get("/{lesson_id:uuid}")
    async def show(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        lesson_id: FromPath[UUID],
    ) -> Template:
        body = await own_body(session, principal)
        lesson = await get_lesson(session, lesson_id)
        if lesson.organisation_id != body.id:
            raise LessonNotFoundError
        mine = lesson.drafted_by == principal.account
        whole = lesson.content.package
        framed, headers = frame_package(request, runtime, whole.package if whole else None)
        context = {
            **framed,
            "lesson": lesson,
            "mine": mine,
            "title_of": title_of,
            "hundredths": hundredths,
            "languages": LANGUAGES,
        }
        return Template("training/lesson_read.html", context=context, headers=headers)

    @post("/{lesson_id:uuid}/publish")
    async def publish(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        lesson_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Redirect:
        body = await own_body(session, principal)
        await publish_lesson(session, principal, lesson_id, body=body, at=runtime.clock.now())
        return done(f"{LESSONS}/{lesson_id}", "课件已发布,学员可以学习。")


async def _written(session: AsyncSession, body: BodyView, typed: LessonForm) -> LessonContent:
    pages = (await get_slides(session, typed.slides, body=body)).keys if typed.slides else ()
    return read_lesson(typed.text, pages)
