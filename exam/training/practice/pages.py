"""The learner's pages of practice: home, one item, its answer, the books, and the review of a mock."""

import secrets
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError, NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.classes.enrolments import get_enrolment, list_enrolments_of
from exam.training.classes.errors import EnrolmentNotFoundError
from exam.training.classes.views import EnrolmentView
from exam.training.kinds import title_of
from exam.training.practice.asking import answer_item, ask, find_item, get_answer
from exam.training.practice.books import list_book, list_node_titles, review_context
from exam.training.practice.choosing import Mode, eligible, next_item
from exam.training.practice.errors import PracticeModeError
from exam.training.practice.mocks import close_overdue, get_mock, review_mock, start_mock
from exam.training.practice.overview import load_overview
from exam.training.practice.records import keep_item, load_answered, load_favourites
from exam.training.schemas import EmptyForm, FavouriteForm, PracticeForm
from exam.web.policy import allow_candidate
from exam.web.problem import form_again
from exam.web.request import done
from questionbank.api import PoolItem, list_practice_pool

AnyRequest = Request[Principal, Any, Any]
HOME = "/learn/practice"
QUESTION = "training/practice_question.html"


class PracticeController(Controller):
    """Practising."""

    path = HOME
    opt = allow_candidate()

    @get()
    async def choose(
        self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal]
    ) -> Template | Redirect:
        """Lead to the practice of the only training, or let the learner choose."""
        learners = list({each.qualification: each for each in await _trainings(session, principal)}.values())
        if len(learners) == 1:
            return Redirect(f"{HOME}/{learners[0].id}", status_code=303)
        return Template("training/practice_choose.html", context={"learners": learners, "title_of": title_of})

    @get("/{enrolment_id:uuid}")
    async def home(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        enrolment_id: FromPath[UUID],
    ) -> Template:
        learner = await _learner(session, principal, enrolment_id)
        await close_overdue(session, runtime.ports, principal, at=runtime.clock.now())
        context = await _home(session, learner)
        return Template("training/practice.html", context={**context, "problem": None})

    @get("/{enrolment_id:uuid}/question")
    async def question(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        enrolment_id: FromPath[UUID],
        mode: FromQuery[str] = "random",
        node: FromQuery[str] = "",
        version: FromQuery[str] = "",
    ) -> Template:
        """Ask the next item of a way to practise, or a certain one."""
        learner = await _learner(session, principal, enrolment_id)
        item = await (find_item(session, learner, version) if version else _next(session, learner, _mode(mode), node))
        context = await _question(session, runtime, learner, item, mode, node) if item else _nothing(learner, mode)
        return Template(QUESTION, context={**context, "problem": None})

    @post("/{enrolment_id:uuid}/answer", status_code=200)
    async def answer(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        enrolment_id: FromPath[UUID],
        data: URLEncodedBody[PracticeForm],
    ) -> Template | Redirect:
        learner = await _learner(session, principal, enrolment_id)
        item = await find_item(session, learner, data.version)
        chosen = (data.choice,) if isinstance(data.choice, str) else data.choice
        given = (*chosen, data.text)
        try:
            answer = await answer_item(session, runtime.ports, learner, data.version, given, at=runtime.clock.now())
        except DomainError as error:
            context = await _question(session, runtime, learner, item, data.mode, data.node)
            return form_again(request, error, QUESTION, context)
        return Redirect(_answer_path(learner, answer, data.mode, data.node), status_code=303)

    @get("/{enrolment_id:uuid}/answers/{answer_id:uuid}")
    async def told(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        enrolment_id: FromPath[UUID],
        answer_id: FromPath[UUID],
        mode: FromQuery[str] = "random",
        node: FromQuery[str] = "",
    ) -> Template:
        """Say whether it was right, what would have been, why, and by which law."""
        learner = await _learner(session, principal, enrolment_id)
        answer = await get_answer(session, learner.person_id, answer_id)
        kept = await load_favourites(session, learner.person_id, answer.qualification)
        titles = await list_node_titles(session, answer.qualification)
        context = {
            **_place(learner, mode, node),
            "answer": answer,
            "kept": str(answer.item_id) in kept,
            "node_title": titles.get(answer.node, ""),
        }
        return Template("training/practice_answer.html", context=context)

    @post("/{enrolment_id:uuid}/answers/{answer_id:uuid}/favourite")
    async def keep(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        enrolment_id: FromPath[UUID],
        answer_id: FromPath[UUID],
        data: URLEncodedBody[FavouriteForm],
    ) -> Redirect:
        learner = await _learner(session, principal, enrolment_id)
        answer = await get_answer(session, learner.person_id, answer_id)
        await keep_item(session, learner, answer.item_id, kept=bool(data.kept), at=runtime.clock.now())
        word = "已收藏。" if data.kept else "已取消收藏。"
        return done(_answer_path(learner, answer_id, data.mode, data.node), word)

    @get("/{enrolment_id:uuid}/book")
    async def book(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        enrolment_id: FromPath[UUID],
        mode: FromQuery[str] = "wrong",
    ) -> Template:
        """List the wrong answers or the favourites: stems only, for each is there to be answered again."""
        learner = await _learner(session, principal, enrolment_id)
        items = await _items(session, learner, _mode(mode), "")
        context = {**_place(learner, mode, ""), "lines": await list_book(session, learner, items)}
        return Template("training/practice_book.html", context=context)

    @post("/{enrolment_id:uuid}/mocks", status_code=200)
    async def mock(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        enrolment_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Template | Redirect:
        learner = await _learner(session, principal, enrolment_id)
        at = runtime.clock.now()
        await close_overdue(session, runtime.ports, principal, at=at)
        try:
            mock_id = await start_mock(session, principal, learner, at=at)
        except DomainError as error:
            return form_again(request, error, "training/practice.html", await _home(session, learner))
        return Redirect(f"/learn/mocks/{mock_id}", status_code=303)

    @get("/mocks/{mock_id:uuid}")
    async def review(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        mock_id: FromPath[UUID],
    ) -> Template | Redirect:
        """Show a mock that was handed in: marks, result by node, every item with its explanation."""
        await close_overdue(session, runtime.ports, principal, at=runtime.clock.now())
        mock = await get_mock(session, _person(principal), mock_id)
        if mock.submitted_at is None:
            return Redirect(f"/learn/mocks/{mock_id}", status_code=303)
        learner = await _learner(session, principal, mock.enrolment_id)
        slots = await review_mock(session, mock)
        context = {
            **_place(learner, Mode.RANDOM, ""),
            "mock": mock,
            **await review_context(session, mock.qualification, slots),
        }
        return Template("training/practice_review.html", context=context)


def _person(principal: Principal) -> UUID:
    if principal.person is None:
        raise NotFoundError
    return principal.person


async def _trainings(session: AsyncSession, principal: Principal) -> list[EnrolmentView]:
    """Return the learner's enrolments, the oldest first, so that the newest of a qualification counts."""
    return list(reversed(await list_enrolments_of(session, _person(principal))))


async def _learner(session: AsyncSession, principal: Principal, enrolment_id: UUID) -> EnrolmentView:
    learner = await get_enrolment(session, enrolment_id)
    if learner.person_id != principal.person:
        raise EnrolmentNotFoundError
    return learner


def _mode(typed: str) -> Mode:
    try:
        return Mode(typed)
    except ValueError:
        raise PracticeModeError from None


async def _items(session: AsyncSession, learner: EnrolmentView, mode: Mode, node: str) -> list[PoolItem]:
    pool = await list_practice_pool(session, learner.qualification, learner.region)
    answered = await load_answered(session, learner.person_id, learner.qualification)
    kept = await load_favourites(session, learner.person_id, learner.qualification)
    return eligible(pool, answered, kept, mode, node)


async def _next(session: AsyncSession, learner: EnrolmentView, mode: Mode, node: str) -> PoolItem | None:
    answered = await load_answered(session, learner.person_id, learner.qualification)
    return next_item(await _items(session, learner, mode, node), answered, secrets.randbelow)


async def _home(session: AsyncSession, learner: EnrolmentView) -> dict[str, Any]:
    return {"learner": learner, "title": title_of(learner.qualification), "view": await load_overview(session, learner)}


def _place(learner: EnrolmentView, mode: str, node: str) -> dict[str, Any]:
    """Return where the learner is, and the address of the next item."""
    query = urlencode({"mode": mode, **({"node": node} if node else {})})
    return {
        "learner": learner,
        "title": title_of(learner.qualification),
        "mode": mode,
        "node": node,
        "home": f"{HOME}/{learner.id}",
        "next": f"{HOME}/{learner.id}/question?{query}",
    }


def _answer_path(learner: EnrolmentView, answer_id: UUID, mode: str, node: str) -> str:
    query = urlencode({"mode": _mode(mode).value, **({"node": node} if node else {})})
    return f"{HOME}/{learner.id}/answers/{answer_id}?{query}"


async def _question(
    session: AsyncSession, runtime: Runtime, learner: EnrolmentView, item: PoolItem, mode: str, node: str
) -> dict[str, Any]:
    titles = await list_node_titles(session, learner.qualification)
    return {
        **_place(learner, mode, node),
        "slot": await ask(session, item, learner.qualification, at=runtime.clock.now()),
        "version": item.version,
        "node_title": titles.get(item.node, ""),
    }


def _nothing(learner: EnrolmentView, mode: str) -> dict[str, Any]:
    return {**_place(learner, mode, ""), "slot": None}
