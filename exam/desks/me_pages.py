"""The candidate at home: tickets, results, credentials and receipts, and the way in without a password."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.audit.proving import find_act_proof
from exam.core.audit.publication import LogPublication
from exam.core.clock import local_date
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.errors import DomainError, NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import find_attempt_of
from exam.desks import entrance
from exam.desks.audit_log_pages import proof_file
from exam.desks.me import Mine, load_mine
from exam.desks.schemas import AppealForm, EntranceForm
from exam.identity.api import keep_session
from exam.records.api import count_told, title_of
from exam.sitting.api import get_registration, ticket_pdf
from exam.web.forms import safe_path
from exam.web.policy import PUBLIC, allow_candidate
from exam.web.problem import form_again
from exam.web.request import address_of, done
from grading.api import file_appeal

HOME = "/me"
PAGE = "desks/me.html"
ENTRANCE = "desks/entrance.html"

AnyRequest = Request[Principal, str | None, Any]


class CandidateEntranceController(Controller):
    """Anybody may come here with a ticket."""

    path = "/me/login"
    opt = PUBLIC

    @get()
    async def show(self, request: AnyRequest, next: FromQuery[str] = "") -> Template | Redirect:  # noqa: A002  # the query's name
        if request.user.has_role("candidate"):
            return Redirect(safe_path(next) if next else HOME, status_code=303)
        return Template(ENTRANCE, context={"typed": EntranceForm(next=next), "problem": None})

    @post(status_code=200)
    async def enter(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[EntranceForm],
    ) -> Response[Any]:
        try:
            entered = await entrance.enter(
                runtime,
                ticket=data.ticket,
                id_number=data.id_number,
                address=address_of(request),
                old_token=request.auth,
            )
        except DomainError as error:
            return form_again(request, error, ENTRANCE, {"typed": data})
        response = Redirect(safe_path(data.next) if data.next else entered.home, status_code=303)
        keep_session(response, runtime, entered.token)
        return response


class CandidateController(Controller):
    """What is the candidate's own."""

    path = HOME
    opt = allow_candidate()

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
    ) -> Template:
        return Template(PAGE, context=await _context(session, runtime, principal))

    @get("/registrations/{registration_id:uuid}/ticket.pdf")
    async def ticket(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        registration_id: FromPath[UUID],
    ) -> Response[bytes]:
        """Send the ticket, whose QR is a secret: each print is a logged act."""
        registration = await get_registration(session, registration_id)
        content = await ticket_pdf(session, runtime, registration_id)
        at = runtime.clock.now()
        subject = ("registration", registration.id)
        await record(session, principal, "ticket.downloaded", subject, at=at, region=registration.region)
        headers = {"Content-Disposition": f'attachment; filename="ticket-{registration.id.hex[-12:]}.pdf"'}
        return Response(content, media_type="application/pdf", headers=headers)

    @get("/registrations/{registration_id:uuid}/receipt")
    async def receipt(
        self, session: NamedDependency[AsyncSession], runtime: NamedDependency[Runtime], registration_id: FromPath[UUID]
    ) -> Response[bytes]:
        """Send the proof that the hand-in stands in the log, whose digest the receipt code is the beginning of."""
        registration = await get_registration(session, registration_id)
        attempt = await find_attempt_of(session, registration.id, now=runtime.clock.now())
        if attempt is None:
            raise NotFoundError
        # the candidate sees the attempt, and of the ledger this one entry
        async with runtime.databases.session(NOTHING, Role.LEDGER) as ledger:
            found = await find_act_proof(
                ledger, LogPublication(runtime.storage), "attempt.finalised", ("attempt", attempt.id)
            )
        return proof_file(found, f"receipt-{registration.id.hex[-12:]}")

    @get("/results/{result_id:uuid}/appeal")
    async def show_appeal(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        result_id: FromPath[UUID],
    ) -> Template:
        context = await _appeal_context(session, runtime, principal, result_id)
        return Template("desks/appeal.html", context={**context, "typed": AppealForm(), "problem": None})

    @post("/results/{result_id:uuid}/appeal", status_code=200)
    async def appeal(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        result_id: FromPath[UUID],
        data: URLEncodedBody[AppealForm],
    ) -> Response[Any]:
        context = await _appeal_context(session, runtime, principal, result_id)
        try:
            async with session.begin_nested():
                await file_appeal(session, principal, result_id, grounds=data.grounds, at=runtime.clock.now())
        except DomainError as error:
            return form_again(request, error, "desks/appeal.html", {**context, "typed": data})
        return done(HOME, "复核申请已提交,结果会显示在这里。")


async def _mine(session: AsyncSession, runtime: Runtime, principal: Principal) -> Mine:
    if principal.person is None:
        raise NotFoundError
    return await load_mine(session, principal.person, now=runtime.clock.now())


async def _context(session: AsyncSession, runtime: Runtime, principal: Principal) -> dict[str, Any]:
    mine, now = await _mine(session, runtime, principal), runtime.clock.now()
    told = await count_told(session, person_id=principal.person)
    reminders = mine.reminders(now)
    return {"mine": mine, "title_of": title_of, "today": local_date(now), "told": told, "reminders": reminders}


async def _appeal_context(
    session: AsyncSession, runtime: Runtime, principal: Principal, result_id: UUID
) -> dict[str, Any]:
    mine = await _mine(session, runtime, principal)
    told = next((each for one in mine.registrations for each in one.results if each.result.id == result_id), None)
    if told is None:
        raise NotFoundError(result_id=str(result_id))
    return {"told": told, "title_of": title_of}
