"""法规变动: choose what changed, see which items cite it, mark them."""

from typing import Annotated, Any

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from questionbank.items.finding import ItemFilter, list_laws
from questionbank.items.law_changes import find_affected, list_law_changes, mark_law_changed
from questionbank.pages import WORDS, AnyRequest, title_of
from questionbank.schemas import LawForm

TEMPLATE = "questionbank/laws.html"
Law = Annotated[str, QueryParameter(max_length=128)]


class LawsController(Controller):
    """法规变动."""

    path = "/bank/laws"
    opt = allow("publisher")

    @get()
    async def show(self, bank_session: NamedDependency[AsyncSession], law: FromQuery[Law] = "") -> Template:
        return Template(TEMPLATE, context={**await _context(bank_session, law), "problem": None})

    @post(status_code=200)
    async def mark(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[LawForm],
    ) -> Response[Any]:
        at = runtime.clock.now()
        try:
            await mark_law_changed(bank_session, principal, data.law, change=data.change, listed=data.listed, at=at)
        except DomainError as error:
            context = {**await _context(bank_session, data.law), "change": data.change}
            return form_again(request, error, TEMPLATE, context)
        return done("/bank/items?mark=review", "已标记,等待逐题复核。")


async def _context(session: AsyncSession, law: str) -> dict[str, Any]:
    affected = await find_affected(session, law) if law else None
    return {
        **WORDS,
        "law": law,
        "change": "",
        "affected": affected,
        "laws": [] if affected else await list_laws(session, ItemFilter()),
        "changes": await list_law_changes(session),
        "title_of": title_of,
    }
