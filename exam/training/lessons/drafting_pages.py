"""A clerk's form that drafts a lesson, whatever it is made of: the draft, or the form again with what is wrong."""

from collections.abc import Coroutine
from typing import Any

import msgspec
from litestar import Request
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import Clock
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.training.bodies.service import BodyView
from exam.training.lessons.choices import lesson_targets
from exam.training.lessons.content import LessonContent
from exam.training.lessons.service import draft_lesson
from exam.training.schemas import LessonForm, MaterialLessonForm, QuizForm
from exam.web.problem import form_again
from exam.web.request import done

LESSONS = "/centre/training/lessons"


class Draft(msgspec.Struct, frozen=True):
    """A form as it was sent: its template, what was typed, and what its page shows besides."""

    page: str
    typed: LessonForm | QuizForm | MaterialLessonForm
    context: dict[str, Any] = {}


async def answer_draft(
    request: Request[Principal, Any, Any],
    session: AsyncSession,
    clock: Clock,
    body: BodyView,
    form: Draft,
    content: Coroutine[Any, Any, LessonContent],
) -> Redirect | Template:
    """Draft a lesson of what `content` returns and go to it; what it or the draft refuses is told on the form."""
    qualification, _, node = form.typed.target.partition(" ")
    try:
        async with session.begin_nested():
            lesson_id = await draft_lesson(
                session,
                request.user,
                body=body,
                qualification=qualification,
                node=node,
                title=form.typed.title,
                content=await content,
                at=clock.now(),
            )
    except DomainError as error:
        return form_again(
            request, error, form.page, {**await lesson_targets(session, body), **form.context, "typed": form.typed}
        )
    return done(f"{LESSONS}/{lesson_id}", "课件已保存为草稿,由本机构另一人发布。")
