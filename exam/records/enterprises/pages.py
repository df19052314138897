"""The base of enterprises of a region: the list with its filters, one enterprise, the list as a file, deregistration."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import OutCell
from exam.identity.api import deregister_organisation, get_organisation, list_people
from exam.records.enterprises.divisions import load_classification, title_of_division
from exam.records.enterprises.listing import EVERY, EnterpriseFilter, EnterpriseLine, list_enterprises
from exam.records.enterprises.reading import SIZES, TITLES
from exam.records.enterprises.schemas import Covered, DeregisterForm, Standing, Words, YesNo
from exam.records.enterprises.wording import COVERED, STANDING, YES_NO, shown
from exam.records.entries import list_enterprise_entries
from exam.records.holdings import load_roster
from exam.records.names import industry_of
from exam.records.regulator_desk import ROLE, desk_of
from exam.records.regulator_file_pages import MOST_EXPORTED, csv_file
from exam.records.roster import Posts, posts_of
from exam.records.schemas import Band, RegionPath
from exam.standards.api import load_catalogue
from exam.web.i18n import Catalogue
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.request import done

PAGE = 50
FEW = 10
"""Entries of the record on the page of an enterprise, below its people."""
HOME = "/regulator/enterprises"
AnyRequest = Request[Principal, Any, Any]


async def filter_of(
    words: FromQuery[Words] = "",
    industry: FromQuery[Words] = "",
    division: FromQuery[Words] = "",
    size: FromQuery[Words] = "",
    high_risk: FromQuery[YesNo] = "",
    covered: FromQuery[Covered] = "",
    standing: FromQuery[Standing] = "standing",
) -> EnterpriseFilter:
    """Read what is asked for from the address."""
    return EnterpriseFilter(
        words=words,
        industry=industry,
        division=division,
        size=size,
        high_risk=high_risk,
        covered=covered,
        standing=standing,
    )


class EnterprisesController(Controller):
    """Enterprises of one region, the regulator's own or one below it."""

    path = HOME
    opt = allow(ROLE)
    dependencies = {"asked": Provide(filter_of)}  # noqa: RUF012  # the framework types it so

    @get()
    async def show_all(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        asked: NamedDependency[EnterpriseFilter],
        region: FromQuery[RegionPath] = "",
        page: FromQuery[Page] = 1,
    ) -> Template:
        async with desk_of(runtime, principal, region) as desk:
            rows = await list_enterprises(
                desk.session, on=desk.today, limit=PAGE + 1, offset=(page - 1) * PAGE, asked=asked
            )
            context = {
                **desk.context,
                **_choices(),
                "asked": asked,
                "query": _query(desk.region.path, asked),
                "rows": rows[:PAGE],
                "more": len(rows) > PAGE,
                "page": page,
                "industry_of": industry_of,
            }
        return Template("records/enterprises.html", context=context)

    @get("/list.csv")
    async def export(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        asked: NamedDependency[EnterpriseFilter],
        region: FromQuery[RegionPath] = "",
    ) -> Response[bytes]:
        async with desk_of(runtime, principal, region) as desk:
            found = await list_enterprises(desk.session, on=desk.today, limit=MOST_EXPORTED, asked=asked)
            name = f"enterprises-{desk.region.code}-{desk.today}.csv"
        catalogue: Catalogue = request.app.state.catalogue
        head = [*(TITLES[column] for column in _WRITTEN), "应持证岗位", "持有效证书", "90 日内到期"]
        return csv_file(catalogue, head, [_cells(row, catalogue) for row in found], name)

    @get("/{organisation_id:uuid}")
    async def show_one(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        organisation_id: FromPath[UUID],
        region: FromQuery[RegionPath] = "",
        page: FromQuery[Page] = 1,
        past: FromQuery[Page] = 1,
        within: FromQuery[Band] = "90",
        posts: FromQuery[Posts] = "",
    ) -> Template:
        async with desk_of(runtime, principal, region) as desk:
            enterprise = await get_organisation(desk.session, organisation_id)
            entries, more_past = await list_enterprise_entries(desk.session, organisation_id, page=past, limit=FEW)
            roster = await load_roster(desk.session, organisation_id, on=desk.today)
            lines = posts_of(roster.lines, posts)
            context = {
                **desk.context,
                "enterprise": enterprise,
                "industry": industry_of(enterprise.industry),
                "division": title_of_division(enterprise.division),
                "size": SIZES.get(enterprise.size or "", ""),
                "roster": roster,
                "rows": lines[(page - 1) * PAGE : page * PAGE],
                "more": len(lines) > page * PAGE,
                "posts": posts,
                "within": within,
                "page": page,
                "entries": entries,
                "past": past,
                "more_past": more_past,
                "names": await list_people(desk.session, [entry.person_id for entry in entries]),
            }
        return Template("records/enterprise_read.html", context=context)

    @post("/{organisation_id:uuid}/deregister")
    async def deregister(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        organisation_id: FromPath[UUID],
        data: URLEncodedBody[DeregisterForm],  # noqa: ARG002  # read for its CSRF token
        region: FromQuery[RegionPath] = "",
    ) -> Redirect:
        async with desk_of(runtime, principal, region) as desk:
            await deregister_organisation(desk.session, principal, organisation_id, on=desk.today, at=desk.now)
        return done(f"{HOME}/{organisation_id}", "已标为注销,资料全部保留。")


_NAMED = ("industry", "division", "size", "high_risk")
_TYPED = ("in_charge", "safety_head", "address", "contact")
_WRITTEN = ("name", "uscc", "region", *_NAMED, *_TYPED)


def _cells(row: EnterpriseLine, catalogue: Catalogue) -> list[OutCell]:
    named: list[OutCell] = [catalogue.gettext(shown(column, getattr(row, column))) for column in _NAMED]
    typed: list[OutCell] = [getattr(row, column) or "" for column in _TYPED]
    place = row.region.rpartition("/")[2]
    return [row.name, row.uscc or "", place, *named, *typed, row.wanted, row.valid, row.expiring]


def _query(region: str, asked: EnterpriseFilter) -> str:
    """Return the address's query without the page; what is usual is left out."""
    given = {name: value for name, value in msgspec.structs.asdict(asked).items() if value != getattr(EVERY, name)}
    return urlencode({"region": region, **given})


def _choices() -> dict[str, Any]:
    return {
        "industries": [(each.code, each.title) for each in load_catalogue().industries],
        "sections": [(each.code, each.title) for each in load_classification().sections],
        "sizes": list(SIZES.items()),
        "yes_no": YES_NO,
        "coverage": COVERED,
        "standings": STANDING,
    }
