"""Registering the enterprise behind a candidate: a small form, and the way back to the registration that waits."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.sitting.desk import own_centre
from exam.sitting.enterprises import register_enterprise
from exam.sitting.registration_pages import field_errors
from exam.sitting.schemas import EnterpriseForm, typed
from exam.standards.api import load_catalogue
from exam.web.i18n import Catalogue
from exam.web.policy import allow
from exam.web.problem import problem_of
from exam.web.request import done

CENTRE = allow("centre")


class EnterpriseController(Controller):
    """Registering the enterprise that a candidate works for."""

    path = "/centre/enterprises"
    opt = CENTRE

    @get("/new")
    async def new(
        self, request: Request[Any, Any, Any], uscc: FromQuery[str] = "", back: FromQuery[str] = ""
    ) -> Template:
        return _page(EnterpriseForm(uscc=uscc[:200], back=back[:200]), request.app.state.catalogue)

    @post("/")
    async def create(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[EnterpriseForm],
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                centre = await own_centre(session, principal)
                await register_enterprise(
                    session,
                    principal,
                    name=data.name,
                    uscc=data.uscc,
                    industry=data.industry,
                    region=centre.region,
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            return _page(data, request.app.state.catalogue, error=error)
        return done(_way_back(data.back), "企业已登记,可以用于报名。")


def _way_back(back: str) -> str:
    try:
        return f"/centre/sittings/{UUID(back)}/registrations/new"
    except ValueError:
        return "/centre"


def _page(form: EnterpriseForm, catalogue: Catalogue, *, error: DomainError | None = None) -> Template:
    problem = problem_of(error, catalogue) if error else None
    industries = load_catalogue().industries
    context = {
        "typed": typed(form),
        "problem": problem,
        "errors": field_errors(problem),
        "industries": [(industry.code, catalogue.gettext(industry.title)) for industry in industries],
    }
    return Template("sitting/enterprise_new.html", context=context, status_code=problem.status if problem else 200)
