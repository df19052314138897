"""The administrators' pages of neighbouring systems: registered by one, admitted by another, watched by both."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.api import get_region, list_regions, names_of_accounts
from exam.records.exchange import neighbours as acts
from exam.records.exchange.contract import load_kinds
from exam.records.exchange.messages import Show, list_messages
from exam.records.exchange.neighbours import APPROVER, OPERATOR
from exam.records.exchange.receiving import address_of, list_incoming
from exam.records.exchange.reconciling import may_reconcile, reconcile
from exam.records.exchange.schemas import NeighbourForm, PlainForm, ReasonForm, ticked
from exam.records.exchange.state import Carriage
from exam.records.exchange.tokens import MERGE, USUAL, list_tokens, offered
from exam.records.exchange.wording import DIFFERENCES, MESSAGE_STATES, STATES
from exam.records.nodes.identity import card_name, find_card, may_make_keys
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done

HOME = "/admin/exchange"
COUNTY = 3
FORM_PAGE = "records/exchange/new.html"


class NeighboursController(Controller):
    """Neighbouring systems of the administrator's region."""

    path = HOME
    opt = allow(OPERATOR, APPROVER)

    @get()
    async def show_all(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
    ) -> Template:
        context = {
            "neighbours": await acts.list_neighbours(session),
            "states": STATES,
            "may_register": principal.has_role(OPERATOR),
            "card": await find_card(runtime),
            "may_make_keys": may_make_keys(principal, runtime),
        }
        return Template("records/exchange/neighbours.html", context=context)

    @get("/new", opt=allow(OPERATOR))
    async def show_form(
        self, session: NamedDependency[AsyncSession], principal: NamedDependency[Principal]
    ) -> Template:
        typed = {
            "name": "",
            "region": principal.region,
            "address": "",
            "form": "json",
            "kinds": [],
            "given": "",
            "sends": "",
            "carriage": "message",
        }
        return Template(FORM_PAGE, context={"typed": typed, "problem": None, **await _choices(session, principal)})

    @post(status_code=200, opt=allow(OPERATOR))
    async def register(
        self,
        request: Request[Principal, Any, Any],
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[NeighbourForm],
    ) -> Response[Any]:
        try:
            neighbour_id, secret = await acts.register(
                session,
                principal,
                runtime,
                name=data.name.strip(),
                region=data.region,
                address=data.address.strip(),
                form=data.form,
                kinds=ticked(data.kinds),
                sends=bool(data.sends),
                given=data.given.strip(),
                carriage=Carriage(data.carriage),
            )
        except DomainError as error:
            context = {
                "typed": {**msgspec.to_builtins(data), "kinds": ticked(data.kinds), "given": ""},
                **await _choices(session, principal),
            }
            return form_again(request, error, FORM_PAGE, context)
        if data.given or not (data.kinds or data.sends):
            return done(f"{HOME}/{neighbour_id}", "已登记,待安全管理员批准。")
        address = address_of(runtime, neighbour_id) if data.sends else ""
        return secret_page(neighbour_id, data.name, secret, address=address)


class NeighbourController(Controller):
    """One neighbour: what it is told, what waits, and the acts of two administrators."""

    path = HOME + "/{neighbour_id:uuid}"
    opt = allow(OPERATOR, APPROVER)

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        neighbour_id: FromPath[UUID],
        show: FromQuery[Show] = "all",
        page: FromQuery[Page] = 1,
    ) -> Template:
        neighbour = await acts.get_neighbour(session, neighbour_id)
        messages, more = await list_messages(session, neighbour_id, show=show, page=page)
        incoming, told = await list_incoming(session, neighbour_id)
        people = [each for each in (neighbour.registered_by, neighbour.decided_by) if each is not None]
        context = {
            "neighbour": neighbour,
            "region": await get_region(session, neighbour.region),
            "messages": messages,
            "incoming": incoming,
            "told": told,
            "may_reconcile": may_reconcile(neighbour.address),
            "address": address_of(runtime, neighbour_id),
            "more": more,
            "page": page,
            "show": show,
            "tokens": await list_tokens(session, neighbour_id),
            "scopes": offered(neighbour),
            "usual": {MERGE} if neighbour.only_calls else USUAL,
            "days": (90, 180, 365),
            "at": runtime.clock.now(),
            "kinds": load_kinds(),
            "states": STATES,
            "message_states": MESSAGE_STATES,
            "names": await names_of_accounts(session, people),
            "may_operate": principal.has_role(OPERATOR),
            "may_confirm": principal.has_role(APPROVER) and principal.account != neighbour.identity_by,
            "card_name": card_name,
            "may_admit": principal.has_role(APPROVER) and principal.account != neighbour.registered_by,
        }
        return Template("records/exchange/neighbour.html", context=context)

    @post("/reconcile", status_code=200, opt=allow(OPERATOR))
    async def reconcile(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        neighbour_id: FromPath[UUID],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # the token of the form is checked before
    ) -> Template:
        """Compare with the upper node and name what differs."""
        neighbour = await acts.get_neighbour(session, neighbour_id)
        found = await reconcile(session, runtime, neighbour_id)
        context = {"neighbour": neighbour, "found": found, "words": DIFFERENCES, "at": runtime.clock.now()}
        return Template("records/exchange/reconciliation.html", context=context)

    @post("/admit", opt=allow(APPROVER))
    async def admit(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        neighbour_id: FromPath[UUID],
        data: URLEncodedBody[PlainForm],  # noqa: ARG002  # the token of the form is checked before
    ) -> Redirect:
        await acts.admit(session, principal, neighbour_id, at=runtime.clock.now())
        return done(f"{HOME}/{neighbour_id}", "已批准,从现在起向该系统提供报文。")

    @post("/return")
    async def give_back(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        neighbour_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        await acts.give_back(session, principal, neighbour_id, reason=data.reason, at=runtime.clock.now())
        return done(f"{HOME}/{neighbour_id}", "已退回,不向该系统提供报文。")

    @post("/close")
    async def close(
        self,
        runtime: NamedDependency[Runtime],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        neighbour_id: FromPath[UUID],
        data: URLEncodedBody[ReasonForm],
    ) -> Redirect:
        await acts.close(session, principal, neighbour_id, reason=data.reason, at=runtime.clock.now())
        return done(f"{HOME}/{neighbour_id}", "已停止对接,令牌和推送立即失效。")


def secret_page(neighbour_id: UUID, name: str, secret: str, *, address: str = "", is_token: bool = False) -> Template:
    """Show a neighbour's new signing key or token, this once; to whoever sends, with the address."""
    context = {
        "neighbour_id": neighbour_id,
        "name": name,
        "secret": secret,
        "is_token": is_token,
        "address": address,
    }
    return Template("records/exchange/secret.html", context=context)


async def _choices(session: AsyncSession, principal: Principal) -> dict[str, Any]:
    regions = await list_regions(session, under=principal.region)
    return {"regions": [each for each in regions if each.level <= COUNTY], "kinds": load_kinds().values()}
