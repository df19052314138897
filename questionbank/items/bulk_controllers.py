"""成批修改: the change over a search, what it would do, and doing it."""

from typing import Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from questionbank.formats.words import DEPTH_NAMES
from questionbank.items.bulk import apply_bulk, plan_bulk
from questionbank.items.filtering import provide_filter, query_of
from questionbank.items.finding import ItemFilter
from questionbank.items.listing import count_items
from questionbank.pages import WORDS, AnyRequest, bank_roles, node_choices, title_of
from questionbank.schemas import BulkForm

TEMPLATE = "questionbank/bulk.html"


class BulkController(Controller):
    """成批修改."""

    path = "/bank/items/bulk"
    opt = allow("author", "publisher")
    dependencies = {"wanted": Provide(provide_filter, sync_to_thread=False)}  # noqa: RUF012  # the framework types it so

    @get()
    async def show(
        self,
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        wanted: NamedDependency[ItemFilter],
    ) -> Template:
        context = await _context(bank_session, principal, wanted, BulkForm())
        return Template(TEMPLATE, context={**context, "problem": None})

    @post(status_code=200)
    async def change(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        wanted: NamedDependency[ItemFilter],
        data: URLEncodedBody[BulkForm],
    ) -> Response[Any] | Template:
        """Show what the change would do, or do it where that was shown."""
        context = await _context(bank_session, principal, wanted, data)
        try:
            change, at = data.change(), runtime.clock.now()
            if not data.listed:
                plan = await plan_bulk(bank_session, wanted, change)
                return Template(TEMPLATE, context={**context, "plan": plan, "problem": None})
            await apply_bulk(bank_session, principal, wanted, change, reason=data.reason, listed=data.listed, at=at)
        except DomainError as error:
            return form_again(request, error, TEMPLATE, context)
        return done(
            f"/bank/items?{query_of(wanted)}", "已停用,不再用于组卷。" if change.retire else "已成批修改,等待送审。"
        )


async def _context(session: AsyncSession, principal: Principal, wanted: ItemFilter, typed: BulkForm) -> dict[str, Any]:
    return {
        **WORDS,
        "query": query_of(wanted),
        "wanted": wanted,
        "total": await count_items(session, wanted),
        "typed": typed,
        "plan": None,
        "nodes": await node_choices(session, wanted.qualification),
        "depths": [(depth.value, name) for depth, name in DEPTH_NAMES.items()],
        "roles": bank_roles(principal),
        "title_of": title_of,
    }
