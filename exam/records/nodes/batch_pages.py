"""One batch that goes up: its rows, what the upper level says, the file, the correction and the comparison."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import names_of_accounts
from exam.records.exchange.neighbours import get_neighbour
from exam.records.exchange.receiving import INCOMING
from exam.records.exchange.schemas import PlainForm
from exam.records.nodes import batches as acts
from exam.records.nodes.carrying import reconcile_batches
from exam.records.nodes.controllers import SEALED
from exam.records.nodes.listing import list_batch_rows
from exam.records.nodes.pages import HOME
from exam.records.nodes.schemas import CorrectForm
from exam.records.nodes.wording import DIFFERENCES, SENT_STATES
from exam.records.regulator_desk import ROLE
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.request import done


class BatchController(Controller):
    """One batch of the regulator's region."""

    path = HOME + "/{sealed_id:uuid}"
    opt = allow(ROLE)

    @get()
    async def show(
        self, session: NamedDependency[AsyncSession], sealed_id: FromPath[UUID], page: FromQuery[Page] = 1
    ) -> Template:
        batch = await acts.get_batch(session, sealed_id)
        rows, more = await list_batch_rows(session, sealed_id, page=page)
        batches = await acts.list_batches(session, batch.neighbour_id)
        context: dict[str, Any] = {
            "batch": batch,
            "neighbour": await get_neighbour(session, batch.neighbour_id),
            "rows": rows,
            "more": more,
            "page": page,
            "numbers": {each.id: each.number for each in batches},
            "later": next((each for each in batches if each.supersedes == batch.id), None),
            "states": SENT_STATES,
            "names": await names_of_accounts(session, [batch.made_by]),
        }
        return Template("records/nodes/batch.html", context=context)

    @get("/file")
    async def file(self, session: NamedDependency[AsyncSession], sealed_id: FromPath[UUID]) -> Response[bytes]:
        batch, data = await acts.file_of(session, sealed_id)
        return sealed_file(data, f"batch-{batch.region.replace('/', '-')}-{batch.number}.ankao")

    @post("/correct")
    async def correct(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        sealed_id: FromPath[UUID],
        data: URLEncodedBody[CorrectForm],
    ) -> Redirect:
        corrected = await acts.correct_batch(session, runtime, principal, sealed_id, note=data.note.strip())
        return done(f"{HOME}/{corrected}", "更正批次已封装,取代被退回的批次。")


class UpperController(Controller):
    """Comparing with one upper node."""

    path = HOME + "/uppers/{neighbour_id:uuid}"
    opt = allow(ROLE)

    @post("/reconcile", status_code=200)
    async def reconcile(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        neighbour_id: FromPath[UUID],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # the token of the form is checked before
    ) -> Template:
        neighbour = await get_neighbour(session, neighbour_id)
        if INCOMING not in neighbour.address:
            raise NotFoundError(neighbour_id=str(neighbour_id))
        context = {
            "neighbour": neighbour,
            "found": await reconcile_batches(session, runtime, neighbour_id),
            "words": DIFFERENCES,
            "states": SENT_STATES,
            "at": runtime.clock.now(),
        }
        return Template("records/nodes/reconciliation.html", context=context)


def sealed_file(data: bytes, name: str) -> Response[bytes]:
    """Answer with a file to be carried."""
    return Response(data, media_type=SEALED, headers={"Content-Disposition": f'attachment; filename="{name}"'})
