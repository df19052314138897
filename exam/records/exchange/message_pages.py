"""One message: its body, its receipts, and what is done about a dead letter."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.records.exchange import messages as acts
from exam.records.exchange.contract import load_kinds
from exam.records.exchange.neighbours import APPROVER, OPERATOR, get_neighbour
from exam.records.exchange.pages import HOME
from exam.records.exchange.schemas import PlainForm, ReasonForm
from exam.records.exchange.wording import MESSAGE_STATES, OUTCOMES
from exam.web.policy import allow
from exam.web.request import done


class MessageController(Controller):
    """Messages to the neighbours of the administrator's region."""

    path = HOME + "/messages/{message_id:uuid}"
    opt = allow(OPERATOR, APPROVER)

    @get()
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        message_id: FromPath[UUID],
    ) -> Template:
        message, receipts = await acts.get_message(session, message_id)
        context = {
            "message": message,
            "receipts": receipts,
            "neighbour": await get_neighbour(session, message.neighbour_id),
            "kind": load_kinds().get(message.kind),
            "message_states": MESSAGE_STATES,
            "outcomes": OUTCOMES,
            "may_operate": principal.has_role(OPERATOR),
        }
        return Template("records/exchange/message.html", context=context)

    @post("/replay", opt=allow(OPERATOR))
    async def replay(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        message_id: FromPath[UUID],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # the token of the form is checked before
    ) -> Redirect:
        await acts.replay(session, principal, message_id, at=runtime.clock.now())
        return done(f"{HOME}/messages/{message_id}", "已重新排队,马上重发。")

    @post("/set-aside", opt=allow(OPERATOR))
    async def set_aside(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        message_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        neighbour_id = await acts.set_aside(session, principal, message_id, reason=data.reason, at=runtime.clock.now())
        return done(f"{HOME}/{neighbour_id}", "已搁置,同一对象的后续报文继续发送。")
