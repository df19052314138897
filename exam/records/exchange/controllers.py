"""What a neighbour's programs call: messages after a position, the receipt for them, and the schemas for everybody."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIType, Reference, Schema
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.records.exchange.messages import MessageView, confirm, list_after
from exam.records.exchange.models import Neighbour
from exam.records.exchange.receiving import receive
from exam.records.exchange.reconciling import Line, answer
from exam.records.exchange.secrets import secrets_of
from exam.records.exchange.signing import MEDIA_TYPES, SIGNATURE, headers_of
from exam.records.exchange.tokens import CONFIRM, READ, authenticate
from exam.records.exchange.xml import json_schema, xsd
from exam.web.interfaces import BY_SIGNATURE, BY_TOKEN, with_body
from exam.web.policy import BY_KEY, PUBLIC

MOST = 500
Position = Annotated[int, QueryParameter(ge=0, le=2**62)]
Limit = Annotated[int, QueryParameter(ge=1, le=MOST)]
AnyRequest = Request[Any, Any, Any]
MESSAGE: dict[str, Schema | Reference] = {
    MEDIA_TYPES["json"]: Reference(ref="/api/exchange/schema.json"),
    MEDIA_TYPES["xml"]: Schema(type=OpenAPIType.STRING, description="One message of /api/exchange/schema.xsd."),
}
AFTER_ROW = {
    MEDIA_TYPES["json"]: Schema(
        type=OpenAPIType.OBJECT,
        properties={"subject": Schema(type=OpenAPIType.STRING), "sequence": Schema(type=OpenAPIType.INTEGER)},
    )
}


class SignedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message: `signature` is over `id`, `timestamp` and the bytes of `body`, as of a push (Standard Webhooks)."""

    position: int
    id: str
    timestamp: int
    signature: str
    content_type: str
    body: str


class MessagePage(msgspec.Struct, frozen=True, kw_only=True):
    """Messages in order; `position` is where the next call goes on, `more` tells whether there is more now."""

    messages: list[SignedMessage]
    position: int
    more: bool


class ReceiptBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything up to this position has arrived."""

    position: Annotated[int, msgspec.Meta(ge=1, le=2**62)]


class Confirmed(msgspec.Struct, frozen=True):
    """How many messages this receipt is the first for."""

    confirmed: int


class ExchangeController(Controller):
    """The neighbour's side; who calls is known by the token alone."""

    path = "/api/exchange"
    tags = ("exchange",)
    include_in_schema = True

    @get("/messages", opt=BY_KEY, security=BY_TOKEN)
    async def fetch(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        after: FromQuery[Position] = 0,
        limit: FromQuery[Limit] = 100,
    ) -> MessagePage:
        """Return what came after a position, signed; the same position gives the same messages again."""
        caller = await authenticate(runtime, request.headers.get("authorization", ""), READ)
        async with runtime.databases.session(Scope(region=caller.region)) as session:
            neighbour = await session.get_one(Neighbour, caller.neighbour_id)
            found = await list_after(session, caller.neighbour_id, after, limit=limit + 1)
        shown = [_signed(runtime, neighbour, each) for each in found[:limit]]
        position = shown[-1].position if shown else after
        return MessagePage(messages=shown, position=position, more=len(found) > limit)

    @post("/receipts", opt=BY_KEY, status_code=200, security=BY_TOKEN)
    async def confirm(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], data: JSONBody[ReceiptBody]
    ) -> Confirmed:
        """Confirm that everything up to a position has arrived; confirming again changes nothing."""
        caller = await authenticate(runtime, request.headers.get("authorization", ""), CONFIRM)
        async with runtime.databases.transaction(Scope(region=caller.region)) as session:
            return Confirmed(await confirm(session, caller.neighbour_id, data.position, at=runtime.clock.now()))

    @post(
        "/incoming/{neighbour_id:uuid}",
        opt=BY_KEY,
        status_code=204,
        security=BY_SIGNATURE,
        operation_class=with_body(MESSAGE),
    )
    async def receive(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], neighbour_id: FromPath[UUID]
    ) -> None:
        """Take a message of a lower node, signed as a push is; the same message again changes nothing."""
        await receive(runtime, neighbour_id, request.headers, await request.body())

    @post(
        "/incoming/{neighbour_id:uuid}/rows",
        opt=BY_KEY,
        status_code=200,
        security=BY_SIGNATURE,
        operation_class=with_body(AFTER_ROW),
    )
    async def show_rows(
        self, request: AnyRequest, runtime: NamedDependency[Runtime], neighbour_id: FromPath[UUID]
    ) -> list[Line]:
        """Return digests of what a lower node has told, for it to compare; the question is signed as a message is."""
        return await answer(runtime, neighbour_id, request.headers, await request.body())

    @get("/schema.json", opt=PUBLIC)
    async def show_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of every kind of message."""
        return json_schema()

    @get("/schema.xsd", opt=PUBLIC, media_type=MEDIA_TYPES["xml"])
    async def show_xsd(self) -> Response[bytes]:
        """Return the XML Schema of the same."""
        return Response(xsd(), media_type=MEDIA_TYPES["xml"])


def _signed(runtime: Runtime, neighbour: Neighbour, message: MessageView) -> SignedMessage:
    secrets = secrets_of(runtime, neighbour)
    unix_s, body = int(runtime.clock.now().timestamp()), message.body.encode()
    return SignedMessage(
        position=message.position,
        id=str(message.id),
        timestamp=unix_s,
        signature=headers_of(secrets.now, str(message.id), unix_s, body, before=secrets.before)[SIGNATURE],
        content_type=MEDIA_TYPES[neighbour.form],
        body=message.body,
    )
