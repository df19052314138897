"""The regulator's tables as files, whole and not by the page."""

from collections.abc import Sequence
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import OutCell, write_csv
from exam.records.figures import Figures, list_usable_credentials
from exam.records.names import title_of
from exam.records.period import Span, period_of
from exam.records.regulator_desk import ROLE, days_of, desk_of, figures_of
from exam.records.schemas import RegionPath, Within
from exam.web.i18n import Catalogue
from exam.web.policy import allow

MOST_EXPORTED = 20_000
FIGURES = (
    "辖区",
    "行政区划代码",
    "报名人次",
    "开考人次",
    "公布成绩",
    "合格",
    "待实操",
    "合格率",
    "有效证书",
    "30 日内到期",
    "60 日内到期",
    "90 日内到期",
)
CREDENTIALS = ("证书编号", "持证人", "资格", "用人单位", "最后有效日", "剩余天数")

AnyRequest = Request[Principal, Any, Any]


class RegulatorFilesController(Controller):
    """Files of one region, the regulator's own or one below it."""

    path = "/regulator"
    opt = allow(ROLE)

    @get("/figures.csv")
    async def figures(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        period: FromQuery[Span] = Span.YEAR,
    ) -> Response[bytes]:
        async with desk_of(runtime, principal, region) as desk:
            span = period_of(period, desk.now)
            figures, places = await figures_of(desk, span)
        catalogue: Catalogue = request.app.state.catalogue
        own = catalogue.gettext("本级")
        rows = [
            _cells(f"{line.place.name} {own}" if line.own else line.place.name, line.place.code, line.figures)
            for line in places
        ]
        closing = f"{desk.region.name} {catalogue.gettext('合计')} {span.first_on} — {span.last_on}"
        rows.append(_cells(closing, desk.region.code, figures))
        return csv_file(catalogue, FIGURES, rows, f"figures-{desk.region.code}-{desk.today}.csv")

    @get("/credentials.csv")
    async def credentials(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        within: FromQuery[Within] = "90",
    ) -> Response[bytes]:
        days = days_of(within)
        async with desk_of(runtime, principal, region) as desk:
            found = await list_usable_credentials(desk.session, on=desk.today, within=days, limit=MOST_EXPORTED)
        catalogue: Catalogue = request.app.state.catalogue
        rows: list[list[OutCell]] = []
        for row in found:
            title = catalogue.gettext(title_of(row.qualification))
            ends = row.ends_on.isoformat()
            rows.append([row.number_masked, row.holder_masked, title, row.employer, ends, row.days_left])
        return csv_file(catalogue, CREDENTIALS, rows, f"credentials-{desk.region.code}-{desk.today}.csv")


def _cells(name: str, code: str, figures: Figures) -> list[OutCell]:
    rate = figures.pass_permille
    counts: list[OutCell] = [name, code, figures.registrations, figures.attempts, figures.results]
    counts += [figures.passed, figures.outstanding]
    counts.append(None if rate is None else f"{rate / 10:.1f}%")
    return [*counts, figures.valid, figures.expiring_30, figures.expiring_60, figures.expiring_90]


def csv_file(
    catalogue: Catalogue, head: Sequence[str], rows: Sequence[Sequence[OutCell]], name: str
) -> Response[bytes]:
    """Return a table for download, its head translated."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    content = write_csv([catalogue.gettext(word) for word in head], rows)
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
