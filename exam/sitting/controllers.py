"""The centre's routes for programs: sittings, registrations, state; JSON in and out."""

from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.sitting import forms, registration_views, sittings
from exam.sitting.desk import apply, own_centre, own_sitting
from exam.sitting.errors import NotEligibleError
from exam.sitting.ports import OPEN_ATTEMPTS
from exam.sitting.readiness import readiness_of
from exam.sitting.schemas import RegistrationIn, RegistrationOut, SittingIn, SittingOut, from_ms
from exam.sitting.ticket import ticket_qr_text
from exam.sitting.tickets import ticket_secret
from exam.web.policy import allow
from exam.web.problem import problem_of
from exam.web.uploads import read_upload

CENTRE = allow("centre")
READERS = allow("centre", "regulator")
T = TypeVar("T")


class MalformedBodyError(DomainError):
    """The body is not what the route takes; `reason` names the field, never its value."""

    code = "body_malformed"
    message = "请求内容有误:{reason}"


class SittingApiController(Controller):
    """Sittings of the principal's own centre."""

    path = "/api/centre/sittings"
    opt = CENTRE

    @post("/")
    async def create(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: JSONBody[SittingIn],
    ) -> SittingOut:
        now = runtime.clock.now()
        centre = await own_centre(session, principal)
        plan_id = data.plan_id or await sittings.create_plan(
            session, principal, title=data.plan_title, region=centre.region, at=now
        )
        sitting_id = await sittings.create_sitting(
            session,
            principal,
            runtime,
            plan_id=plan_id,
            qualification=data.qualification,
            centre_id=centre.id,
            region=centre.region,
            starts_at=from_ms(data.starts_at),
            ends_at=from_ms(data.ends_at),
            rooms=[(room.name, room.seats) for room in data.rooms],
            at=now,
        )
        return await _sitting_out(session, runtime, sitting_id)

    @get("/{sitting_id:uuid}", opt=READERS)
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> SittingOut:
        return await _sitting_out(session, runtime, sitting_id)

    @post("/{sitting_id:uuid}/registrations")
    async def register(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> Response[Any]:
        await own_sitting(session, principal, sitting_id)
        application = await read_application(request)
        outcome = await apply(session, principal, runtime, sitting_id, application, at=runtime.clock.now())
        if isinstance(outcome, NotEligibleError):
            # answered and not raised: the refusal itself is kept
            problem = problem_of(outcome, request.app.state.catalogue)
            return Response(problem, status_code=problem.status, media_type="application/problem+json")
        ticket = ticket_qr_text(await ticket_secret(session, runtime, outcome.id))
        return Response(RegistrationOut.of(outcome, ticket), status_code=201)

    @get("/{sitting_id:uuid}/registrations")
    async def registrations(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
    ) -> list[RegistrationOut]:
        await own_sitting(session, principal, sitting_id)
        views = await registration_views.list_registrations(session, sitting_id)
        return [
            RegistrationOut.of(view, ticket_qr_text(await ticket_secret(session, runtime, view.id))) for view in views
        ]

    @post("/{sitting_id:uuid}/{act:str}", status_code=200)
    async def move(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        act: FromPath[Literal["open", "close", "prepare"]],
    ) -> SittingOut:
        await move_sitting(session, principal, runtime, sitting_id, act)
        return await _sitting_out(session, runtime, sitting_id)


async def move_sitting(
    session: AsyncSession,
    principal: Principal,
    runtime: Runtime,
    sitting_id: UUID,
    act: Literal["open", "close", "prepare"],
) -> None:
    """Open or close a sitting of the own centre, or have its forms made."""
    await own_sitting(session, principal, sitting_id)
    now = runtime.clock.now()
    if act == "open":
        await sittings.open_sitting(session, principal, sitting_id, now)
    elif act == "close":
        open_attempts = runtime.ports.get(OPEN_ATTEMPTS)
        await sittings.close_sitting(session, principal, sitting_id, now, open_attempts=open_attempts)
    else:
        await forms.request_forms(session, principal, sitting_id, at=now)


async def _sitting_out(session: AsyncSession, runtime: Runtime, sitting_id: UUID) -> SittingOut:
    sitting = await sittings.get_sitting(session, sitting_id)
    rooms = await sittings.list_rooms(session, sitting_id)
    return SittingOut.of(sitting, rooms, await readiness_of(session, sitting_id, now=runtime.clock.now()))


async def read_application(request: Request[Any, Any, Any]) -> RegistrationIn:
    """Read an application from JSON with a base64 photo, or from a multipart form with a file."""
    if request.content_type[0] == "multipart/form-data":
        fields, photo = await read_upload(request, "photo")
        return msgspec.structs.replace(convert(fields, RegistrationIn), photo=photo)
    try:
        return msgspec.json.decode(await request.body(), type=RegistrationIn)
    except msgspec.DecodeError as error:
        raise MalformedBodyError(reason=str(error)) from error


def convert(fields: dict[str, str], kind: type[T]) -> T:
    """Build a form's struct from its text fields; raises MalformedBodyError."""
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise MalformedBodyError(reason=str(error)) from error
