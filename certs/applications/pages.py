"""The clock of the staff that issues (办证时限), one application, and the forms that file one."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from certs.act_pages import Stage
from certs.applications.deciding import accept, approve, not_accept, propose_refusal, settle_refusal
from certs.applications.errors import ApplicationNotFoundError
from certs.applications.filing import apply_change, apply_renewal
from certs.applications.state import ApplicationState, RefusalGround, allowed_acts
from certs.applications.views import (
    ApplicationView,
    get_application,
    list_closed,
    list_open,
    read_clock,
)
from certs.lifecycle import REGULATOR
from certs.schemas import ChangeForm, ConfirmForm, EmptyForm, ReasonForm, RefusalForm
from certs.views import get_credential
from certs.withheld import find_withheld, list_withheld
from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import get_person, list_people
from exam.standards.api import basis_of, calendar_sources, explain, recall_rule_set
from exam.web import problem
from exam.web.paging import Page
from exam.web.policy import allow, allow_candidate
from exam.web.problem import form_again
from exam.web.request import done
from exam.web.uploads import read_form

PATH = "/centre/applications"
CREDENTIALS = "/centre/credentials"
PAGE, LAST = 50, 10

AnyRequest = Request[Any, Any, Any]


class ApplicationController(Controller):
    """What is due today, what is late, what waits; and one application with its acts."""

    path = PATH
    opt = allow(REGULATOR)

    @get()
    async def show_clock(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        urgency: FromQuery[str] = "",
        page: FromQuery[Page] = 1,
    ) -> Template:
        on = local_date(runtime.clock.now())
        rows = await list_open(session, on=on, urgency=urgency, limit=PAGE + 1, offset=(page - 1) * PAGE)
        closed = await list_closed(session, on=on, limit=LAST)
        context = {
            "rows": rows[:PAGE],
            "more": len(rows) > PAGE,
            "page": page,
            "urgency": urgency,
            "clock": await read_clock(session, on=on),
            "closed": closed,
            "people": await list_people(session, [each.person_id for each in (*rows, *closed)]),
            "withheld": {each.registration_id: each for each in await list_withheld(session, limit=1000)},
            "today": on,
            "calendars": _calendars(on, rows[:PAGE]),
        }
        return Template("certs/applications.html", context=context)

    @get("/{application_id:uuid}")
    async def show_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        application_id: FromPath[UUID],
    ) -> Template:
        return await _detail(request, runtime, session, application_id)

    @get("/{application_id:uuid}/photo.jpg")
    async def photo(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        application_id: FromPath[UUID],
    ) -> Response[bytes]:
        found = await get_application(session, application_id, on=local_date(runtime.clock.now()))
        if found.new_photo_key is None:
            raise ApplicationNotFoundError
        return Response(await runtime.storage.get(found.new_photo_key), media_type="image/jpeg")

    @post("/{application_id:uuid}/accept", status_code=200)
    async def accept_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        application_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # the form holds the CSRF value alone
    ) -> Redirect | Template:
        at = runtime.clock.now()

        async def act() -> None:
            await accept(session, principal, application_id, at=at)

        return await _stage(request, runtime, session, application_id).do(act, "申请已受理。")

    @post("/{application_id:uuid}/not-accept", status_code=200)
    async def not_accept_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        application_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect | Template:
        at = runtime.clock.now()

        async def act() -> None:
            await not_accept(session, principal, application_id, reason=data.reason, at=at)

        return await _stage(request, runtime, session, application_id).do(act, "已作不予受理处理。")

    @post("/{application_id:uuid}/approve", status_code=200)
    async def approve_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        application_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # the form holds the CSRF value alone
    ) -> Redirect | Template:
        at = runtime.clock.now()

        async def act() -> None:
            await approve(session, principal, runtime, application_id, at=at)

        return await _stage(request, runtime, session, application_id).do(act, "已批准,新证书已签发。")

    @post("/{application_id:uuid}/refusal", status_code=200)
    async def propose_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        application_id: FromPath[UUID],
        data: URLEncodedBody[RefusalForm],
    ) -> Redirect | Template:
        at = runtime.clock.now()

        async def act() -> None:
            await propose_refusal(session, principal, application_id, data.ground, reason=data.reason, at=at)

        return await _stage(request, runtime, session, application_id).do(act, "提议已提交,等待另一人确认。")

    @post("/{application_id:uuid}/settle", status_code=200)
    async def settle_one(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        application_id: FromPath[UUID],
        data: URLEncodedBody[ConfirmForm],
    ) -> Redirect | Template:
        at = runtime.clock.now()

        async def act() -> None:
            await settle_refusal(session, principal, application_id, confirmed=data.confirmed, at=at)

        message = "已作出不予批准的决定。" if data.confirmed else "提议已退回,申请继续办理。"
        return await _stage(request, runtime, session, application_id).do(act, message)


class FilingController(Controller):
    """Filing for a holder who stands at the counter; the holder's own button is at home."""

    opt = allow(REGULATOR)

    @get("/centre/credentials/{credential_id:uuid}/change")
    async def show_change(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        credential_id: FromPath[UUID],
    ) -> Template:
        context = await _change_context(runtime, session, credential_id)
        return Template("certs/change.html", context={**context, "typed": ChangeForm(), "problem": None})

    @post("/centre/credentials/{credential_id:uuid}/change", status_code=200)
    async def file_change(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        credential_id: FromPath[UUID],
    ) -> Redirect | Template:
        form, photo = await read_form(request, ChangeForm, "photo")
        context = await _change_context(runtime, session, credential_id)
        try:
            async with session.begin_nested():
                filed = await apply_change(
                    session,
                    principal,
                    runtime,
                    credential_id,
                    name=form.name,
                    photo=photo,
                    reason=form.reason,
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            return form_again(request, error, "certs/change.html", {**context, "typed": form})
        return done(f"{PATH}/{filed}", "申请已收到。")

    @post("/centre/credentials/{credential_id:uuid}/renew", status_code=200)
    async def file_renewal(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        credential_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # the form holds the CSRF value alone
    ) -> Redirect:
        filed = await apply_renewal(session, principal, credential_id, at=runtime.clock.now())
        return done(f"{PATH}/{filed}", "申请已收到。")

    @post("/me/credentials/{credential_id:uuid}/renew", opt=allow_candidate(), status_code=200)
    async def renew_own(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        credential_id: FromPath[UUID],
        data: URLEncodedBody[EmptyForm],  # noqa: ARG002  # the form holds the CSRF value alone
    ) -> Redirect:
        await apply_renewal(session, principal, credential_id, at=runtime.clock.now())
        return done("/me", "申请已收到。")


async def _change_context(runtime: Runtime, session: AsyncSession, credential_id: UUID) -> dict[str, Any]:
    credential = await get_credential(session, credential_id, on=local_date(runtime.clock.now()))
    return {"credential": credential, "person": await get_person(session, credential.person_id)}


def _stage(request: AnyRequest, runtime: Runtime, session: AsyncSession, application_id: UUID) -> Stage:
    return Stage(request, runtime, session, application_id, path=PATH, detail=_detail)


async def _detail(
    request: AnyRequest,
    runtime: Runtime,
    session: AsyncSession,
    application_id: UUID,
    error: DomainError | None = None,
) -> Template:
    on = local_date(runtime.clock.now())
    view = await get_application(session, application_id, on=on)
    described = problem.problem_of(error, request.app.state.catalogue) if error else None
    context = {
        "application": view,
        "person": await get_person(session, view.person_id),
        "held": await get_credential(session, view.credential_id, on=on) if view.credential_id else None,
        "withheld": await find_withheld(session, view.registration_id) if view.registration_id else None,
        "acts": {act.value for act in allowed_acts(ApplicationState(view.state))},
        "grounds": [ground.value for ground in RefusalGround],
        "me": request.user.account,
        "calendars": _calendars(on, [view]),
        "problem": described,
        **_limits(view),
    }
    return Template("certs/application.html", context=context, status_code=described.status if described else 200)


def _limits(view: ApplicationView) -> dict[str, Any]:
    """Return the two limits in words with their articles, by the rules that the application is judged by."""
    rules = recall_rule_set(view.qualification, view.rule_set)
    keys = ("application_accept_working_days", "decision_working_days")
    return {"limits": [(explain(rules, key), basis_of(rules, key)) for key in keys]}


def _calendars(on: date, views: Sequence[ApplicationView]) -> list[tuple[int, str | None]]:
    """Return the notices of the years that the limits of these applications and today lie in."""
    days = [on, *(view.due_on for view in views if view.due_on)]
    return calendar_sources(min(days), max(days))
