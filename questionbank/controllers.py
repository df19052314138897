"""The bank's desk: what waits for me, and how well the syllabus is covered."""

from typing import Annotated, Any, Literal

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.policy import allow
from questionbank.blueprints.coverage import Chapter, Coverage, cover
from questionbank.blueprints.published import blueprint_of, find_published_row
from questionbank.blueprints.service import list_drafts
from questionbank.items.batches import list_batches
from questionbank.items.comments import list_comments_for
from questionbank.items.drafting import require_account
from questionbank.items.finding import ItemFilter
from questionbank.items.listing import Pending, count_states, list_pending, list_returned, waiting_for
from questionbank.items.pool import list_pool
from questionbank.items.state import ItemAct
from questionbank.pages import MAKERS, ROLE_ACTS, WORDS, bank_roles, qualification_choices, title_of, writes_here
from questionbank.syllabus.service import list_nodes
from questionbank.withdrawals.service import list_item_withdrawals

Code = Annotated[str, QueryParameter(max_length=64)]
Nodes = Annotated[Literal["chapters", "all"], QueryParameter()]


class DeskController(Controller):
    """题库工作台."""

    path = "/bank"
    opt = allow(*MAKERS)

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        qualification: FromQuery[Code] = "",
        nodes: FromQuery[Nodes] = "chapters",
    ) -> Template:
        choices = await qualification_choices(bank_session)
        roles = bank_roles(principal)
        work = await _work(bank_session, principal, roles)
        waiting = [group.qualification for groups in work["pending"].values() for group in groups]
        code = qualification or next(iter([*waiting, *(code for code, _ in choices)]), "")
        context = {
            **WORDS,
            **work,
            "may_write": writes_here(principal, runtime.settings.root_region),
            "roles": roles,
            "choices": choices,
            "qualification": code,
            "title": title_of(code) if code else "",
            "title_of": title_of,
            "counts": await count_states(bank_session, ItemFilter(qualification=code)) if code else {},
            "coverage": await find_coverage(bank_session, code, every=nodes == "all") if code else None,
            "every": nodes == "all",
        }
        return Template("questionbank/desk.html", context=context)


async def _work(session: AsyncSession, principal: Principal, roles: frozenset[str]) -> dict[str, Any]:
    """Return what waits for the principal, by act, and drafts that came back."""
    account = require_account(principal)
    pending: dict[ItemAct, list[Pending]] = {
        act: await list_pending(session, waiting_for(act, account)) for role, act in ROLE_ACTS if role in roles
    }
    author = "author" in roles
    return {
        "pending": pending,
        "returned": await list_returned(session, account) if author else [],
        "comments": await list_comments_for(session, account) if author else [],
        "unfinished": await list_batches(session, state="checked", account=account) if author else [],
        "withdrawals": await list_item_withdrawals(session, waiting=True) if "publisher" in roles else [],
        "blueprints": await list_drafts(session) if "publisher" in roles else [],
    }


async def find_coverage(session: AsyncSession, qualification: str, *, every: bool = False) -> Coverage | None:
    """Return the coverage of chapters, or of every node, against the blueprint in force, or None while there is none."""
    row = await find_published_row(session, qualification)
    if row is None:
        return None
    nodes = await list_nodes(session, qualification)
    chapters = [
        Chapter(node.code, node.title, node.weight, node.parent is None)
        for node in nodes
        if every or node.parent is None
    ]
    return cover(blueprint_of(row), chapters, await list_pool(session, qualification))
