"""The clerk's pages of the ledger: looking a person's hours up, attesting hours by two; JSON for programs."""

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.errors import DomainError, ForbiddenError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import (
    ensure_person,
    find_person_id,
    list_people,
    mask_id_number,
    normalise_name,
    parse_id_number,
)
from exam.training.kinds import TITLES, list_subjects, title_of
from exam.training.ledger.attested import MAX_HOURS_HUNDREDTHS
from exam.training.ledger.claims import decide_hours, list_claims, propose_hours
from exam.training.ledger.entries import hours_of
from exam.training.ledger.errors import HoursOutOfRangeError, NobodyTrainedError, PersonElsewhereError
from exam.training.ledger.standing import list_entry_lines, list_standings
from exam.training.schemas import DecisionForm, HoursClaimed, HoursForm, HoursIn, HoursOut, LookUpForm
from exam.web.i18n import Catalogue
from exam.web.policy import allow
from exam.web.problem import form_again, problem_of
from exam.web.request import done

CENTRE = allow("centre")
FIELDS = (("id_number", "id_number"), ("name", "name"), ("hours_source", "source"), ("hours", "hours"))
ENTRIES_SHOWN = 100


class HoursController(Controller):
    """Looking up and attesting."""

    path = "/centre/hours"
    opt = CENTRE

    @get("/")
    async def ask(self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal]) -> Template:
        context = await _desk(session, principal)
        return Template("training/hours.html", context={**context, "typed": LookUpForm(), "problem": None})

    @post("/", status_code=200)
    async def look_up(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        data: URLEncodedBody[LookUpForm],
    ) -> Template:
        """Show the ledger of whoever has an ID number; the number stands in the body, never in an address."""
        try:
            context = await _ledger_of(session, principal, runtime, data.id_number)
        except DomainError as error:
            context = await _desk(session, principal)
            return form_again(request, error, "training/hours.html", {**context, "typed": data})
        return Template("training/hours_of.html", context=context)

    @get("/new")
    async def new(self, request: Request[Any, Any, Any]) -> Template:
        return _page(HoursForm(), request.app.state.catalogue)

    @post("/new")
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
                await claim(session, principal, runtime, _body(data))
        except DomainError as error:
            return _page(data, request.app.state.catalogue, error=error)
        return done("/centre/hours", "已提交,由另一人复核后计入。")

    @post("/claims/{claim_id:uuid}", status_code=200)
    async def decide(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        claim_id: FromPath[UUID],
        data: URLEncodedBody[DecisionForm],
    ) -> Template | Redirect:
        """Confirm or decline what somebody else claimed."""
        confirm = data.decision == "confirm"
        try:
            async with session.begin_nested():
                await decide_hours(session, principal, claim_id, confirm=confirm, at=runtime.clock.now())
        except DomainError as error:
            context = await _desk(session, principal)
            return form_again(request, error, "training/hours.html", {**context, "typed": LookUpForm()})
        return done("/centre/hours", "学时已计入。" if confirm else "已退回,没有计入学时。")


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
    ) -> HoursClaimed:
        return await claim(session, principal, runtime, data)

    @post("/{claim_id:uuid}/confirm")
    async def confirm(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        claim_id: FromPath[UUID],
    ) -> HoursOut:
        """Let the hours count; the second person's act."""
        row = await decide_hours(session, principal, claim_id, confirm=True, at=runtime.clock.now())
        return HoursOut(row.id, row.person_id, await hours_of(session, row.person_id, row.qualification))


async def claim(session: AsyncSession, principal: Principal, runtime: Runtime, data: HoursIn) -> HoursClaimed:
    """Claim hours for the person of an ID number, who is noted if nobody knew them.

    Raises PersonElsewhereError for somebody whom only other regions know.
    """
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
    if person_id not in await list_people(session, [person_id]):
        raise PersonElsewhereError
    claim_id = await propose_hours(
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
    return HoursClaimed(claim_id, person_id)


async def _desk(session: AsyncSession, principal: Principal) -> dict[str, Any]:
    """Return what waits for a second person, beside the look-up."""
    claims = await list_claims(session)
    return {"claims": claims, "me": principal.account, "title_of": title_of, "kinds": TITLES}


async def _ledger_of(session: AsyncSession, principal: Principal, runtime: Runtime, number: str) -> dict[str, Any]:
    now = runtime.clock.now()
    today = local_date(now)
    parsed = parse_id_number(number, today)
    person_id = await find_person_id(session, runtime.sealer, parsed)
    if person_id is None:
        raise NobodyTrainedError
    await record(session, principal, "hours.viewed", ("person", person_id), at=now, region=_region(principal))
    return {
        # whoever is known in another region only is shown without a name
        "person": (await list_people(session, [person_id])).get(person_id),
        "id_masked": mask_id_number(parsed.value),
        **await ledger_context(session, person_id, runtime),
    }


async def ledger_context(session: AsyncSession, person_id: UUID, runtime: Runtime) -> dict[str, Any]:
    """Return what every page of a person's ledger shows."""
    return {
        "standings": await list_standings(session, person_id, on=local_date(runtime.clock.now())),
        "lines": await list_entry_lines(session, person_id, limit=ENTRIES_SHOWN),
        "title_of": title_of,
        "kinds": TITLES,
    }


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
        "kinds": list(TITLES.items()),
        "qualifications": list_subjects(),
    }
    return Template("training/hours_new.html", context=context, status_code=problem.status if problem else 200)
