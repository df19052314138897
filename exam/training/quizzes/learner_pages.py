"""The learner's part of a quiz inside the lesson's page: one item, its answer, the round's end."""

from typing import Any, Literal
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.practice.asking import AnswerView
from exam.training.practice.errors import PracticeUnansweredError
from exam.training.quizzes.service import QuizVisit, answer_quiz, open_quiz, read_quiz
from exam.training.schemas import QuizAnswerForm
from exam.web.policy import allow_candidate


class QuizController(Controller):
    """The quiz of a visit, for the learner whose visit it is."""

    path = "/learn/visits/{visit_id:uuid}/quiz"
    opt = allow_candidate()

    @get()
    async def ask(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
        turn: FromQuery[Literal["", "next"]] = "",
    ) -> Template:
        """Ask the next item, or say how the round ended."""
        visit = await open_quiz(session, _person(principal), visit_id, at=runtime.clock.now())
        return await _page(session, runtime, visit, again=turn == "next")

    @post(status_code=200)
    async def answer(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        visit_id: FromPath[UUID],
        data: URLEncodedBody[QuizAnswerForm],
    ) -> Template:
        """Say whether it was right; an item that was answered already is passed over."""
        at = runtime.clock.now()
        visit = await open_quiz(session, _person(principal), visit_id, at=at)
        chosen = (data.choice,) if isinstance(data.choice, str) else data.choice
        given = (*chosen, data.text)
        try:
            answer = await answer_quiz(session, runtime.ports, principal, visit, data.version, given, at=at)
        except PracticeUnansweredError as error:
            return await _page(session, runtime, visit, missing=error.message)
        return await _page(session, runtime, visit, answer=answer)


async def _page(
    session: AsyncSession,
    runtime: Runtime,
    visit: QuizVisit,
    *,
    answer: AnswerView | None = None,
    missing: str = "",
    again: bool = False,
) -> Template:
    state = await read_quiz(session, visit, again=again, at=runtime.clock.now())
    context: dict[str, Any] = {"quiz": state, "answer": answer, "missing": missing}
    return Template("training/_quiz.html", context=context)


def _person(principal: Principal) -> UUID:
    if principal.person is None:
        raise NotFoundError
    return principal.person
