"""A learner's rounds of a quiz: drawn, answered one by one, judged by the pass mark; the session's scope is theirs.

Time is no matter of this module: what counts comes from the page's heartbeats alone.
"""

import secrets
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.ports import Ports
from exam.core.principal import Principal
from exam.training.classes.enrolments import get_enrolment
from exam.training.classes.views import EnrolmentView
from exam.training.lessons.content import Quiz
from exam.training.lessons.errors import VisitNotFoundError
from exam.training.lessons.keeping import pass_lesson
from exam.training.lessons.models import Progress, VisitRow
from exam.training.lessons.service import LessonView
from exam.training.lessons.study import read_visit
from exam.training.practice.asking import AnswerView, answer_item, ask, get_answer
from exam.training.practice.choosing import Mode, eligible
from exam.training.quizzes.errors import QuizClosedError, QuizPlanError
from exam.training.quizzes.models import QuizRound
from questionbank.api import CandidateSlot, PoolItem, list_practice_pool

_DRAW = secrets.SystemRandom()


class QuizVisit(msgspec.Struct, frozen=True, kw_only=True):
    """An open quiz of a learner."""

    learner: EnrolmentView
    lesson: LessonView
    quiz: Quiz
    progress: UUID


class QuizState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a quiz stands: the next item, or none when the round has ended; `passed` looks at all rounds."""

    number: int
    items: int
    right: int
    needed_percent: int
    passed: bool
    version: str = ""
    slot: CandidateSlot | None = None
    round_passed: bool | None = None

    @property
    def needed(self) -> int:
        """How many right answers pass."""
        return -(-self.items * self.needed_percent // 100)


def pool_of(pool: list[PoolItem], node: str) -> list[PoolItem]:
    """Return the items of a node that a quiz may ask."""
    return eligible(pool, {}, (), Mode.NODE, node)


async def plan_quiz(
    session: AsyncSession, *, qualification: str, node: str, region: str, items: int, needed_percent: int, minutes: int
) -> Quiz:
    """Return a quiz as planned; raises QuizPlanError."""
    found = len(pool_of(await list_practice_pool(session, qualification, region), node))
    plan = {"items": items, "needed_percent": needed_percent, "least_s": minutes * 60}
    try:
        quiz = msgspec.convert(plan, Quiz)
    except msgspec.ValidationError:
        raise QuizPlanError(items=found) from None
    if quiz.items > found:
        raise QuizPlanError(items=found)
    return quiz


async def open_quiz(session: AsyncSession, person_id: UUID, visit_id: UUID, *, at: datetime) -> QuizVisit:
    """Return the quiz of a visit that is the learner's open one; raises VisitNotFoundError and QuizClosedError."""
    answer, _, lesson = await read_visit(session, person_id, visit_id, at=at)
    if lesson.content.quiz is None:
        raise VisitNotFoundError
    if answer.stop:
        raise QuizClosedError
    visit = await session.get_one(VisitRow, visit_id)
    learner = await get_enrolment(session, visit.enrolment_id)
    return QuizVisit(learner=learner, lesson=lesson, quiz=lesson.content.quiz, progress=visit.progress_id)


async def read_quiz(session: AsyncSession, visit: QuizVisit, *, again: bool, at: datetime) -> QuizState:
    """Return where the quiz stands; `again` begins another round once one has ended."""
    row = await _newest(session, visit)
    if row is None or (again and row.ended_at is not None):
        row = await _begin(session, visit, at)
    return await _state(session, visit, row, at)


async def answer_quiz(
    session: AsyncSession,
    ports: Ports,
    principal: Principal,
    visit: QuizVisit,
    version: str,
    response: tuple[str, ...],
    *,
    at: datetime,
) -> AnswerView | None:
    """Take in the answer to the item that is asked; None for any other, which was answered already."""
    row = await _newest(session, visit)
    asked = await _asked(session, visit, row) if row is not None and row.ended_at is None else None
    if row is None or asked is None or asked.version != version:
        return None
    answer_id = await answer_item(session, ports, visit.learner, version, response, at=at)
    answer = await get_answer(session, visit.learner.person_id, answer_id)
    row.answers = [*row.answers, str(answer_id)]
    row.right_answers += answer.correct
    if len(row.answers) == len(row.items):
        row.passed = row.right_answers * 100 >= visit.quiz.needed_percent * len(row.items)
        row.ended_at = at
        await session.flush()
        await _ended(session, principal, visit, row, at)
    await session.flush()
    return answer


async def _ended(session: AsyncSession, principal: Principal, visit: QuizVisit, row: QuizRound, at: datetime) -> None:
    facts = {"right": row.right_answers, "items": len(row.items), "passed": bool(row.passed)}
    await record(session, principal, "quiz.ended", ("quiz_round", row.id), at=at, region=row.region, facts=facts)
    if row.passed:
        await pass_lesson(session, visit.progress, length_ms=visit.lesson.length_ms, at=at)


async def _newest(session: AsyncSession, visit: QuizVisit) -> QuizRound | None:
    query = (
        select(QuizRound)
        .where(QuizRound.progress_id == visit.progress)
        .order_by(QuizRound.started_at.desc(), QuizRound.id.desc())
        .limit(1)
    )
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


async def _begin(session: AsyncSession, visit: QuizVisit, at: datetime) -> QuizRound:
    learner = visit.learner
    pool = pool_of(await list_practice_pool(session, learner.qualification, learner.region), visit.lesson.node)
    drawn = _DRAW.sample(pool, min(visit.quiz.items, len(pool)))
    if not drawn:
        raise QuizPlanError(items=0)
    row = QuizRound(
        progress_id=visit.progress,
        person_id=learner.person_id,
        region=learner.region,
        items=[item.item_id for item in drawn],
        answers=[],
        right_answers=0,
        started_at=at,
    )
    session.add(row)
    await session.flush()
    return row


async def _state(session: AsyncSession, visit: QuizVisit, row: QuizRound, at: datetime) -> QuizState:
    progress = await session.get_one(Progress, visit.progress, populate_existing=True)
    state = QuizState(
        number=len(row.answers) + 1,
        items=len(row.items),
        right=row.right_answers,
        needed_percent=visit.quiz.needed_percent,
        passed=progress.passed_at is not None,
        round_passed=row.passed,
    )
    if row.ended_at is not None:
        return state
    item = await _asked(session, visit, row)
    if item is None:  # it is open for practice no more: the round cannot go on as it was drawn
        row.passed, row.ended_at = False, at
        await session.flush()
        return await _state(session, visit, await _begin(session, visit, at), at)
    slot = await ask(session, item, visit.learner.qualification, at=at)
    return msgspec.structs.replace(state, version=item.version, slot=slot)


async def _asked(session: AsyncSession, visit: QuizVisit, row: QuizRound) -> PoolItem | None:
    """Return the item that a round asks now, in the version that is open for practice."""
    wanted = row.items[len(row.answers)]
    pool = await list_practice_pool(session, visit.learner.qualification, visit.learner.region)
    return next((item for item in pool if item.item_id == wanted), None)
