"""Figures as files: everything that is counted, with title, choice, time and definitions."""

from typing import Any, Literal

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import WORKBOOK, write_csv, write_workbook
from exam.records.api import ROLE, desk_of
from exam.reports.choice import Choice
from exam.reports.overview import overview_of
from exam.reports.printing import print_figures
from exam.reports.schemas import choice_of
from exam.reports.sheet import Sheet, sheet_of
from exam.web.policy import allow

Kind = Literal["csv", "xlsx", "pdf"]
_TYPES: dict[Kind, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": WORKBOOK,
    "pdf": "application/pdf",
}
AnyRequest = Request[Principal, Any, Any]


class StatisticsFilesController(Controller):
    """Files of one region, the regulator's own or one below it."""

    path = "/regulator/statistics/files"
    opt = allow(ROLE)
    dependencies = {"choice": Provide(choice_of)}  # noqa: RUF012  # the framework types it so

    @get("/{kind:str}")
    async def figures(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        choice: NamedDependency[Choice],
        kind: FromPath[Kind],
    ) -> Response[bytes]:
        async with desk_of(runtime, principal, choice.region, snapshot=True) as desk:
            overview = await overview_of(desk, choice)
            sheet = sheet_of(desk, choice, overview, request.app.state.catalogue.gettext)
            name = f"figures-{desk.region.code}-{overview.period.first_on}-{overview.period.last_on}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(_write(kind, sheet), media_type=_TYPES[kind], headers=headers)


def _write(kind: Kind, sheet: Sheet) -> bytes:
    if kind == "pdf":
        return print_figures(sheet)
    return write_csv(sheet.head, sheet.all_rows) if kind == "csv" else write_workbook(sheet.head, sheet.all_rows)
