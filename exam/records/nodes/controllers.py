"""What a lower node calls: parts of a batch, what was said of batches and reports, and batches to compare."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Schema
from litestar.params import FromPath, FromQuery, QueryParameter

from exam.core.runtime import Runtime
from exam.records.exchange.receiving import INCOMING
from exam.records.nodes.reconciling import BatchLine
from exam.records.nodes.transfer import (
    MOST_BYTES,
    Call,
    Held,
    PartName,
    answer_asked,
    batches_asked,
    take_part,
)
from exam.web.interfaces import BY_CERTIFICATE, with_body
from exam.web.policy import BY_KEY

SEALED = "application/octet-stream"
PART = {SEALED: Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY, description="At most 1 MiB.")}
AFTER = {
    "application/json": Schema(
        type=OpenAPIType.OBJECT, properties={"after": Schema(type=OpenAPIType.INTEGER, minimum=0)}
    )
}
AnyRequest = Request[Any, Any, Any]
Digest = Annotated[str, QueryParameter(pattern="^[0-9a-f]{64}$")]
Size = Annotated[int, QueryParameter(ge=1, le=MOST_BYTES)]
Start = Annotated[int, QueryParameter(ge=0, le=MOST_BYTES)]


class NodesController(Controller):
    """The lower node's side; it shows the certificate that was registered for it, and signs as it signs messages."""

    path = INCOMING + "/{neighbour_id:uuid}"
    tags = ("nodes",)
    include_in_schema = True
    security = BY_CERTIFICATE

    @post("/parts", opt=BY_KEY, status_code=200, operation_class=with_body(PART))
    async def take_part(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        neighbour_id: FromPath[UUID],
        digest: FromQuery[Digest],
        size: FromQuery[Size],
        start: FromQuery[Start],
    ) -> Held:
        """Take a part of a sealed batch, at most 1 MiB from `start` on; an empty one asks how much is here.

        `digest` and `size` are of the whole file; webhook-id is `digest.size.start`.
        """
        return await take_part(runtime, neighbour_id, await _call(request), PartName(digest, size, start))

    @post("/answers", opt=BY_KEY, status_code=200, media_type=SEALED, operation_class=with_body(AFTER))
    async def answers(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], neighbour_id: FromPath[UUID]
    ) -> Response[bytes]:
        """Return what was said of batches and reports after a number, as a sealed file; webhook-id is `answers`."""
        return Response(await answer_asked(runtime, neighbour_id, await _call(request)), media_type=SEALED)

    @post("/batches", opt=BY_KEY, status_code=200, operation_class=with_body(AFTER))
    async def batches(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], neighbour_id: FromPath[UUID]
    ) -> list[BatchLine]:
        """Return number, rows, digest and state of the batches after a number; webhook-id is `batches`."""
        return await batches_asked(runtime, neighbour_id, await _call(request))


async def _call(request: AnyRequest) -> Call:
    return Call(request.scope, request.headers, await request.body())
