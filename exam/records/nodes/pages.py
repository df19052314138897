"""The regulators' pages of batches: what goes up, what came from below, and the files that are carried between."""

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.records.nodes import batches as acts
from exam.records.nodes.arrivals import list_arrivals, take
from exam.records.nodes.errors import SealedUnreadableError
from exam.records.nodes.identity import neighbour_of_card
from exam.records.nodes.neighbouring import names_of_neighbours
from exam.records.nodes.replies import read_answers
from exam.records.nodes.schemas import MakeForm
from exam.records.nodes.sealing import read_header
from exam.records.nodes.wording import ARRIVED_STATES, SENT_STATES, WAYS
from exam.records.regulator_desk import ROLE
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from exam.web.uploads import read_file

HOME = "/regulator/batches"
PAGE = "records/nodes/batches.html"


class BatchesController(Controller):
    """Batches of the regulator's region, both ways."""

    path = HOME
    opt = allow(ROLE)

    @get()
    async def show_all(self, session: NamedDependency[AsyncSession]) -> Template:
        return Template(PAGE, context=await _page(session))

    @post()
    async def make(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[MakeForm],
    ) -> Redirect:
        batch_id = await acts.make_batch(session, runtime, principal, data.neighbour, note=data.note.strip())
        return done(f"{HOME}/{batch_id}", "批次已封装。有网络的自动送达;没有网络的请导出文件。")

    @post("/import", status_code=200)
    async def bring(
        self,
        request: Request[Principal, Any, Any],
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
    ) -> Response[Any]:
        """Take a file that was carried here: a batch from below, or receipts from above."""
        try:
            async with session.begin_nested():
                path, words = await _bring(session, runtime, await read_file(request, "file"))
        except DomainError as error:
            return form_again(request, error, PAGE, await _page(session))
        return done(path, words)


async def _bring(session: AsyncSession, runtime: Runtime, data: bytes | None) -> tuple[str, str]:
    if not data:
        raise SealedUnreadableError
    header = read_header(data)
    neighbour = await neighbour_of_card(session, header.sender)
    if header.type == "answers":
        await read_answers(session, runtime, neighbour, data)
        return HOME, "回执已导入,批次和报表的状态已更新。"
    arrival_id = await take(session, runtime, neighbour, data, way="file")
    return f"{HOME}/arrivals/{arrival_id}", "批次已导入并核对,请核收或退回。"


async def _page(session: AsyncSession) -> dict[str, Any]:
    uppers = await acts.list_uppers(session)
    arrivals = await list_arrivals(session)
    return {
        "uppers": [
            (upper, await acts.count_waiting(session, upper.id), await acts.list_batches(session, upper.id))
            for upper in uppers
        ],
        "arrivals": arrivals,
        "names": await names_of_neighbours(session, {each.neighbour_id for each in arrivals}),
        "sent_states": SENT_STATES,
        "arrived_states": ARRIVED_STATES,
        "ways": WAYS,
        "problem": None,
    }
