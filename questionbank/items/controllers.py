"""Items: searching them, and acting on many at once."""

from typing import Annotated, Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.paging import Page
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from questionbank.formats.writer import FORMATS
from questionbank.items.drafting import require_account
from questionbank.items.errors import ItemsChangedError
from questionbank.items.exporting import export_found
from questionbank.items.filtering import loosened, provide_filter, query_of
from questionbank.items.finding import ItemFilter, list_laws
from questionbank.items.listing import PAGE, batch_names, list_items, list_pending, waiting_for
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import STEPS, ItemAct
from questionbank.pages import (
    DONE,
    MAKERS,
    WORDS,
    AnyRequest,
    bank_roles,
    node_choices,
    qualification_choices,
    title_of,
    writes_here,
)
from questionbank.schemas import GroupForm, MarkedForm

LIST = "/bank/items"
PICKED = 10
FormatName = Annotated[str, QueryParameter(name="format", max_length=16)]


class ItemsController(Controller):
    """试题列表."""

    path = LIST
    opt = allow(*MAKERS)
    dependencies = {"wanted": Provide(provide_filter, sync_to_thread=False)}  # noqa: RUF012  # the framework types it so

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        wanted: NamedDependency[ItemFilter],
        page: FromQuery[Page] = 1,
    ) -> Template:
        context = await _list_context(bank_session, runtime, principal, wanted, page)
        return Template("questionbank/items.html", context={**context, "problem": None})

    @get("/pick", opt=allow("author", "publisher"))
    async def pick(self, bank_session: NamedDependency[AsyncSession], wanted: NamedDependency[ItemFilter]) -> Template:
        """Return the first items found, to be chosen from in another page."""
        found, total = await list_items(bank_session, wanted, limit=PICKED)
        return Template("questionbank/picked.html", context={**WORDS, "found": found, "total": total})

    @get("/export")
    async def export(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        wanted: NamedDependency[ItemFilter],
        fmt: FromQuery[FormatName] = "xlsx",
    ) -> Response[bytes]:
        """Give exactly what the list shows, over all its pages."""
        at, region = runtime.clock.now(), runtime.settings.root_region
        export = await export_found(bank_session, principal, wanted, fmt=fmt, region=region, at=at)
        kind = FORMATS[fmt]
        headers = {"Content-Disposition": f'attachment; filename="items{kind.suffix}"'}
        return Response(export.data, media_type=kind.media_type, headers=headers)

    @post("/act", status_code=200)
    async def act(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        wanted: NamedDependency[ItemFilter],
        data: URLEncodedBody[MarkedForm],
    ) -> Response[Any]:
        """Act on the ticked items, in the versions that were listed."""
        at = runtime.clock.now()
        try:
            seen = data.seen()
            await act_on_items(
                bank_session, principal, ItemAct(data.act), list(seen), at=at, reason=data.reason, seen=seen
            )
        except (DomainError, ValueError) as error:
            problem = error if isinstance(error, DomainError) else ItemsChangedError()
            context = await _list_context(bank_session, runtime, principal, wanted, 1)
            return form_again(request, problem, "questionbank/items.html", context)
        return done(f"{LIST}?{query_of(wanted)}", DONE[ItemAct(data.act)] if seen else "没有选中试题。")

    @post("/act-group")
    async def act_on_group(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[GroupForm],
    ) -> Response[Any]:
        """Act on one group of the work list, if it is still what was shown."""
        groups = await list_pending(bank_session, waiting_for(ItemAct(data.act), require_account(principal)))
        group = next((each for each in groups if each.listed == data.listed), None)
        if group is None:
            raise ItemsChangedError
        at = runtime.clock.now()
        await act_on_items(bank_session, principal, ItemAct(data.act), group.ids, at=at, batch=group.batch)
        return done("/bank", DONE[ItemAct(data.act)])


async def _list_context(
    session: AsyncSession, runtime: Runtime, principal: Principal, wanted: ItemFilter, page: int
) -> dict[str, Any]:
    items, total = await list_items(session, wanted, page=page)
    roles = bank_roles(principal)
    names = await batch_names(session, [wanted.batch]) if wanted.batch else {}
    query = query_of(wanted)
    return {
        **WORDS,
        "found": items,
        "total": total,
        "page": page,
        "more": page * PAGE < total,
        "pages": -(-total // PAGE),
        "loosened": [] if total else await loosened(session, wanted),
        "laws": await list_laws(session, ItemFilter(qualification=wanted.qualification))
        if wanted.qualification
        else [],
        "query": query,
        "formats": FORMATS,
        "wanted": wanted,
        "batch_name": names.get(wanted.batch, "") if wanted.batch else "",
        "choices": await qualification_choices(session),
        "nodes": await node_choices(session, wanted.qualification),
        "may_write": writes_here(principal, runtime.settings.root_region),
        "roles": roles,
        "bulk": [act for act, step in STEPS.items() if roles & set(step.roles)],
        "title_of": title_of,
    }
