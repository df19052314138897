"""The enterprise's desk: who must hold what, who does, who is next, and who works here."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.valkey import require_allowance
from exam.identity.api import (
    OrganisationView,
    add_engagement,
    end_engagement,
    ensure_person,
    get_organisation,
    list_people,
    normalise_name,
    parse_id_number,
    require_same_name,
    set_contact,
)
from exam.records.credit.parties import count_told
from exam.records.entries import list_enterprise_entries
from exam.records.errors import EngagementDateError, EngagementRoleError, NoEnterpriseError
from exam.records.holdings import load_roster
from exam.records.names import ROLES, industry_of, title_of
from exam.records.reminders.service import count_new
from exam.records.roster import Posts, posts_of
from exam.records.schemas import Band, EndForm, EngageForm
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

ROLE = "enterprise"
HOME = "/enterprise"
EARLIEST = date(1950, 1, 1)
TRIES_PER_HOUR = 120
"""More than anybody types; whoever tries the numbers of a county is stopped by it (TRUST.md, threat 26)."""
FEW = 10
"""Lines on one page: each is a card on a phone."""
FORM = "records/engage.html"

AnyRequest = Request[Principal, Any, Any]


def own_enterprise(principal: Principal) -> UUID:
    """Return the enterprise that the principal acts for: the one whose scope the route's session has."""
    enterprises = principal.organisations(ROLE)
    if not enterprises:
        raise NoEnterpriseError
    return enterprises[0]


class EnterpriseDeskController(Controller):
    """Pages in the scope of the enterprise itself."""

    path = HOME
    opt = allow(ROLE)

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        page: FromQuery[Page] = 1,
        within: FromQuery[Band] = "90",
        posts: FromQuery[Posts] = "",
    ) -> Template:
        on = local_date(runtime.clock.now())
        enterprise = await get_organisation(session, own_enterprise(principal))
        entries, more = await list_enterprise_entries(session, enterprise.id, limit=FEW)
        roster = await load_roster(session, enterprise.id, on=on)
        lines, first = posts_of(roster.lines, posts), (page - 1) * FEW
        context = {
            "enterprise": enterprise,
            "industry": industry_of(enterprise.industry),
            "roster": roster,
            "rows": lines[first : first + FEW],
            "more_rows": len(lines) > first + FEW,
            "posts": posts,
            "page": page,
            "within": within,
            "entries": entries,
            "more": more,
            "names": await list_people(session, [entry.person_id for entry in entries]),
            "told": await count_told(session, organisation_id=enterprise.id),
            "reminders": await count_new(session, principal, at=runtime.clock.now()),
            "today": on,
            "title_of": title_of,
        }
        return Template("records/enterprise.html", context=context)

    @get("/records")
    async def show_records(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        page: FromQuery[Page] = 1,
    ) -> Template:
        enterprise = await get_organisation(session, own_enterprise(principal))
        entries, more = await list_enterprise_entries(session, enterprise.id, page=page)
        context = {
            "enterprise": enterprise,
            "entries": entries,
            "more": more,
            "page": page,
            "names": await list_people(session, [entry.person_id for entry in entries]),
            "title_of": title_of,
        }
        return Template("records/enterprise_records.html", context=context)

    @get("/people/new")
    async def show_form(self, runtime: NamedDependency[Runtime]) -> Template:
        today = local_date(runtime.clock.now())
        typed = EngageForm(started_on=today.isoformat())
        return Template(FORM, context={"typed": typed, "problem": None, "roles": ROLES, "today": today})

    @post("/people", status_code=200)
    async def engage(
        self,
        request: AnyRequest,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[EngageForm],
    ) -> Response[Any]:
        enterprise = await get_organisation(session, own_enterprise(principal))
        try:
            await _engage(runtime, principal, enterprise, data)
        except DomainError as error:
            today = local_date(runtime.clock.now())
            return form_again(request, error, FORM, {"typed": data, "roles": ROLES, "today": today})
        return done(HOME, "人员已登记。")

    @post("/engagements/{engagement_id:uuid}/end")
    async def end(
        self,
        session: NamedDependency[AsyncSession],
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        engagement_id: FromPath[UUID],
        data: URLEncodedBody[EndForm],
    ) -> Redirect:
        at = runtime.clock.now()
        ended_on = _day(data.ended_on, local_date(at))
        await end_engagement(session, principal, engagement_id, ended_on=ended_on, at=at)
        return done(HOME, "已登记离岗。")


async def _engage(runtime: Runtime, principal: Principal, enterprise: OrganisationView, form: EngageForm) -> None:
    """Register a person in the enterprise's region, for its own scope holds nobody who does not work there yet."""
    await require_allowance(runtime.valkey, f"engage:{enterprise.id}", limit=TRIES_PER_HOUR, window_s=3600)
    at = runtime.clock.now()
    today = local_date(at)
    name, number = normalise_name(form.name), parse_id_number(form.id_number, today)
    if form.role not in ROLES:
        raise EngagementRoleError
    started_on = _day(form.started_on, today)
    async with runtime.databases.transaction(Scope(region=enterprise.region)) as session:
        person_id = await ensure_person(
            session, runtime.sealer, principal, name=name, number=number, region=enterprise.region, at=at
        )
        engagement_id = await add_engagement(
            session,
            principal,
            person_id=person_id,
            organisation_id=enterprise.id,
            role=form.role,
            region=enterprise.region,
            started_on=started_on,
            at=at,
        )
        await require_same_name(session, person_id, name)
        if form.contact.strip():
            await set_contact(session, runtime.sealer, principal, engagement_id, form.contact, at=at)


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise EngagementDateError from None
    if not EARLIEST <= day <= today:
        raise EngagementDateError
    return day
