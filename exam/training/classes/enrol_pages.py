"""The training body's pages of enrolment: one person, a workbook with a dry run, moving, leaving, passes to print."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import WORKBOOK
from exam.core.waiting import WaitingFiles
from exam.identity.api import Role, find_organisation_by_uscc
from exam.training.classes import service
from exam.training.classes.batch import RosterVerdict, enrol_roster, read_roster, template_workbook
from exam.training.classes.class_context import class_context
from exam.training.classes.enrolments import enrol, transfer, withdraw
from exam.training.classes.errors import EnterpriseUnknownError
from exam.training.classes.passes import pass_text, qr_image
from exam.training.kinds import title_of
from exam.training.schemas import BatchForm, EnrolForm, ReasonForm, TransferForm
from exam.web.i18n import Catalogue
from exam.web.policy import allow
from exam.web.problem import Problem, form_again, problem_of
from exam.web.request import done
from exam.web.uploads import read_file

FORM = "training/enrol.html"
FILES = WaitingFiles("roster-imports")
AnyRequest = Request[Principal, Any, Any]


def class_page(class_id: UUID) -> str:
    """Return the address of a class in the training body's desk."""
    return f"/centre/training/classes/{class_id}"


class EnrolmentController(Controller):
    """Learners of one class of the principal's own training body."""

    path = "/centre/training/classes/{class_id:uuid}/learners"
    opt = allow(Role.CENTRE)

    @get("/new")
    async def new(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        class_id: FromPath[UUID],
    ) -> Template:
        await service.own_class(session, principal, class_id)
        return Template(FORM, context=await _page(session, class_id))

    @post("/", status_code=200)
    async def create(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        data: URLEncodedBody[EnrolForm],
    ) -> Redirect | Template:
        await service.own_class(session, principal, class_id)
        try:
            async with session.begin_nested():
                await enrol(
                    session,
                    principal,
                    runtime,
                    class_id=class_id,
                    name=data.name,
                    id_number=data.id_number,
                    organisation_id=await _enterprise(session, data.uscc),
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            return form_again(request, error, FORM, {**await _page(session, class_id), "typed": data})
        return done(class_page(class_id), "学员已报名。")

    @get("/template.xlsx")
    async def template(self, class_id: FromPath[UUID]) -> Response[bytes]:  # noqa: ARG002  # one template for all
        return template_answer()

    @post("/workbook", status_code=200)
    async def dry_run(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
    ) -> Template:
        await service.own_class(session, principal, class_id)
        data = await read_file(request, "file")
        page = await _page(session, class_id)
        try:
            lines = await read_roster(data)
        except DomainError as error:
            return form_again(request, error, FORM, page)
        verdicts = await enrol_roster(
            session, principal, runtime, class_id, lines, organisation_id=None, dry_run=True, at=runtime.clock.now()
        )
        name = await FILES.put(runtime, principal, data or b"")
        return Template(FORM, context={**page, **told(verdicts, request.app.state.catalogue), "file": name})

    @post("/workbook/confirm", status_code=200)
    async def confirm(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        data: URLEncodedBody[BatchForm],
    ) -> Template:
        await service.own_class(session, principal, class_id)
        lines = await read_roster(await FILES.get(runtime, principal, data.file))
        verdicts = await enrol_roster(
            session, principal, runtime, class_id, lines, organisation_id=None, dry_run=False, at=runtime.clock.now()
        )
        context = {**await _page(session, class_id), **told(verdicts, request.app.state.catalogue), "written": True}
        return Template(FORM, context=context)

    @get("/passes")
    async def passes(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
    ) -> Template:
        """Show the passes of a class to print; each is a secret, so that the print is a logged act."""
        row = await service.own_class(session, principal, class_id)
        context = await class_context(session, runtime, class_id)
        at, present = runtime.clock.now(), context["present"]
        texts = {each.id: await pass_text(session, runtime, each.id) for each in present}
        facts: dict[str, str | int | bool | None] = {"passes": len(present)}
        await record(session, principal, "passes.printed", ("class", class_id), at=at, region=row.region, facts=facts)
        codes = {enrolment: (text, qr_image(text)) for enrolment, text in texts.items()}
        return Template("training/passes.html", context={**context, "codes": codes})

    @post("/{enrolment_id:uuid}/withdraw")
    async def leave(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        enrolment_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        await service.own_class(session, principal, class_id)
        await withdraw(session, principal, class_id, enrolment_id, reason=data.reason, at=runtime.clock.now())
        return done(class_page(class_id), "学员已退班,已学的学时保留。")

    @post("/{enrolment_id:uuid}/transfer")
    async def move(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        class_id: FromPath[UUID],
        enrolment_id: FromPath[UUID],
        data: URLEncodedBody[TransferForm],
    ) -> Redirect:
        await service.own_class(session, principal, class_id)
        at = runtime.clock.now()
        await transfer(
            session,
            principal,
            runtime,
            class_id,
            enrolment_id,
            to_class=data.to_class,
            reason=data.reason,
            at=at,
        )
        return done(class_page(data.to_class), "学员已转班,已学的学时保留。")


def template_answer() -> Response[bytes]:
    """Return the empty workbook as a download."""
    headers = {"Content-Disposition": 'attachment; filename="learners.xlsx"'}
    return Response(template_workbook(), media_type=WORKBOOK, headers=headers)


async def _enterprise(session: AsyncSession, uscc: str) -> UUID | None:
    if not uscc.strip():
        return None
    found = await find_organisation_by_uscc(session, uscc.strip().upper())
    if found is None or found.kind != "enterprise":
        raise EnterpriseUnknownError
    return found.id


def told(verdicts: list[RosterVerdict], catalogue: Catalogue) -> dict[str, Any]:
    """Return verdicts as a page shows them."""
    rows: list[tuple[RosterVerdict, Problem | None]] = [
        (each, problem_of(each.error, catalogue) if each.error else None) for each in verdicts
    ]
    accepted = sum(1 for _, refused in rows if refused is None)
    return {"verdicts": rows, "accepted": accepted, "refused": len(rows) - accepted}


async def _page(session: AsyncSession, class_id: UUID) -> dict[str, Any]:
    return {
        "one": await service.get_class(session, class_id),
        "link": class_page(class_id),
        "title_of": title_of,
        "typed": EnrolForm(),
        "problem": None,
        "by_person": True,
        **NO_VERDICTS,
    }


NO_VERDICTS: dict[str, Any] = {"verdicts": [], "accepted": 0, "refused": 0, "file": "", "written": False}
