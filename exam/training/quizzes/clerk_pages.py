"""The training body's page that plans a quiz."""

from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role
from exam.training.bodies.service import BodyView, own_body
from exam.training.lessons.choices import lesson_targets
from exam.training.lessons.content import LessonContent
from exam.training.lessons.drafting_pages import LESSONS, Draft, answer_draft
from exam.training.quizzes.service import plan_quiz
from exam.training.schemas import QuizForm
from exam.web.forms import whole_number
from exam.web.policy import allow

FORM = "training/quiz_new.html"
AnyRequest = Request[Principal, Any, Any]


class QuizPlanController(Controller):
    """A quiz is a lesson like any other: drafted by one person of a body, published by another."""

    path = f"{LESSONS}/quiz"
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
        return await answer_draft(
            request, session, runtime.clock, body, Draft(FORM, data), _planned(session, body, data)
        )


async def _planned(session: AsyncSession, body: BodyView, typed: QuizForm) -> LessonContent:
    qualification, _, node = typed.target.partition(" ")
    quiz = await plan_quiz(
        session,
        qualification=qualification,
        node=node,
        region=body.region,
        items=whole_number(typed.items),
        needed_percent=whole_number(typed.needed_percent),
        minutes=whole_number(typed.minutes),
    )
    return LessonContent(quiz=quiz)
