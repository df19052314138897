"""The regulator's pages of classes: what has been filed, one class as it was filed, a plan given back."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role
from exam.training.classes.class_context import class_context
from exam.training.classes.service import list_classes, return_plan
from exam.training.kinds import TITLES, title_of
from exam.training.schemas import ReasonForm
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.request import done

HOME = "/regulator/training"
PAGE = 30
AnyRequest = Request[Principal, Any, Any]


class RegulatorTrainingController(Controller):
    """Classes of the region."""

    path = HOME
    opt = allow(Role.REGULATOR)

    @get()
    async def show_list(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        page: FromQuery[Page] = 1,
    ) -> Template:
        rows = await list_classes(session, limit=PAGE + 1, offset=(page - 1) * PAGE)
        context = {
            "rows": rows[:PAGE],
            "more": len(rows) > PAGE,
            "page": page,
            "today": local_date(runtime.clock.now()),
            "title_of": title_of,
            "kinds": TITLES,
        }
        return Template("training/regulator.html", context=context)

    @get("/classes/{class_id:uuid}")
    async def show(
        self, session: NamedDependency[AsyncSession], runtime: NamedDependency[Runtime], class_id: FromPath[UUID]
    ) -> Template:
        return Template("training/class_read.html", context=await class_context(session, runtime, class_id))

    @post("/classes/{class_id:uuid}/return")
    async def give_back(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        await return_plan(session, principal, class_id, remark=data.reason, at=runtime.clock.now())
        return done(f"{HOME}/classes/{class_id}", "计划已退回培训机构。")
