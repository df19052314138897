"""One change over a search, shown first and made whole or not at all; and remarks that reach an item's author."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.errors import ForbiddenError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.errors import RegionForbiddenError
from exam.identity.roles import Role as Duty
from questionbank.items.bulk import BulkChange, apply_bulk, plan_bulk
from questionbank.items.bulk_undo import BulkGoneError, list_bulks, undo_bulk
from questionbank.items.comments import comment_on_item, list_comments, list_comments_for
from questionbank.items.content import Depth
from questionbank.items.drafting import require_account, revise_item
from questionbank.items.editing import draft_of, typed_from
from questionbank.items.errors import (
    BulkEmptyError,
    CommentEmptyError,
    ItemsChangedError,
    ReasonRequiredError,
    SameMakerError,
)
from questionbank.items.finding import ItemFilter
from questionbank.items.models import ItemEventRow, ItemRow
from questionbank.items.pool import list_pool
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from questionbank.items.viewing import get_item
from tests.builders.identity import account, session_cookie
from tests.builders.questionbank import ROOT, Makers, maker, makers, publish_items, some_drafts
from tests.builders.web import send, wear

CODE = "special.1.2"
ALL = ItemFilter(qualification=CODE)
MOVE = BulkChange(node="2.3", difficulty=40)


@pytest.fixture
def people() -> Makers:
    return makers()


@pytest.fixture
async def items(runtime: Runtime, people: Makers) -> list[UUID]:
    return await publish_items(runtime, people, qualification=CODE, drafts=some_drafts(each=1), at=runtime.clock.now())


@pytest.fixture
async def bank(runtime: Runtime, items: list[UUID]) -> AsyncIterator[AsyncSession]:
    assert items
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        yield session


async def test_a_bulk_edit_makes_drafts_that_two_others_must_publish(
    bank: AsyncSession, runtime: Runtime, items: list[UUID], people: Makers
) -> None:
    at, editor = runtime.clock.now(), maker("author", name="丁编辑")
    plan = await plan_bulk(bank, ALL, MOVE)
    assert (plan.found, plan.changed, plan.in_use, plan.unchanged) == (4, 4, 4, 0)
    before = await list_pool(bank, CODE)
    assert await apply_bulk(bank, editor, ALL, MOVE, reason="大纲调整", listed=plan.listed, at=at) == 4
    assert await list_pool(bank, CODE) == before, "what is in force stays so"
    rows = (await bank.execute(select(ItemRow.state, ItemRow.version, ItemRow.node, ItemRow.difficulty))).all()
    assert [tuple(row) for row in rows] == [("draft", 2, "2.3", 40)] * 4
    reasons = await bank.execute(
        select(ItemEventRow.reason, ItemEventRow.account_name, func.count())
        .where(ItemEventRow.act == "revised")
        .group_by(ItemEventRow.reason, ItemEventRow.account_name)
    )
    assert [tuple(row) for row in reasons] == [("大纲调整", "丁编辑", 4)]
    again = await plan_bulk(bank, ALL, BulkChange(node="2.3", depth=Depth.MASTER))
    assert (again.changed, (await plan_bulk(bank, ALL, MOVE)).changed) == (4, 0)
    await act_on_items(bank, editor, ItemAct.SUBMITTED, items, at=at)
    as_reviewer = Principal(account=editor.account, name="丁编辑", grants=people.reviewer.grants)
    with pytest.raises(SameMakerError):
        await act_on_items(bank, as_reviewer, ItemAct.APPROVED, items, at=at)
    await act_on_items(bank, people.reviewer, ItemAct.APPROVED, items, at=at)
    await act_on_items(bank, people.publisher, ItemAct.PUBLISHED, items, at=at)
    assert {(item.node, item.difficulty) for item in await list_pool(bank, CODE)} == {("2.3", 40)}


async def test_a_bulk_edit_is_what_was_shown_with_a_reason_by_an_author_of_the_region(
    bank: AsyncSession, runtime: Runtime, items: list[UUID], people: Makers
) -> None:
    at, plan = runtime.clock.now(), await plan_bulk(bank, ALL, MOVE)
    cases = [
        (people.author, MOVE, " ", ReasonRequiredError),
        (people.author, BulkChange(node="2.4", difficulty=40), "改", ItemsChangedError),
        (people.author, BulkChange(node="2.4", act=ItemAct.RETIRED), "改", BulkEmptyError),
        (people.author, BulkChange(), "改", BulkEmptyError),
        (people.reviewer, MOVE, "改", ForbiddenError),
        (maker("author", region="33/3301"), MOVE, "改", RegionForbiddenError),
    ]
    for who, change, reason, error in cases:
        with pytest.raises(error):
            await apply_bulk(bank, who, ALL, change, reason=reason, listed=plan.listed, at=at)
    await act_on_items(bank, people.publisher, ItemAct.RETIRED, items[:1], at=at, reason="重复")
    with pytest.raises(ItemsChangedError):
        await apply_bulk(bank, people.author, ALL, MOVE, reason="改", listed=plan.listed, at=at)
    assert await bank.scalar(select(func.count()).where(ItemEventRow.act == "revised")) == 0
    retire = await plan_bulk(bank, ALL, BulkChange(act=ItemAct.RETIRED))
    listed = retire.listed
    assert retire.found == 3, "what is retired is left alone"
    with pytest.raises(ForbiddenError):
        await apply_bulk(bank, people.author, ALL, BulkChange(act=ItemAct.RETIRED), reason="停", listed=listed, at=at)
    await apply_bulk(bank, people.publisher, ALL, BulkChange(act=ItemAct.RETIRED), reason="停", listed=listed, at=at)
    assert await list_pool(bank, CODE) == []


async def test_a_bulk_edit_is_taken_back_but_for_what_moved_on(
    bank: AsyncSession, runtime: Runtime, items: list[UUID], people: Makers
) -> None:
    at, editor = runtime.clock.now(), maker("author", name="丁编辑")
    change = BulkChange(law_before="依据", law="GB 26860-2024 ", difficulty=40)
    plan = await plan_bulk(bank, ALL, change)
    await apply_bulk(bank, editor, ALL, change, reason="标准更新", listed=plan.listed, at=at)
    first = await get_item(bank, items[0])
    assert (first.newest.content.basis, first.newest.difficulty) == ("GB 26860-2024 1001", 40)
    typed = msgspec.structs.replace(draft_of(typed_from(first.newest)), difficulty=41)
    await revise_item(bank, people.author, items[0], typed, based_on=2, reason="改正表述", at=at)
    assert await list_bulks(bank, require_account(people.author), at=at) == []
    (done,) = await list_bulks(bank, require_account(editor), at=at)
    assert (done.reason, done.items, done.open) == ("标准更新", 4, 3)
    for who, when in ((people.author, at), (editor, at + timedelta(days=31))):
        with pytest.raises(BulkGoneError):
            await undo_bulk(bank, who, at, at=when)
    assert await undo_bulk(bank, editor, at, at=at + timedelta(minutes=1)) == 3
    told = [await get_item(bank, each) for each in items]
    assert [(each.version, each.newest.difficulty) for each in told[:2]] == [(3, 41), (3, 17)]
    assert told[1].newest.content.basis == "依据2001"
    with pytest.raises(BulkGoneError):
        await undo_bulk(bank, editor, at, at=at)
    submit = await plan_bulk(bank, ALL, BulkChange(act=ItemAct.SUBMITTED))
    assert (submit.found, submit.changed) == (4, 4)
    await apply_bulk(bank, editor, ALL, BulkChange(act=ItemAct.SUBMITTED), reason="送", listed=submit.listed, at=at)
    assert (await plan_bulk(bank, ALL, BulkChange(act=ItemAct.SUBMITTED))).changed == 0


async def test_a_remark_reaches_the_author_and_stays_as_it_was_said(
    bank: AsyncSession, runtime: Runtime, items: list[UUID], people: Makers
) -> None:
    at = runtime.clock.now()
    for who, words in ((people.reviewer, "选项 C 有歧义\r\n建议改写"), (people.author, "已看")):
        await comment_on_item(bank, who, items[0], words=words, at=at)
    assert [(each.by, each.words) for each in await list_comments(bank, items[0])] == [
        (people.author.name, "已看"),
        (people.reviewer.name, "选项 C 有歧义\n建议改写"),
    ]
    assert people.author.account is not None
    assert [each.words for each in await list_comments_for(bank, people.author.account)] == ["选项 C 有歧义\n建议改写"]
    with pytest.raises(CommentEmptyError):
        await comment_on_item(bank, people.reviewer, items[0], words=" \n", at=at)
    with pytest.raises(RegionForbiddenError):
        await comment_on_item(bank, maker("reviewer", region="33/3301"), items[0], words="看", at=at)
    with pytest.raises(DBAPIError):
        async with bank.begin_nested():
            await bank.execute(text("update questionbank_item_comment set words = 'x'"))


async def test_an_author_changes_a_search_on_the_page_and_remarks(
    client: AsyncClient, runtime: Runtime, items: list[UUID]
) -> None:
    holder = await account(runtime, login="author", roles=(Duty.AUTHOR,), region=ROOT, name="命题员")
    wear(client, await session_cookie(runtime, holder))
    where = f"/bank/items/bulk?qualification={CODE}&interaction=choice"
    assert where.replace("&", "&amp;") in (await client.get(where.replace("/bulk", ""))).text
    wrong = await send(client, where, {"difficulty": "101"})
    shown = await send(client, where, {"difficulty": "55", "depth": "master"})
    assert (wrong.status_code, shown.status_code, "将修改 1 题" in shown.text) == (400, 200, True)
    listed = re.findall(r'name="listed" value="(\w+)"', shown.text)[0]
    fields = {"difficulty": "55", "depth": "master", "listed": listed}
    refused = await send(client, where, {**fields, "reason": ""})
    changed = await send(client, where, {**fields, "reason": "按考试统计校正"})
    assert (refused.status_code, changed.status_code) == (400, 303)
    found = (await client.get("/bank/items?low=55&high=55&state=draft")).text
    assert "共 1 题" in found
    page = (await client.get(where)).text
    made = re.findall(r'name="made" value="([^"]+)"', page)
    assert (await send(client, where.replace("bulk?", "bulk/undo?"), {"made": made[0]})).status_code == 303
    assert "共 0 题" in (await client.get("/bank/items?low=55&high=55&state=draft")).text
    every = (await client.get(f"/bank/items/bulk?qualification={CODE}")).text
    [enemies] = re.findall(r'href="(/bank/blueprints/new[^"]+enemies=[^"]+)"', every)
    editor = (await client.get(enemies.replace("&amp;", "&"))).text
    assert " ".join(map(str, sorted(items))) in editor
    assert (await send(client, f"/bank/items/{items[0]}/comment", {"words": "解析写得清楚"})).status_code == 303
    assert "解析写得清楚" in (await client.get(f"/bank/items/{items[0]}")).text
