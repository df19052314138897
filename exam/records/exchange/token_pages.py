"""The administrators' acts on a neighbour's tokens."""

from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.records.exchange import tokens as acts
from exam.records.exchange.neighbours import APPROVER, OPERATOR, get_neighbour
from exam.records.exchange.pages import HOME, secret_page
from exam.records.exchange.schemas import ReasonForm, TokenForm, ticked
from exam.web.policy import allow
from exam.web.request import done


class TokenController(Controller):
    """Tokens of one neighbour."""

    path = HOME + "/{neighbour_id:uuid}/tokens"
    opt = allow(OPERATOR, APPROVER)

    @post(status_code=200, opt=allow(OPERATOR))
    async def issue(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        neighbour_id: FromPath[UUID],
        data: URLEncodedBody[TokenForm],
    ) -> Template:
        neighbour = await get_neighbour(session, neighbour_id)
        token = await acts.issue(
            session,
            principal,
            neighbour_id,
            name=data.name.strip(),
            scopes=ticked(data.scopes),
            days=int(data.days),
            at=runtime.clock.now(),
        )
        return secret_page(neighbour_id, neighbour.name, token, is_token=True)

    @post("/{token_id:uuid}/revoke")
    async def revoke(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        neighbour_id: FromPath[UUID],
        token_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        at = runtime.clock.now()
        await acts.revoke(session, principal, neighbour_id, token_id, reason=data.reason, at=at)
        return done(f"{HOME}/{neighbour_id}", "令牌已吊销,立即失效。")
