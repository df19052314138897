"""抽题核验 to the world: which sittings have forms, what was committed to before them, and the seed afterwards."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Template

from exam.core.audit.publication import LogPublication
from exam.core.clock import local_midnight
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.errors import DomainError
from exam.core.runtime import Runtime
from exam.core.valkey import require_allowance
from exam.desks.audit_log_pages import proof_file
from exam.desks.draws import DrawnSitting, PublicDraw, find_draw_proof, get_draw, list_drawn
from exam.records.api import title_of
from exam.web.policy import PUBLIC
from exam.web.problem import form_again
from exam.web.request import AnyRequest, address_of

Day = Annotated[str, QueryParameter(max_length=10)]

PER_ADDRESS = 60
"""Pages a minute from one address: people read one or two, and a program can follow every sitting of a province."""
PER_PAGE = 30
YEARS = range(2000, 2100)
AFTER_ALL = datetime(YEARS.stop, 1, 1, tzinfo=UTC)
HIGHEST = UUID(int=2**128 - 1)


class DrawDayMalformedError(DomainError):
    """The day that the list is asked for is none."""

    code = "draw_day_malformed"
    message = "日期写成 2026-11-23。"


class DrawnPage(msgspec.Struct, frozen=True, kw_only=True):
    """Sittings, the latest first; `before` and `below` continue the list, None at its end."""

    sittings: list[DrawnSitting]
    before: datetime | None
    below: UUID | None


class DrawsController(Controller):
    """The list of draws and one draw, for people and for programs."""

    opt = PUBLIC

    @get("/draws")
    async def show_list(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        day: FromQuery[Day] = "",
        before: FromQuery[datetime | None] = None,
        below: FromQuery[UUID] = HIGHEST,
    ) -> Template:
        context: dict[str, Any] = {"typed": {"day": day}, "title_of": title_of, "problem": None, "page": None}
        try:
            until = before or _end_of(day)
        except DrawDayMalformedError as error:
            return form_again(request, error, "desks/draws.html", context)
        page = await _list(request, runtime, until, below)
        return Template("desks/draws.html", context={**context, "page": page, "first_page": before is None})

    @get("/draws/{sitting_id:uuid}")
    async def show(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], sitting_id: FromPath[UUID]
    ) -> Template:
        draw = await _get(request, runtime, sitting_id)
        revealed = draw.record.revealed
        escaped = _escaped(revealed.seed) if revealed else ""
        return Template("desks/draw.html", context={"draw": draw, "escaped": escaped, "title_of": title_of})

    @get("/draws/{sitting_id:uuid}/proofs/{entry_id:uuid}", include_in_schema=True)
    async def proof(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        sitting_id: FromPath[UUID],
        entry_id: FromPath[UUID],
    ) -> Response[bytes]:
        """Send the proof that one entry about the draw stands in the log, with the entry itself."""
        await _allow(request, runtime)
        async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as session:
            found = await find_draw_proof(session, LogPublication(runtime.storage), sitting_id, entry_id)
        return proof_file(found, f"draw-{entry_id.hex[-12:]}")

    @get("/api/draws", include_in_schema=True)
    async def tell_list(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        before: FromQuery[datetime | None] = None,
        below: FromQuery[UUID] = HIGHEST,
    ) -> DrawnPage:
        """Return sittings whose forms were made, the latest first."""
        return await _list(request, runtime, before or AFTER_ALL, below)

    @get("/api/draws/{sitting_id:uuid}", include_in_schema=True)
    async def tell(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], sitting_id: FromPath[UUID]
    ) -> PublicDraw:
        """Return what the log says of a sitting's draw; proofs are at `/draws/{sitting_id}/proofs/{entry_id}`."""
        return await _get(request, runtime, sitting_id)


def _end_of(day: str) -> datetime:
    if not day.strip():
        return AFTER_ALL
    try:
        asked = date.fromisoformat(day.strip())
    except ValueError as error:
        raise DrawDayMalformedError from error
    if asked.year not in YEARS:
        raise DrawDayMalformedError
    return local_midnight(asked + timedelta(days=1))


def _escaped(seed: str) -> str:
    """Write the bytes of a hexadecimal seed as a shell's printf reads them."""
    return "".join(f"\\x{seed[place : place + 2]}" for place in range(0, len(seed), 2))


async def _allow(request: AnyRequest, runtime: Runtime) -> None:
    await require_allowance(runtime.valkey, f"draws:{address_of(request)}", limit=PER_ADDRESS, window_s=60)


async def _list(request: AnyRequest, runtime: Runtime, until: datetime, below: UUID) -> DrawnPage:
    await _allow(request, runtime)
    async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as session:
        found = await list_drawn(session, until=until, below=below, most=PER_PAGE + 1)
    shown = found[:PER_PAGE]
    last = shown[-1] if len(found) > PER_PAGE else None
    return DrawnPage(sittings=shown, before=last.starts_at if last else None, below=last.sitting_id if last else None)


async def _get(request: AnyRequest, runtime: Runtime, sitting_id: UUID) -> PublicDraw:
    await _allow(request, runtime)
    async with runtime.databases.transaction(NOTHING, Role.PUBLIC) as session:
        return await get_draw(session, LogPublication(runtime.storage), sitting_id)
