"""The centre's pages over one person's registration: the form, checks while typing, ticket, photo, cancelling."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import DomainError, NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import get_organisation, get_person, mask_id_number, parse_id_number
from exam.sitting import sittings
from exam.sitting.controllers import READERS, convert
from exam.sitting.desk import apply, is_own, own_sitting
from exam.sitting.eligibility import Decision, age_on
from exam.sitting.enterprises import require_enterprise
from exam.sitting.errors import NotEligibleError, PhotoFormatError
from exam.sitting.registration_views import get_registration
from exam.sitting.registrations import cancel_registration, set_registration_photo
from exam.sitting.schemas import CheckForm, ReasonForm, RegistrationForm, RegistrationIn, typed
from exam.sitting.tickets import ticket_number, ticket_pdf
from exam.sitting.views import RegistrationView
from exam.web.i18n import Catalogue, fill
from exam.web.policy import allow
from exam.web.problem import Problem, problem_of
from exam.web.request import done
from exam.web.uploads import read_file, read_upload

CENTRE = allow("centre")
PHOTO_READERS = allow("centre", "proctor", "assessor", "regulator")
FIELDS = (
    ("id_number", "id_number"),
    ("person_name", "name"),
    ("name", "name"),
    ("credit_code", "uscc"),
    ("enterprise", "uscc"),
    ("photo", "photo"),
)
"""Which field an error's code belongs to, by its beginning."""


def field_errors(problem: Problem | None, fields: tuple[tuple[str, str], ...] = FIELDS) -> dict[str, str]:
    """Return the error beside its field; what concerns no field stands above the form."""
    if problem is None:
        return {}
    return next(({field: problem.title} for start, field in fields if problem.code.startswith(start)), {})


def reason_lines(decision: Decision, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return every refusal in the reader's language with its legal basis."""
    return [(fill(catalogue.gettext(reason.message), dict(reason.fields)), reason.basis) for reason in decision.reasons]


class RegistrationController(Controller):
    """Registering at the desk."""

    path = "/centre"
    opt = CENTRE

    @get("/sittings/{sitting_id:uuid}/registrations/new")
    async def new(
        self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal], sitting_id: FromPath[UUID]
    ) -> Template:
        sitting = await own_sitting(session, principal, sitting_id)
        context = {"sitting": sitting, "typed": typed(RegistrationForm()), "problem": None, "errors": {}, "refused": []}
        return Template("sitting/registration_new.html", context=context)

    @post("/sittings/{sitting_id:uuid}/registrations")
    async def create(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> Template | Redirect:
        sitting = await own_sitting(session, principal, sitting_id)
        fields, photo = await read_upload(request, "photo")
        form, catalogue = convert(fields, RegistrationForm), request.app.state.catalogue
        application = RegistrationIn(name=form.name, id_number=form.id_number, uscc=form.uscc, photo=photo)
        refused: list[tuple[str, str]] = []
        try:
            outcome = await apply(session, principal, runtime, sitting_id, application, at=runtime.clock.now())
        except DomainError as error:
            problem = problem_of(error, catalogue)
        else:
            if not isinstance(outcome, NotEligibleError):
                return done(f"/centre/registrations/{outcome.id}", "报名成功。")
            problem, refused = problem_of(outcome, catalogue), reason_lines(outcome.decision, catalogue)
        context = {"sitting": sitting, "typed": typed(form), "problem": problem, "refused": refused}
        context["errors"] = field_errors(problem)
        return Template("sitting/registration_new.html", context=context, status_code=problem.status)

    @post("/check/id-number", status_code=200)
    async def check_id_number(
        self,
        request: Request[Any, Any, Any],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[CheckForm],
    ) -> Template:
        today = local_date(runtime.clock.now())
        context: dict[str, Any] = {"problem": None, "number": None}
        try:
            number = parse_id_number(data.id_number, today)
        except DomainError as error:
            context["problem"] = problem_of(error, request.app.state.catalogue)
        else:
            context |= {"number": number, "masked": mask_id_number(number.value), "age": age_on(number.birth_on, today)}
        return Template("sitting/_id_check.html", context=context)

    @post("/check/uscc", status_code=200)
    async def check_uscc(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        data: URLEncodedBody[CheckForm],
    ) -> Template:
        context: dict[str, Any] = {"problem": None, "name": "", "typed": data.uscc}
        try:
            context["name"] = (await require_enterprise(session, data.uscc)).name if data.uscc.strip() else ""
        except DomainError as error:
            context["problem"] = problem_of(error, request.app.state.catalogue)
        return Template("sitting/_uscc_check.html", context=context)

    @get("/registrations/{registration_id:uuid}", opt=READERS)
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        registration_id: FromPath[UUID],
    ) -> Template:
        return await _registration_page(session, principal, registration_id, problem=None)

    @post("/registrations/{registration_id:uuid}/photo")
    async def set_photo(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        registration_id: FromPath[UUID],
    ) -> Template | Redirect:
        registration = await get_registration(session, registration_id)
        await own_sitting(session, principal, registration.sitting_id)
        photo = await read_file(request, "photo")
        try:
            async with session.begin_nested():
                if photo is None:
                    raise PhotoFormatError  # an empty field is answered like any other wrong file
                now = runtime.clock.now()
                await set_registration_photo(session, principal, runtime, registration_id, photo, at=now)
        except DomainError as error:
            problem = problem_of(error, request.app.state.catalogue)
            return await _registration_page(session, principal, registration_id, problem=problem)
        return done(f"/centre/registrations/{registration_id}", "照片已保存。")

    @get("/registrations/{registration_id:uuid}/photo.jpg", opt=PHOTO_READERS)
    async def photo(
        self, session: NamedDependency[AsyncSession], runtime: NamedDependency[Runtime], registration_id: FromPath[UUID]
    ) -> Response[bytes]:
        registration = await get_registration(session, registration_id)
        if registration.photo_key is None:
            raise NotFoundError(registration_id=str(registration_id))
        return Response(await runtime.storage.get(registration.photo_key), media_type="image/jpeg")

    @get("/registrations/{registration_id:uuid}/ticket.pdf")
    async def ticket(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        registration_id: FromPath[UUID],
    ) -> Response[bytes]:
        registration = await get_registration(session, registration_id)
        await own_sitting(session, principal, registration.sitting_id)
        pdf = await ticket_pdf(session, runtime, registration_id)
        await record(
            session,
            principal,
            "ticket.printed",
            ("registration", registration_id),
            at=runtime.clock.now(),
            region=registration.region,
        )
        headers = {"Content-Disposition": f'inline; filename="ticket-{ticket_number(registration_id)}.pdf"'}
        return Response(pdf, media_type="application/pdf", headers=headers)

    @post("/registrations/{registration_id:uuid}/cancel")
    async def cancel(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        registration_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        registration = await get_registration(session, registration_id)
        await own_sitting(session, principal, registration.sitting_id)
        now = runtime.clock.now()
        await cancel_registration(session, principal, registration_id, reason=data.reason, at=now)
        return done(f"/centre/sittings/{registration.sitting_id}", "报名已取消,座位已释放。")


async def _enterprise_of(session: AsyncSession, registration: RegistrationView) -> str:
    found = registration.organisation_id
    return (await get_organisation(session, found)).name if found else ""


async def _registration_page(
    session: AsyncSession, principal: Principal, registration_id: UUID, *, problem: Problem | None
) -> Template:
    registration = await get_registration(session, registration_id)
    sitting = await sittings.get_sitting(session, registration.sitting_id)
    context = {
        "registration": registration,
        "sitting": sitting,
        "person": await get_person(session, registration.person_id),
        "number": ticket_number(registration_id),
        "enterprise": await _enterprise_of(session, registration),
        "own": is_own(principal, sitting),
        "problem": problem,
        "errors": field_errors(problem),
    }
    return Template("sitting/registration.html", context=context, status_code=problem.status if problem else 200)
