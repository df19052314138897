"""The administrators' acts on who a node is: own keys, the other side's card and certificate, and a change of secrets."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.records.exchange.neighbours import APPROVER, OPERATOR, get_neighbour
from exam.records.exchange.pages import HOME, secret_page
from exam.records.exchange.receiving import address_of
from exam.records.exchange.schemas import PlainForm
from exam.records.exchange.secrets import change_secret, end_overlap
from exam.records.nodes import identity as acts
from exam.records.nodes.schemas import IdentityForm, SecretForm
from exam.web.policy import allow
from exam.web.request import done


class NodeKeysController(Controller):
    """Keys of this instance."""

    path = HOME + "/keys"
    opt = allow(OPERATOR)

    @post()
    async def make(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # the token of the form is checked before
    ) -> Redirect:
        await acts.create_keys(session, principal, runtime)
        return done(HOME, "节点密钥已生成,请把节点名片交给上下级。")


class NodeIdentityController(Controller):
    """One other node: proposed by one administrator, confirmed by another."""

    path = HOME + "/{neighbour_id:uuid}"
    opt = allow(OPERATOR)

    @post("/identity")
    async def propose(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        neighbour_id: FromPath[UUID],
        data: URLEncodedBody[IdentityForm],
    ) -> Redirect:
        await acts.propose_identity(
            session, principal, runtime, neighbour_id, card=data.card, certificate=data.certificate
        )
        return done(f"{HOME}/{neighbour_id}", "已登记,待安全管理员与对方核对后确认。")

    @post("/identity/confirm", opt=allow(APPROVER))
    async def confirm(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        neighbour_id: FromPath[UUID],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # the token of the form is checked before
    ) -> Redirect:
        await acts.confirm_identity(session, principal, runtime, neighbour_id)
        return done(f"{HOME}/{neighbour_id}", "已确认,可以与该节点交换批次。")

    @post("/secret", status_code=200)
    async def change_secret(
        self,
        request: Request[Principal, Any, Any],
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        neighbour_id: FromPath[UUID],
        data: URLEncodedBody[SecretForm],
    ) -> Response[Any]:
        given = data.given.strip()
        secret = await change_secret(session, request.user, runtime, neighbour_id, role=OPERATOR, given=given)
        if given:
            return done(f"{HOME}/{neighbour_id}", "签名密钥已更换,旧密钥在七天内仍然有效。")
        neighbour = await get_neighbour(session, neighbour_id)
        address = address_of(runtime, neighbour_id) if neighbour.sends else ""
        return secret_page(neighbour_id, neighbour.name, secret, address=address)

    @post("/secret/end")
    async def end_overlap(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        neighbour_id: FromPath[UUID],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # the token of the form is checked before
    ) -> Redirect:
        await end_overlap(session, principal, neighbour_id, role=OPERATOR, at=runtime.clock.now())
        return done(f"{HOME}/{neighbour_id}", "旧密钥已停用。")
