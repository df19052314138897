"""Incidents on pages: the list, one case with what it rests on, the candidate's own, the evidence bundle."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt
from exam.identity.api import names_of_accounts
from exam.web.policy import allow, allow_candidate
from exam.web.problem import form_again
from exam.web.request import done
from proctor.evidence.bundle import export_bundle
from proctor.incidents.cases import (
    DISPOSITION_WORDS,
    FINDING_WORDS,
    IncidentView,
    dispose_incident,
    get_incident,
    list_incidents,
    object_to,
    observations_of,
    report_incident,
    review_incident,
)
from proctor.incidents.observations import KIND_WORDS, list_observations
from proctor.incidents.schemas import Disposal, Report, Review, Statement
from proctor.incidents.taxonomy import taxonomy

REVIEWERS = allow("proctor", "regulator")
STATE_WORDS = {"reported": "待初审", "reviewed": "待复审", "disposed": "已处理"}
ReportForm = Annotated[Report, Body(media_type=RequestEncodingType.URL_ENCODED)]
ReviewForm = Annotated[Review, Body(media_type=RequestEncodingType.URL_ENCODED)]
DisposalForm = Annotated[Disposal, Body(media_type=RequestEncodingType.URL_ENCODED)]
StatementForm = Annotated[Statement, Body(media_type=RequestEncodingType.URL_ENCODED)]


async def _case(session: AsyncSession, runtime: Runtime, principal: Principal, incident_id: UUID) -> dict[str, Any]:
    incident = await get_incident(session, incident_id)
    linked = set(await observations_of(session, incident_id))
    people = [incident.reported_by, incident.reviewed_by, incident.disposed_by]
    return {
        "incident": incident,
        "category": taxonomy()[incident.category],
        "attempt": await get_attempt(session, incident.attempt_id, now=runtime.clock.now()),
        "observations": [each for each in await list_observations(session, incident.attempt_id) if each.id in linked],
        "names": await names_of_accounts(session, [each for each in people if each]),
        "kinds": KIND_WORDS,
        "states": STATE_WORDS,
        "findings": FINDING_WORDS,
        "dispositions": DISPOSITION_WORDS,
        "me": principal.account,
        "kept_every": -(-runtime.settings.media_segment_s // 60),
        "problem": None,
        "typed": None,
    }


class IncidentController(Controller):
    """The cases of the region."""

    path = "/proctor"
    opt = REVIEWERS

    @get("/incidents")
    async def cases(self, session: NamedDependency[AsyncSession], only: FromQuery[str] = "") -> Template:
        shown = only if only in STATE_WORDS else ""
        context = {"incidents": await list_incidents(session, state=shown), "states": STATE_WORDS, "state": shown}
        return Template("proctor/incidents.html", context={**context, "dispositions": DISPOSITION_WORDS})

    @post("/attempts/{attempt_id:uuid}/incidents", opt=allow("proctor"))
    async def report(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        attempt_id: FromPath[UUID],
        data: ReportForm,
    ) -> Redirect:
        now = runtime.clock.now()
        attempt = await get_attempt(session, attempt_id, now=now)
        incident_id = await report_incident(
            session,
            principal,
            attempt,
            category=data.category,
            summary=data.summary,
            observations=data.observation_ids(),
            at=now,
        )
        return Redirect(f"/proctor/incidents/{incident_id}", status_code=303)

    @get("/incidents/{incident_id:uuid}")
    async def case(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        incident_id: FromPath[UUID],
    ) -> Template:
        return Template("proctor/incident.html", context=await _case(session, runtime, principal, incident_id))

    @post("/incidents/{incident_id:uuid}/review")
    async def review(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        incident_id: FromPath[UUID],
        data: ReviewForm,
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                await review_incident(
                    session,
                    principal,
                    incident_id,
                    finding=data.finding,
                    review=data.review,
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            context = {**await _case(session, runtime, principal, incident_id), "typed": data.review}
            return form_again(request, error, "proctor/incident.html", context)
        return done(f"/proctor/incidents/{incident_id}", "初审意见已记录")

    @post("/incidents/{incident_id:uuid}/dispose")
    async def dispose(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        incident_id: FromPath[UUID],
        data: DisposalForm,
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                await dispose_incident(
                    session,
                    principal,
                    incident_id,
                    disposition=data.disposition,
                    decision=data.decision,
                    at=runtime.clock.now(),
                )
        except DomainError as error:
            context = {**await _case(session, runtime, principal, incident_id), "typed": data.decision}
            return form_again(request, error, "proctor/incident.html", context)
        return done(f"/proctor/incidents/{incident_id}", "处理决定已生效")

    @post("/incidents/{incident_id:uuid}/bundle", status_code=200)
    async def bundle(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        incident_id: FromPath[UUID],
    ) -> Response[bytes]:
        incident = await get_incident(session, incident_id)
        linked = set(await observations_of(session, incident_id))
        seen = [each for each in await list_observations(session, incident.attempt_id) if each.id in linked]
        content = await export_bundle(session, runtime, principal, incident=incident, observations=seen)
        headers = {"Content-Disposition": f'attachment; filename="evidence-{incident_id}.zip"'}
        return Response(content, media_type="application/zip", headers=headers)


class OwnIncidentController(Controller):
    """What a candidate is told of decisions about the own attempts, and may say to them."""

    path = "/me/incidents"
    opt = allow_candidate()

    @get("/")
    async def own(self, session: NamedDependency[AsyncSession]) -> Template:
        return Template("proctor/own_incidents.html", context={**await _own(session), "problem": None})

    @post("/{incident_id:uuid}/objection")
    async def object(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        incident_id: FromPath[UUID],
        data: StatementForm,
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                await object_to(session, principal, incident_id, text=data.text, at=runtime.clock.now())
        except DomainError as error:
            return form_again(request, error, "proctor/own_incidents.html", await _own(session))
        return done("/me/incidents", "异议已提交")


async def _own(session: AsyncSession) -> dict[str, Any]:
    decided: list[IncidentView] = await list_incidents(session, state="disposed")
    return {"incidents": decided, "dispositions": DISPOSITION_WORDS}


HANDLERS = (IncidentController, OwnIncidentController)
