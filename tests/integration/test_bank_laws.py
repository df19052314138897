"""A changed law: every item that cites it is marked, once looked at, and loses the mark by a new version or a second person."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import Executable, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.errors import ForbiddenError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.roles import Role as Duty
from questionbank.items.content import ItemDraft
from questionbank.items.drafting import event_values, revise_item
from questionbank.items.errors import ItemsChangedError, ReasonRequiredError, ReviewNotDueError, SameMakerError
from questionbank.items.finding import ItemFilter
from questionbank.items.law_changes import find_affected, list_law_changes, mark_law_changed
from questionbank.items.listing import list_items
from questionbank.items.models import ItemEventRow
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from tests.builders.identity import account, session_cookie
from tests.builders.questionbank import ROOT, Makers, makers, publish_items, some_drafts
from tests.builders.web import send, wear

CODE = "special.1.2"
LAW, CHANGE = "GB 26860", "2026 版代替 2011 版,7 月 1 日施行"


def citing(draft: ItemDraft, basis: str) -> ItemDraft:
    return msgspec.structs.replace(draft, content=msgspec.structs.replace(draft.content, basis=basis))


def drafts() -> list[ItemDraft]:
    bases = ("GB 26860-2011 第 6 条", "GB26860《电力安全工作规程》", "《安全生产法》第三条", "GB 26860")
    return [citing(each, basis) for each, basis in zip(some_drafts(each=1), bases, strict=True)]


@pytest.fixture
def people() -> Makers:
    return makers()


@pytest.fixture
async def items(runtime: Runtime, people: Makers) -> list[UUID]:
    """Publish three items that cite the standard and one that does not, and retire the last."""
    ids = await publish_items(runtime, people, qualification=CODE, drafts=drafts(), at=runtime.clock.now())
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        retired = [ids[3]]
        await act_on_items(session, people.publisher, ItemAct.RETIRED, retired, at=runtime.clock.now(), reason="重复")
    return ids


@pytest.fixture
async def bank(runtime: Runtime, items: list[UUID]) -> AsyncIterator[AsyncSession]:
    assert len(items) == len(drafts())
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        yield session


async def mark(bank: AsyncSession, runtime: Runtime, who: Principal) -> int:
    affected = await find_affected(bank, "GB26860-2011《电力安全工作规程》")
    assert affected is not None
    assert (affected.law, affected.items, affected.due) == (LAW, 2, 0)
    return await mark_law_changed(bank, who, LAW, change=CHANGE, listed=affected.listed, at=runtime.clock.now())


async def due(bank: AsyncSession) -> set[UUID]:
    return {each.id for each in (await list_items(bank, ItemFilter(mark="review")))[0] if each.due}


async def test_a_changed_law_marks_what_cites_it_and_says_who_and_why(
    bank: AsyncSession, runtime: Runtime, items: list[UUID], people: Makers
) -> None:
    assert await mark(bank, runtime, people.publisher) == 2
    assert await due(bank) == set(items[:2])
    assert await find_affected(bank, "GB 99999") is None
    (change,) = await list_law_changes(bank)
    assert (change.reason, change.by, change.items, change.due) == (f"{LAW}:{CHANGE}", people.publisher.name, 2, 2)
    log = await bank.execute(select(ItemEventRow.item_id, ItemEventRow.reason).where(ItemEventRow.act == "flagged"))
    assert {item: reason for item, reason in log} == dict.fromkeys(items[:2], f"{LAW}:{CHANGE}")  # noqa: C416
    again = await find_affected(bank, LAW)
    assert again is not None
    assert again.due == 2


async def test_marking_wants_a_reason_a_publisher_and_what_was_shown(
    bank: AsyncSession, runtime: Runtime, items: list[UUID], people: Makers
) -> None:
    affected, at = await find_affected(bank, LAW), runtime.clock.now()
    assert affected is not None
    with pytest.raises(ReasonRequiredError):
        await mark_law_changed(bank, people.publisher, LAW, change=" ", listed=affected.listed, at=at)
    with pytest.raises(ForbiddenError):
        await mark_law_changed(bank, people.reviewer, LAW, change=CHANGE, listed=affected.listed, at=at)
    await revise_item(bank, people.author, items[0], drafts()[2], based_on=1, reason="改正表述", at=at)
    with pytest.raises(ItemsChangedError):
        await mark_law_changed(bank, people.publisher, LAW, change=CHANGE, listed=affected.listed, at=at)
    assert await due(bank) == set()


async def test_the_mark_goes_with_a_later_version_or_a_second_persons_word(
    bank: AsyncSession, runtime: Runtime, items: list[UUID], people: Makers
) -> None:
    at = runtime.clock.now()
    await mark(bank, runtime, people.publisher)
    await revise_item(
        bank, people.author, items[0], citing(drafts()[0], "GB 26860-2026"), based_on=1, reason="改正表述", at=at
    )
    for who, act in (
        (people.author, ItemAct.SUBMITTED),
        (people.reviewer, ItemAct.APPROVED),
        (people.publisher, ItemAct.PUBLISHED),
    ):
        assert items[0] in await due(bank)
        await act_on_items(bank, who, act, [items[0]], at=at)
    assert await due(bank) == {items[1]}
    as_reviewer = Principal(account=people.author.account, name="作者", grants=people.reviewer.grants)
    with pytest.raises(SameMakerError):
        await act_on_items(bank, as_reviewer, ItemAct.UPHELD, [items[1]], at=at, reason="条款未变")
    with pytest.raises(ReviewNotDueError):
        await act_on_items(bank, people.reviewer, ItemAct.UPHELD, [items[2]], at=at, reason="条款未变")
    await act_on_items(bank, people.reviewer, ItemAct.UPHELD, [items[1]], at=at, reason="第 6 条没有变")
    assert await due(bank) == set()
    assert [(each.items, each.due) for each in await list_law_changes(bank)] == [(2, 0)]


async def test_the_database_lets_no_author_uphold_and_nobody_take_a_mark_away_unlogged(
    bank: AsyncSession, runtime: Runtime, items: list[UUID], people: Makers
) -> None:
    await mark(bank, runtime, people.publisher)
    upheld = event_values(items[1], ItemAct.UPHELD, 1, people.author, ROOT, runtime.clock.now(), "自己看过")
    unmarked = event_values(items[2], ItemAct.UPHELD, 1, people.reviewer, ROOT, runtime.clock.now(), "没有标记")
    refused = [insert(ItemEventRow).values(each) for each in (upheld, unmarked)]
    statements: list[Executable] = [*refused, text("update questionbank_item set review_due_since = null")]
    for statement in statements:
        with pytest.raises(DBAPIError):
            async with bank.begin_nested():
                await bank.execute(statement)


async def test_a_publisher_marks_on_the_page_and_a_reviewer_upholds_there(
    client: AsyncClient, runtime: Runtime, items: list[UUID]
) -> None:
    holder = await account(runtime, login="publisher", roles=(Duty.PUBLISHER,), region=ROOT, name="王发布")
    wear(client, await session_cookie(runtime, holder))
    assert "没有试题引用" in (await client.get("/bank/laws?law=GB1")).text
    page = (await client.get("/bank/laws", params={"law": "GB26860"})).text
    assert "标记这 2 题" in page
    listed = re.findall(r'name="listed" value="(\w+)"', page)[0]
    refused = await send(client, "/bank/laws", {"law": LAW, "change": "", "listed": listed})
    marked = await send(client, "/bank/laws", {"law": LAW, "change": CHANGE, "listed": listed})
    assert (refused.status_code, marked.status_code) == (400, 303)
    assert "2 题待复核" in (await client.get("/bank/laws")).text
    reviewer = await account(runtime, login="reviewer", roles=(Duty.REVIEWER,), region=ROOT, name="李审题")
    wear(client, await session_cookie(runtime, reviewer))
    assert (await client.get("/bank/laws")).status_code == 403
    shown = (await client.get(f"/bank/items/{items[0]}")).text
    assert CHANGE in shown.replace("，", ",")
    upheld = {"act": "upheld", "version": "1", "reason": "条款未变"}
    assert (await send(client, f"/bank/items/{items[0]}/act", upheld)).status_code == 303
    assert "共 1 题" in (await client.get("/bank/items?mark=review")).text
