"""The learner's own classes."""

from typing import Any

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.classes.enrolments import list_enrolments_of
from exam.training.classes.service import get_class, list_sessions
from exam.training.kinds import TITLES, title_of
from exam.training.ledger.standing import list_standings
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
        classes: list[dict[str, Any]] = [
            {
                "enrolment": enrolment,
                "one": await get_class(session, enrolment.class_id),
                "sessions": await list_sessions(session, enrolment.class_id),
            }
            for enrolment in enrolments
        ]
        context = {
            "classes": classes,
            "standings": await list_standings(session, principal.person, on=local_date(now)),
            "at": now,
            "title_of": title_of,
            "kinds": TITLES,
        }
        return Template("training/learn.html", context=context)
