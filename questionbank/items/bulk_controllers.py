"""成批修改: the change over a search, what it would do, and doing it."""

from datetime import datetime
from typing import Any, Final

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
from questionbank.items.bulk_undo import list_bulks, undo_bulk
from questionbank.items.drafting import require_account
from questionbank.items.filtering import provide_filter, query_of
from questionbank.items.finding import ItemFilter
from questionbank.items.listing import count_items, list_ids
from questionbank.items.state import ItemAct
from questionbank.pages import DONE, WORDS, AnyRequest, bank_roles, node_choices, title_of
from questionbank.schemas import BulkForm, UndoForm

TEMPLATE = "questionbank/bulk.html"
MOST_ENEMIES: Final = 50
ACTS: Final = {ItemAct.SUBMITTED: ("author", "送审"), ItemAct.RETIRED: ("publisher", "全部停用")}
"""Who may move a whole search on, and its word, a msgid."""


class BulkController(Controller):
    """成批修改."""

    path = "/bank/items/bulk"
    opt = allow("author", "publisher")
    dependencies = {"wanted": Provide(provide_filter, sync_to_thread=False)}  # noqa: RUF012  # the framework types it so

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        wanted: NamedDependency[ItemFilter],
    ) -> Template:
        context = await _context(bank_session, principal, wanted, BulkForm(), runtime.clock.now())
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
        at = runtime.clock.now()
        context = await _context(bank_session, principal, wanted, data, at)
        try:
            change = data.change()
            if not data.listed:
                plan = await plan_bulk(bank_session, wanted, change)
                return Template(TEMPLATE, context={**context, "plan": plan, "problem": None})
            await apply_bulk(bank_session, principal, wanted, change, reason=data.reason, listed=data.listed, at=at)
        except DomainError as error:
            return form_again(request, error, TEMPLATE, context)
        said = DONE[change.act] if change.act else "已成批修改,等待送审;在“成批修改”页可以撤销。"
        return done(f"/bank/items?{query_of(wanted)}", said)

    @post("/undo", opt=allow("author"), status_code=200)
    async def undo(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        wanted: NamedDependency[ItemFilter],
        data: URLEncodedBody[UndoForm],
    ) -> Response[Any]:
        """Take back one's own change."""
        at = runtime.clock.now()
        try:
            await undo_bulk(bank_session, principal, data.made, at=at)
        except DomainError as error:
            return form_again(request, error, TEMPLATE, await _context(bank_session, principal, wanted, BulkForm(), at))
        return done(f"/bank/items?{query_of(wanted)}", "已撤销,试题恢复为修改前的内容,等待送审。")


async def _context(
    session: AsyncSession, principal: Principal, wanted: ItemFilter, typed: BulkForm, at: datetime
) -> dict[str, Any]:
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
        "acts_here": [(act.value, word) for act, (role, word) in ACTS.items() if principal.has_role(role)],
        "title_of": title_of,
        "done_before": await list_bulks(session, require_account(principal), at=at),
        "enemies": await list_ids(session, wanted, limit=MOST_ENEMIES + 1) if wanted.qualification else [],
        "most_enemies": MOST_ENEMIES,
    }
