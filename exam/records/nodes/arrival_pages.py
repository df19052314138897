"""One batch from below: what the check found, acceptance or return by the level above, and the receipt to carry back."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import names_of_accounts
from exam.records.exchange.models import Neighbour
from exam.records.exchange.schemas import PlainForm
from exam.records.nodes import arrivals as acts
from exam.records.nodes.accepting import accept
from exam.records.nodes.batch_pages import sealed_file
from exam.records.nodes.listing import list_arrival_rows
from exam.records.nodes.neighbouring import names_of_neighbours
from exam.records.nodes.pages import HOME
from exam.records.nodes.replies import MOST, last_read, sealed_answers
from exam.records.nodes.schemas import ReturnForm
from exam.records.nodes.wording import ARRIVED_STATES, WAYS, fault_words
from exam.records.regulator_desk import ROLE
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

PAGE = "records/nodes/arrival.html"


class ArrivalController(Controller):
    """One batch of the regulator's region."""

    path = HOME + "/arrivals/{arrival_id:uuid}"
    opt = allow(ROLE)

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        arrival_id: FromPath[UUID],
        page: FromQuery[Page] = 1,
    ) -> Template:
        return Template(PAGE, context=await _page(session, principal, arrival_id, page=page))

    @post("/accept")
    async def accept(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        arrival_id: FromPath[UUID],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # the token of the form is checked before
    ) -> Redirect:
        await accept(session, runtime, principal, arrival_id)
        return done(f"{HOME}/arrivals/{arrival_id}", "批次已接收,数据正在入库。")

    @post("/return")
    async def give_back(
        self,
        request: Request[Principal, Any, Any],
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        arrival_id: FromPath[UUID],
        data: URLEncodedBody[ReturnForm],
    ) -> Response[Any]:
        try:
            async with session.begin_nested():
                await acts.give_back(
                    session, runtime, request.user, arrival_id, reason=data.reason.strip(), rows=data.rows
                )
        except DomainError as error:
            page = await _page(session, request.user, arrival_id, page=1)
            return form_again(request, error, PAGE, {**page, "typed": data})
        return done(f"{HOME}/arrivals/{arrival_id}", "批次已退回,下级会看到理由。")

    @get("/receipt")
    async def receipt(
        self, runtime: NamedDependency[Runtime], session: NamedDependency[AsyncSession], arrival_id: FromPath[UUID]
    ) -> Response[bytes]:
        """Return what was said to this lower node lately, to be carried back."""
        arrival = await acts.get_arrival(session, arrival_id)
        neighbour = await session.get_one(Neighbour, arrival.neighbour_id)
        after = max(0, await last_read(session, neighbour.id) - MOST)
        data = await sealed_answers(session, runtime, neighbour, after=after)
        return sealed_file(data, f"receipt-{arrival.region.replace('/', '-')}-{arrival.number}.ankao")


async def _page(session: AsyncSession, principal: Principal, arrival_id: UUID, *, page: int) -> dict[str, Any]:
    arrival = await acts.get_arrival(session, arrival_id)
    rows, more = await list_arrival_rows(session, arrival_id, page=page)
    decided_by = [arrival.decided_by] if arrival.decided_by else []
    names = await names_of_neighbours(session, [arrival.neighbour_id])
    before, later = await acts.linked(session, arrival)
    return {
        "arrival": arrival,
        "neighbour": names.get(arrival.neighbour_id, ""),
        "rows": rows,
        "more": more,
        "page": page,
        "before": before,
        "later": later,
        "may_decide": acts.may_decide(principal, arrival.region),
        "states": ARRIVED_STATES,
        "ways": WAYS,
        "fault_words": fault_words,
        "names": await names_of_accounts(session, decided_by),
        "typed": ReturnForm(),
        "problem": None,
    }
