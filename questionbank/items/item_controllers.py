"""One item: reading, writing, acting."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter, URLEncodedBody
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.errors import DomainError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from questionbank.interactions.figures import MOST_FIGURES, mark
from questionbank.items.comments import comment_on_item, list_comments
from questionbank.items.content import Interaction
from questionbank.items.drafting import create_item, revise_item
from questionbank.items.editing import DEPTHS, KINDS, LINES, Typed, draft_of, key_words, typed_from
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct, allowed_acts
from questionbank.items.viewing import areas_of, get_item, shown_options, weights_of
from questionbank.pages import (
    DONE,
    MAKERS,
    WORDS,
    AnyRequest,
    all_qualifications,
    bank_roles,
    node_choices,
    title_of,
    writes_here,
)
from questionbank.schemas import ActForm, CommentForm, ItemForm
from questionbank.statistics.reading import find_figures
from questionbank.statistics.suspicions import list_suspicions
from questionbank.withdrawals.service import PROPOSERS, Withdrawal, list_at_risk, list_item_withdrawals

EDITOR = "questionbank/item_edit.html"
ITEM = "questionbank/item.html"
Code = Annotated[str, QueryParameter(max_length=64)]
Percentage = Annotated[int, QueryParameter(ge=0, le=100)]
EXPECTED = 30
"""Wrong answers in a hundred, where an author begins without a word of it."""


class NewItemController(Controller):
    """命题."""

    path = "/bank/items/new"
    opt = allow("author")

    @get()
    async def show(
        self,
        bank_session: NamedDependency[AsyncSession],
        qualification: FromQuery[Code] = "",
        node: FromQuery[Code] = "",
        interaction: FromQuery[Interaction] = Interaction.CHOICE,
        difficulty: FromQuery[Percentage] = EXPECTED,
    ) -> Template:
        """Begin an item, for the gap in the coverage that the address names."""
        if not qualification:
            context = {"qualifications": all_qualifications()}
            return Template("questionbank/item_where.html", context=context)
        typed = Typed(interaction=interaction, node=node, difficulty=str(difficulty))
        context = await _editor(bank_session, qualification, typed)
        return Template(EDITOR, context={**context, "problem": None})

    @post(status_code=200)
    async def create(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        data: URLEncodedBody[ItemForm],
        qualification: FromQuery[Code],
    ) -> Response[Any]:
        typed = data.typed()
        region, at = runtime.settings.root_region, runtime.clock.now()
        try:
            item = await create_item(
                bank_session,
                principal,
                qualification=qualification,
                region=region,
                draft=await asyncio.to_thread(draft_of, typed),
                at=at,
            )
        except DomainError as error:
            return form_again(request, error, EDITOR, await _editor(bank_session, qualification, typed))
        return done(f"/bank/items/{item}", "草稿已保存。")


class ItemController(Controller):
    """一道试题."""

    path = "/bank/items/{item_id:uuid}"
    opt = allow(*MAKERS)

    @get()
    async def show(
        self,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        item_id: FromPath[UUID],
    ) -> Template:
        context = await item_context(bank_session, runtime, principal, item_id)
        return Template(ITEM, context={**context, "problem": None})

    @get("/edit", opt=allow("author"))
    async def edit(self, bank_session: NamedDependency[AsyncSession], item_id: FromPath[UUID]) -> Template:
        item = await get_item(bank_session, item_id)
        context = await _editor(bank_session, item.qualification, typed_from(item.newest), item_id, item.version)
        return Template(EDITOR, context={**context, "problem": None})

    @post("/edit", opt=allow("author"), status_code=200)
    async def revise(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        item_id: FromPath[UUID],
        data: URLEncodedBody[ItemForm],
    ) -> Response[Any]:
        typed, based_on = data.typed(), _number(data.based_on)
        try:
            draft = await asyncio.to_thread(draft_of, typed)
            at = runtime.clock.now()
            await revise_item(bank_session, principal, item_id, draft, based_on=based_on, reason=data.reason, at=at)
        except DomainError as error:
            item = await get_item(bank_session, item_id)
            context = await _editor(bank_session, item.qualification, typed, item_id, based_on)
            return form_again(request, error, EDITOR, {**context, "reason": data.reason})
        return done(f"/bank/items/{item_id}", "新版本已保存为草稿。")

    @post("/act", status_code=200)
    async def act(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        item_id: FromPath[UUID],
        data: URLEncodedBody[ActForm],
    ) -> Response[Any]:
        at, seen = runtime.clock.now(), {item_id: _number(data.version)}
        try:
            await act_on_items(
                bank_session, principal, ItemAct(data.act), [item_id], at=at, reason=data.reason, seen=seen
            )
        except DomainError as error:
            return await item_again(request, error, bank_session, runtime, principal, item_id)
        return done(f"/bank/items/{item_id}", DONE[ItemAct(data.act)])

    @post("/comment", status_code=200)
    async def comment(
        self,
        request: AnyRequest,
        runtime: NamedDependency[Runtime],
        bank_session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        item_id: FromPath[UUID],
        data: URLEncodedBody[CommentForm],
    ) -> Response[Any]:
        try:
            await comment_on_item(bank_session, principal, item_id, words=data.words, at=runtime.clock.now())
        except DomainError as error:
            return await item_again(request, error, bank_session, runtime, principal, item_id)
        return done(f"/bank/items/{item_id}#comments", "意见已记下。")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004  # no version has ten digits


async def _editor(
    session: AsyncSession, qualification: str, typed: Typed, item_id: UUID | None = None, based_on: int = 0
) -> dict[str, Any]:
    return {
        "qualification": qualification,
        "title": title_of(qualification),
        "typed": typed,
        "item_id": item_id,
        "based_on": based_on,
        "reason": "",
        "nodes": await node_choices(session, qualification),
        "interactions": KINDS,
        "lines": LINES,
        "most_figures": MOST_FIGURES,
        "mark": mark,
        "depths": DEPTHS,
    }


async def item_context(session: AsyncSession, runtime: Runtime, principal: Principal, item_id: UUID) -> dict[str, Any]:
    """Return what the item's page shows."""
    item = await get_item(session, item_id)
    roles = bank_roles(principal)
    own, reviewed = item.wrote(principal.account), item.reviewed_by == principal.account
    may_write = writes_here(principal, runtime.settings.root_region)
    at = runtime.clock.now()
    withdrawals = await list_item_withdrawals(session, item_id)
    at_risk = await list_at_risk(session, item_id, at=at)
    return {
        **WORDS,
        "item": item,
        "withdrawals": withdrawals,
        "at_risk": at_risk,
        "may_withdraw": may_write and bool(roles & set(PROPOSERS)) and bool(at_risk) and not _is_withdrawn(withdrawals),
        "account": principal.account,
        "roles": roles,
        "figures": await find_figures(session, item, today=local_date(at)),
        "comments": await list_comments(session, item_id),
        "suspicions": await list_suspicions(session, state="open", item_id=item_id),
        "title": title_of(item.qualification),
        "nodes": dict(await node_choices(session, item.qualification)),
        "allowed": allowed_acts(
            item.state,
            roles,
            own=own,
            reviewed=reviewed,
            in_use=item.in_force is not None,
            released=item.released_at is not None,
            due=item.review_due_since is not None,
        )
        if may_write
        else (),
        "own": own,
        "may_write": may_write,
        "may_edit": may_write and "author" in roles,
        "shown_options": shown_options,
        "areas_of": areas_of,
        "key_words": key_words,
        "weights_of": weights_of,
    }


async def item_again(
    request: AnyRequest,
    error: DomainError,
    session: AsyncSession,
    runtime: Runtime,
    principal: Principal,
    item_id: UUID,
) -> Response[Any]:
    """Return the item's page with what went wrong."""
    return form_again(request, error, ITEM, await item_context(session, runtime, principal, item_id))


def _is_withdrawn(withdrawals: Sequence[Withdrawal]) -> bool:
    """Tell whether the newest word on an item is a withdrawal that waits or stands."""
    return bool(withdrawals) and withdrawals[0].state != "declined"
