"""The enterprise's pages of training: classes it may send people to, its own people in classes, a workbook of names."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Template
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.errors import DomainError, ForbiddenError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import Role, list_people
from exam.training.classes.batch import RosterLine, RosterVerdict, enrol_roster, read_roster
from exam.training.classes.enrol_pages import (
    FILES,
    FORM,
    NO_VERDICTS,
    template_answer,
    told,
)
from exam.training.classes.enrolments import enrolment_view
from exam.training.classes.errors import ClassNotFoundError
from exam.training.classes.models import Enrolment, TrainingClass
from exam.training.classes.service import list_open_classes
from exam.training.classes.views import OpenClass
from exam.training.kinds import TITLES, title_of
from exam.training.schemas import BatchForm
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.uploads import read_file

HOME = "/enterprise/training"
SHOWN = 200
AnyRequest = Request[Principal, Any, Any]


class EnterpriseTrainingController(Controller):
    """Training as the enterprise sees it; its own scope shows its own people and no others."""

    path = HOME
    opt = allow(Role.ENTERPRISE)

    @get()
    async def show(self, session: NamedDependency[AsyncSession], runtime: NamedDependency[Runtime]) -> Template:
        today = local_date(runtime.clock.now())
        query = (
            select(Enrolment, TrainingClass)
            .join(TrainingClass, TrainingClass.id == Enrolment.class_id)
            .order_by(Enrolment.enrolled_at.desc())
        )
        rows = (await session.execute(query.limit(SHOWN))).all()
        context = {
            "open": await list_open_classes(session, since=today),
            "rows": [(enrolment_view(enrolment), one) for enrolment, one in rows],
            "people": await list_people(session, [enrolment.person_id for enrolment, _ in rows]),
            "title_of": title_of,
            "kinds": TITLES,
        }
        return Template("training/enterprise.html", context=context)

    @get("/classes/{class_id:uuid}")
    async def ask(
        self, session: NamedDependency[AsyncSession], runtime: NamedDependency[Runtime], class_id: FromPath[UUID]
    ) -> Template:
        return Template(FORM, context=_page(await _open_class(session, runtime, class_id)))

    @get("/template.xlsx")
    async def template(self) -> Response[bytes]:
        return template_answer()

    @post("/classes/{class_id:uuid}/workbook", status_code=200)
    async def dry_run(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
    ) -> Template:
        page = _page(await _open_class(session, runtime, class_id))
        data = await read_file(request, "file")
        try:
            lines = await read_roster(data)
        except DomainError as error:
            return form_again(request, error, FORM, page)
        verdicts = await _enrol(runtime, principal, page["one"], lines, dry_run=True)
        name = await FILES.put(runtime, principal, data or b"")
        return Template(FORM, context={**page, **told(verdicts, request.app.state.catalogue), "file": name})

    @post("/classes/{class_id:uuid}/workbook/confirm", status_code=200)
    async def confirm(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        data: URLEncodedBody[BatchForm],
    ) -> Template:
        page = _page(await _open_class(session, runtime, class_id))
        lines = await read_roster(await FILES.get(runtime, principal, data.file))
        verdicts = await _enrol(runtime, principal, page["one"], lines, dry_run=False)
        taken = page["one"].taken + sum(1 for each in verdicts if each.error is None)
        page = _page(msgspec.structs.replace(page["one"], taken=taken))
        context = {**page, **told(verdicts, request.app.state.catalogue), "written": True}
        return Template(FORM, context=context)


async def _open_class(session: AsyncSession, runtime: Runtime, class_id: UUID) -> OpenClass:
    for one in await list_open_classes(session, since=local_date(runtime.clock.now())):
        if one.id == class_id:
            return one
    raise ClassNotFoundError


async def _enrol(
    runtime: Runtime, principal: Principal, one: OpenClass, lines: list[RosterLine], *, dry_run: bool
) -> list[RosterVerdict]:
    """Enrol in the class's region, for the enterprise's own scope holds neither the class nor people it has not sent."""
    enterprises = principal.organisations(Role.ENTERPRISE)
    if not enterprises:
        raise ForbiddenError
    async with runtime.databases.transaction(Scope(region=one.region)) as session:
        return await enrol_roster(
            session,
            principal,
            runtime,
            one.id,
            lines,
            organisation_id=enterprises[0],
            dry_run=dry_run,
            at=runtime.clock.now(),
        )


def _page(one: OpenClass) -> dict[str, Any]:
    return {
        "one": one,
        "link": f"{HOME}/classes/{one.id}",
        "title_of": title_of,
        "problem": None,
        "by_person": False,
        **NO_VERDICTS,
    }
