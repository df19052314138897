"""The training body's page that plans a quiz."""

from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role
from exam.training.bodies.service import own_body
from exam.training.lessons.choices import lesson_targets
from exam.training.lessons.content import LessonContent
from exam.training.lessons.service import draft_lesson
from exam.training.quizzes.service import plan_quiz
from exam.training.schemas import QuizForm
from exam.web.forms import whole_number
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

FORM = "training/quiz_new.html"
AnyRequest = Request[Principal, Any, Any]


class QuizPlanController(Controller):
    """A quiz is a lesson like any other: drafted by one person of a body, published by another."""

    path = "/centre/training/lessons/quiz"
    opt = allow(Role.CENTRE)

    @get()
    async def new(self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal]) -> Template:
        body = await own_body(session, principal)
        context = {**await lesson_targets(session, body), "typed": QuizForm(), "problem": None}
        return Template(FORM, context=context)

    @post(status_code=200)
    async def create(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[QuizForm],
    ) -> Redirect | Template:
        body = await own_body(session, principal)
        qualification, _, node = data.target.partition(" ")
        try:
            async with session.begin_nested():
                quiz = await plan_quiz(
                    session,
                    qualification=qualification,
                    node=node,
                    region=body.region,
                    items=whole_number(data.items),
                    needed_percent=whole_number(data.needed_percent),
                    minutes=whole_number(data.minutes),
                )
                lesson_id = await draft_lesson(
                    session,
                    principal,
                    body=body,
                    qualification=qualification,
                    node=node,
                    title=data.title,
                    content=LessonContent(quiz=quiz),
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            return form_again(request, error, FORM, {**await lesson_targets(session, body), "typed": data})
        return done(f"/centre/training/lessons/{lesson_id}", "课件已保存为草稿,由本机构另一人发布。")
