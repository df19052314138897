"""Recording study hours: a form for the clerk, JSON for programs."""

from decimal import Decimal, InvalidOperation
from typing import Any

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError, ForbiddenError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import ensure_person, normalise_name, parse_id_number
from exam.standards.api import list_qualifications
from exam.training.errors import HoursOutOfRangeError
from exam.training.hours import MAX_HOURS_HUNDREDTHS, hours_of, record_hours
from exam.training.schemas import HoursForm, HoursIn, HoursOut
from exam.web.i18n import Catalogue
from exam.web.policy import allow
from exam.web.problem import problem_of
from exam.web.request import done

CENTRE = allow("centre")
FIELDS = (("id_number", "id_number"), ("name", "name"), ("hours_source", "source"), ("hours", "hours"))


class HoursController(Controller):
    """The form."""

    path = "/centre/hours"
    opt = CENTRE

    @get("/new")
    async def new(self, request: Request[Any, Any, Any]) -> Template:
        return _page(HoursForm(), request.app.state.catalogue)

    @post("/")
    async def create(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[HoursForm],
    ) -> Template | Redirect:
        try:
            async with session.begin_nested():
                await attest(session, principal, runtime, _body(data))
        except DomainError as error:
            return _page(data, request.app.state.catalogue, error=error)
        return done("/centre/hours/new", "学时已登记。")


class HoursApiController(Controller):
    """The same for programs."""

    path = "/api/centre/hours"
    opt = CENTRE

    @post("/")
    async def create(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: JSONBody[HoursIn],
    ) -> HoursOut:
        return await attest(session, principal, runtime, data)


async def attest(session: AsyncSession, principal: Principal, runtime: Runtime, data: HoursIn) -> HoursOut:
    """Record hours for the person of an ID number, who is noted if nobody knew them."""
    now = runtime.clock.now()
    region = _region(principal)
    person_id = await ensure_person(
        session,
        runtime.sealer,
        principal,
        name=normalise_name(data.name),
        number=parse_id_number(data.id_number, local_date(now)),
        region=region,
        at=now,
    )
    entry = await record_hours(
        session,
        principal,
        person_id=person_id,
        qualification=data.qualification,
        kind=data.kind,
        hours_hundredths=data.hours_hundredths,
        source=data.source,
        region=region,
        at=now,
    )
    return HoursOut(entry, person_id, await hours_of(session, person_id, data.qualification))


def _region(principal: Principal) -> str:
    for grant in principal.grants:
        if grant.role == "centre":
            return grant.region
    raise ForbiddenError


def _body(form: HoursForm) -> HoursIn:
    try:
        hours = Decimal(form.hours.strip())
    except InvalidOperation as error:
        raise HoursOutOfRangeError(limit=MAX_HOURS_HUNDREDTHS // 100) from error
    hundredths = hours * 100
    if not hundredths.is_finite() or hundredths != int(hundredths):
        raise HoursOutOfRangeError(limit=MAX_HOURS_HUNDREDTHS // 100)
    return HoursIn(
        name=form.name,
        id_number=form.id_number,
        qualification=form.qualification,
        kind=form.kind,
        hours_hundredths=int(hundredths),
        source=form.source,
    )


def _page(form: HoursForm, catalogue: Catalogue, *, error: DomainError | None = None) -> Template:
    problem = problem_of(error, catalogue) if error else None
    errors: dict[str, str] = {}
    if problem is not None:
        errors = next(({field: problem.title} for start, field in FIELDS if problem.code.startswith(start)), {})
    context = {
        "typed": {name: getattr(form, name) for name in form.__struct_fields__ if name != "csrf_token"},
        "problem": problem,
        "errors": errors,
        "qualifications": [(known.code, catalogue.gettext(known.title)) for known in list_qualifications()],
    }
    return Template("training/hours_new.html", context=context, status_code=problem.status if problem else 200)
