"""The learner's own classes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.classes.enrolments import list_enrolments_of
from exam.training.classes.service import get_class, list_sessions
from exam.training.classes.views import EnrolmentView
from exam.training.completion.service import list_completions
from exam.training.kinds import TITLES, title_of
from exam.training.ledger.standing import list_standings
from exam.training.lessons.models import Progress
from exam.training.lessons.service import list_lessons
from exam.training.lessons.standing import waiting_by_lesson
from exam.web.policy import allow_candidate


class LearnerController(Controller):
    """Where the learner starts: classes, what comes next, hours done."""

    path = "/learn"
    opt = allow_candidate()

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
    ) -> Template:
        if principal.person is None:
            raise NotFoundError
        now = runtime.clock.now()
        enrolments = await list_enrolments_of(session, principal.person)
        waiting = await waiting_by_lesson(session, principal.person)
        classes = [await _class(session, enrolment, waiting) for enrolment in enrolments]
        context = {
            "classes": classes,
            "standings": await list_standings(session, principal.person, on=local_date(now)),
            "at": now,
            "title_of": title_of,
            "kinds": TITLES,
        }
        return Template("training/learn.html", context=context)


async def _class(session: AsyncSession, enrolment: EnrolmentView, waiting: Mapping[UUID, int]) -> dict[str, Any]:
    one = await get_class(session, enrolment.class_id)
    rows = await session.scalars(select(Progress).where(Progress.enrolment_id == enrolment.id))
    return {
        "enrolment": enrolment,
        "one": one,
        "sessions": await list_sessions(session, one.id),
        "lessons": await list_lessons(session, one.organisation_id, qualification=one.qualification, state="published"),
        "completion": (await list_completions(session, [enrolment.id])).get(enrolment.id),
        "progress": {row.lesson_id: (row.settled_ms + waiting.get(row.id, 0), row.finished_at) for row in rows},
    }
