"""The learner's own ledger."""

from typing import Any

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.ledger.controllers import ledger_context
from exam.training.ledger.rules import explain_rules, hour_s, rules_on
from exam.web.policy import allow_candidate


class LearnerHoursController(Controller):
    """What has been counted for me, and by which rules."""

    path = "/learn/hours"
    opt = allow_candidate()

    @get("/")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
    ) -> Template:
        if principal.person is None:
            raise NotFoundError
        rules = rules_on(local_date(runtime.clock.now()))
        context: dict[str, Any] = {
            **await ledger_context(session, principal.person, runtime),
            "hour_minutes": hour_s() // 60,
            "explained": explain_rules(rules.version),
        }
        return Template("training/my_hours.html", context=context)
