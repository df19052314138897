"""The regulator's pages of programmes: in force and in draft, a new version, publication by a second person."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.training.kinds import TITLES, TrainingKind, list_subjects, required_hours, title_of
from exam.training.ledger.rules import hundredths
from exam.training.programmes.lines import read_lines, write_lines
from exam.training.programmes.service import (
    draft_programme,
    get_programme,
    list_programmes,
    propose_nodes,
    publish_programme,
)
from exam.training.schemas import EmptyForm, ProgrammeForm
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

HOME = "/regulator/training/programmes"
FORM = "training/programme_new.html"
AnyRequest = Request[Principal, Any, Any]


class ProgrammesController(Controller):
    """Programmes of the installation."""

    path = HOME
    opt = allow("regulator")

    @get()
    async def show_list(self, session: NamedDependency[AsyncSession]) -> Template:
        context = {**_words(), "programmes": await list_programmes(session)}
        return Template("training/programmes.html", context=context)

    @get("/new")
    async def new(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        qualification: FromQuery[str] = "",
        kind: FromQuery[str] = "initial",
    ) -> Template:
        """Ask what for, then show the syllabus's hours to divide."""
        known = {code for code, _ in list_subjects()}
        typed = ProgrammeForm(qualification=qualification if qualification in known else "", kind=kind)
        if typed.qualification and kind in set(TrainingKind):
            nodes = await propose_nodes(session, qualification, kind)
            typed = ProgrammeForm(qualification=qualification, kind=kind, nodes=write_lines(nodes))
        return Template(FORM, context={**_form(typed, runtime), "problem": None})

    @post("/", status_code=200)
    async def create(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[ProgrammeForm],
    ) -> Redirect | Template:
        try:
            async with session.begin_nested():
                programme_id = await draft_programme(
                    session,
                    principal,
                    qualification=data.qualification,
                    kind=data.kind,
                    title=data.title,
                    nodes=read_lines(data.nodes),
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            return form_again(request, error, FORM, _form(data, runtime))
        return done(f"{HOME}/{programme_id}", "培训方案已保存为草稿,由另一人发布后生效。")

    @get("/{programme_id:uuid}")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        programme_id: FromPath[UUID],
    ) -> Template:
        programme = await get_programme(session, programme_id)
        context = {**_words(), "programme": programme, "mine": programme.drafted_by == principal.account}
        return Template("training/programme.html", context=context)

    @post("/{programme_id:uuid}/publish")
    async def publish(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        programme_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # nothing else may be sent
    ) -> Redirect:
        at, root = runtime.clock.now(), runtime.settings.root_region
        await publish_programme(session, principal, programme_id, root_region=root, at=at)
        return done(f"{HOME}/{programme_id}", "培训方案已发布。")


def _words() -> dict[str, Any]:
    return {"title_of": title_of, "kinds": TITLES, "hundredths": hundredths}


def _form(typed: ProgrammeForm, runtime: Runtime) -> dict[str, Any]:
    asked = None
    if typed.qualification in {code for code, _ in list_subjects()} and typed.kind in set(TrainingKind):
        asked = required_hours(typed.qualification, typed.kind, local_date(runtime.clock.now()))
    return {**_words(), "typed": typed, "subjects": list_subjects(), "asked": asked}
