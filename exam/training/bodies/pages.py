"""The regulator's pages of training bodies: approved for what and until when."""

from datetime import date, timedelta
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
from exam.identity.api import list_organisations
from exam.training.bodies.errors import BodyScopeError, NotATrainingBodyError
from exam.training.bodies.service import KINDS, approve_body, list_bodies, suspend_body
from exam.training.kinds import list_subjects, title_of
from exam.training.schemas import BodyForm, ReasonForm
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

HOME = "/regulator/training/bodies"
FORM = "training/body_approve.html"
AnyRequest = Request[Principal, Any, Any]


class BodiesController(Controller):
    """Training bodies of the region."""

    path = HOME
    opt = allow("regulator")

    @get()
    async def show_list(self, session: NamedDependency[AsyncSession], runtime: NamedDependency[Runtime]) -> Template:
        context = {
            "bodies": await list_bodies(session),
            "title_of": title_of,
            "today": local_date(runtime.clock.now()),
        }
        return Template("training/bodies.html", context=context)

    @get("/approve")
    async def ask(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        organisation: FromQuery[str] = "",
    ) -> Template:
        known = next((each for each in await list_bodies(session) if str(each.id) == organisation), None)
        until = local_date(runtime.clock.now()) + timedelta(days=3 * 365)
        typed = BodyForm(organisation=organisation, until=until.isoformat())
        if known is not None:
            typed = BodyForm(
                organisation=organisation, until=until.isoformat(), scope=list(known.scope), basis=known.basis
            )
        return Template(FORM, context={**await _choices(session), "typed": typed, "problem": None})

    @post("/", status_code=200)
    async def approve(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[BodyForm],
    ) -> Redirect | Template:
        try:
            async with session.begin_nested():
                await approve_body(
                    session,
                    principal,
                    _id(data.organisation),
                    qualifications=_codes(data.scope),
                    until=_day(data.until),
                    basis=data.basis,
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            return form_again(request, error, FORM, {**await _choices(session), "typed": data})
        return done(HOME, "培训机构已登记。")

    @post("/{organisation_id:uuid}/suspend")
    async def suspend(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        organisation_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        await suspend_body(session, principal, organisation_id, reason=data.reason, at=runtime.clock.now())
        return done(HOME, "已暂停该机构开班。")


async def _choices(session: AsyncSession) -> dict[str, Any]:
    organisations = [each for kind in sorted(KINDS) for each in await list_organisations(session, kind=kind)]
    return {
        "organisations": [(str(each.id), each.name) for each in organisations if each.deregistered_on is None],
        "subjects": list_subjects(),
    }


def _codes(scope: str | list[str]) -> list[str]:
    return scope.split() if isinstance(scope, str) else scope


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotATrainingBodyError from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BodyScopeError from None
