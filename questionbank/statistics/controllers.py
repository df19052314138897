"""疑似泄题: the list for whoever keeps the bank, and the decision."""

from typing import Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from questionbank.pages import MAKERS, AnyRequest, bank_roles, title_of, writes_here
from questionbank.schemas import SuspicionForm
from questionbank.statistics.suspicions import PAGE, count_suspicions, decide_suspicion, list_suspicions

LIST = "/bank/suspicions"
TEMPLATE = "questionbank/suspicions.html"


class SuspicionsController(Controller):
    """疑似泄题."""

    path = LIST
    opt = allow(*MAKERS)

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        page: FromQuery[Page] = 1,
        *,
        all_of_them: FromQuery[bool] = False,
    ) -> Template:
        context = await _context(bank_session, runtime, principal, page, decided=all_of_them)
        return Template(TEMPLATE, context={**context, "problem": None})

    @post("/{suspicion_id:uuid}/decide", opt=allow("publisher"), status_code=200)
    async def decide(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        suspicion_id: FromPath[UUID],
        data: URLEncodedBody[SuspicionForm],
    ) -> Response[Any]:
        leaked = data.leaked == "true"
        try:
            at = runtime.clock.now()
            await decide_suspicion(bank_session, principal, suspicion_id, leaked=leaked, reason=data.reason, at=at)
        except DomainError as error:
            context = await _context(bank_session, runtime, principal, 1, decided=False)
            return form_again(request, error, TEMPLATE, context)
        return done(LIST, "已认定泄露,试题已停用。" if leaked else "已认定没有泄露。")


async def _context(
    session: AsyncSession, runtime: Runtime, principal: Principal, page: int, *, decided: bool
) -> dict[str, Any]:
    counts = await count_suspicions(session)
    total = sum(counts.values()) if decided else counts.get("open", 0)
    return {
        "suspicions": await list_suspicions(session, state="" if decided else "open", page=page),
        "counts": counts,
        "total": total,
        "page": page,
        "more": page * PAGE < total,
        "decided": decided,
        "may_decide": "publisher" in bank_roles(principal) and writes_here(principal, runtime.settings.root_region),
        "title_of": title_of,
    }
