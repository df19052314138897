"""报送: what is published of permits and penalties as files, checked before; every file is an act in the ledger."""

from datetime import date, timedelta
from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template

from exam.core.audit.ledger import record
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.records.credit import register
from exam.records.credit.errors import ExportPeriodError
from exam.records.credit.exporting import Export, gather
from exam.records.credit.publicity import WRITERS, Form, Kind, load_standard
from exam.records.credit.regulator_pages import HOME
from exam.records.regulator_desk import ROLE, Desk, desk_of
from exam.records.schemas import RegionPath
from exam.web.policy import allow

DAYS = 30
SHOWN = 50
Day = Annotated[str, QueryParameter(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


class ExchangeController(Controller):
    """Files of one region, the regulator's own or one below it."""

    path = f"{HOME}/exchange"
    opt = allow(ROLE)

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        what: FromQuery[Kind] = "penalty",
        since: FromQuery[Day] = "",
        until: FromQuery[Day] = "",
    ) -> Template:
        """Check what a file would hold, and say what is left out and why."""
        async with desk_of(runtime, principal, region) as desk:
            first, last = _period(desk, since, until)
            export = await gather(desk.session, what, since=first, until=last, today=desk.today)
            await register.note_reading(desk.session, principal, export.records, ROLE, at=desk.now)
            context = {
                **desk.context,
                "what": what,
                "since": first,
                "until": last,
                "count": len(export.rows),
                "faults": export.faults[:SHOWN],
                "left_out": export.left_out,
                "standard": load_standard(),
            }
        return Template("records/credit/exchange.html", context=context)

    @get("/file")
    async def send_file(
        self,
        runtime: NamedDependency[Runtime],
        principal: NamedDependency[Principal],
        region: FromQuery[RegionPath] = "",
        what: FromQuery[Kind] = "penalty",
        form: FromQuery[Form] = "json",
        since: FromQuery[Day] = "",
        until: FromQuery[Day] = "",
    ) -> Response[bytes]:
        async with desk_of(runtime, principal, region) as desk:
            first, last = _period(desk, since, until)
            export = await gather(desk.session, what, since=first, until=last, today=desk.today)
            await _note(desk, principal, what, export)
        write, media_type = WRITERS[form]
        name = f"{what}-{first.isoformat()}-{last.isoformat()}.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(write(what, export.rows), media_type=media_type, headers=headers)


async def _note(desk: Desk, principal: Principal, what: Kind, export: Export) -> None:
    await register.note_reading(desk.session, principal, export.records, "export", at=desk.now)
    await record(
        desk.session,
        principal,
        "publicity.exported",
        ("region", desk.region.path),
        at=desk.now,
        region=desk.region.path,
        facts={"what": what, "rows": len(export.rows), "left_out": export.left_out},
    )


def _period(desk: Desk, since: str, until: str) -> tuple[date, date]:
    """Return the days asked for, the last month where none are."""
    try:
        last = date.fromisoformat(until) if until else desk.today
        first = date.fromisoformat(since) if since else last - timedelta(days=DAYS)
    except ValueError:
        raise ExportPeriodError from None
    if first > last:
        raise ExportPeriodError
    return first, last
