"""Finding items among many: by words in either length, by the law they cite, by difficulty, and a way out of nothing."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.identity.roles import Role as Duty
from questionbank.items.content import Interaction, ItemContent, ItemDraft, Option
from questionbank.items.drafting import draft_items, revise_item
from questionbank.items.finding import CitedLaw, ItemFilter, list_laws
from questionbank.items.listing import list_items
from tests.builders.identity import account, session_cookie
from tests.builders.questionbank import ROOT, maker
from tests.builders.web import wear

CODE = "special.1.2"
AUTHOR = maker("author")


def draft(row: int, stem: str, option: str, basis: str, difficulty: int) -> ItemDraft:
    options = (Option("A", option), Option("B", "不检查"))
    content = ItemContent(interaction=Interaction.CHOICE, stem=stem, options=options, key=("A",), basis=basis)
    return ItemDraft(content=content, node=f"1.{row}", difficulty=difficulty, row=row)


DRAFTS = [
    draft(1, "低压验电器使用前应当", "在有电设备上试验", "GB 26860-2011 电力安全工作规程", 20),
    draft(
        2,
        "使用 GFCI 漏电保护器",
        "每月按试验按钮",
        "GB/T 13955《剩余电流动作保护装置》;《中华人民共和国安全生产法》第三条",
        50,
    ),
    draft(3, "进入受限空间作业,完成 50% 时", "再次检测气体", "《工贸企业有限空间作业安全规定》(第13号令)", 80),
]


@pytest.fixture
async def bank(runtime: Runtime) -> AsyncIterator[AsyncSession]:
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        await draft_items(session, AUTHOR, qualification=CODE, region=ROOT, drafts=DRAFTS, at=at)
        yield session


async def rows_of(session: AsyncSession, wanted: ItemFilter) -> list[int]:
    items, total = await list_items(session, wanted)
    assert total == len(items)
    return sorted(int(item.node[2:]) for item in items)


SEARCHES: list[tuple[dict[str, Any], list[int]]] = [
    ({"words": "验电"}, [1]),
    ({"words": "试验"}, [1, 2]),
    ({"words": "有电设备上试"}, [1]),
    ({"words": "试验 保护器"}, [2]),
    ({"words": "gfci"}, [2]),
    ({"words": "50%"}, [3]),
    ({"words": "%%%"}, []),
    ({"words": "电"}, [1, 2]),
    ({"words": "电器"}, [1]),
    ({"words": "电前"}, []),
    ({"words": "器前应当"}, []),
    ({"words": "'; --"}, []),
    ({"words": "电力安全工作规程"}, [1]),
    ({"law": "GB26860"}, [1]),
    ({"law": "《中华人民共和国安全生产法》"}, [2]),
    ({"law": "有限空间"}, [3]),
    ({"law": "gb"}, [1, 2]),
    ({"low": 21, "high": 80}, [2, 3]),
    ({"high": 20}, [1]),
    ({"words": "试验", "low": 30, "law": "安全生产法", "interaction": "choice"}, [2]),
]


async def test_items_are_found_by_what_is_asked_and_nothing_else(bank: AsyncSession) -> None:
    found = [await rows_of(bank, ItemFilter(**asked)) for asked, _ in SEARCHES]
    assert found == [rows for _, rows in SEARCHES]
    assert await list_laws(bank, ItemFilter(low=40)) == [
        CitedLaw("GB/T 13955", 1),
        CitedLaw("安全生产法", 1),
        CitedLaw("工贸企业有限空间作业安全规定", 1),
    ]
    # a page after the last one still tells how many there are
    assert (await list_items(bank, ItemFilter(), page=2), await list_items(bank, ItemFilter(law="没有"))) == (
        ([], 3),
        ([], 0),
    )


async def test_a_new_version_is_found_by_its_own_words_and_law(bank: AsyncSession, runtime: Runtime) -> None:
    (item,), _ = await list_items(bank, ItemFilter(words="验电器"))
    new = draft(1, "高压验电器的工作电压", "与设备相符", "DL/T 740-2014", 65)
    await revise_item(bank, AUTHOR, item.id, new, based_on=1, reason="改正表述", at=runtime.clock.now())
    asked: list[dict[str, Any]] = [
        {"words": "低压验电器"},
        {"law": "GB 26860"},
        {"words": "与设备相符"},
        {"law": "DL/T 740"},
        {"low": 60},
    ]
    assert [await rows_of(bank, ItemFilter(**each)) for each in asked] == [[], [], [1], [1], [1, 3]]


async def test_a_search_for_words_stays_within_its_region(bank: AsyncSession, runtime: Runtime) -> None:
    await bank.commit()
    found = {}
    for region in ("33", "33/3301", "34"):
        async with runtime.databases.session(Scope(region=region), Role.BANK) as session:
            found[region] = len(list(await session.scalars(select(func.questionbank_find_items(["验电器"])))))
    assert found == {"33": 1, "33/3301": 1, "34": 0}


async def test_whoever_finds_nothing_is_told_which_condition_to_drop(
    client: AsyncClient, runtime: Runtime, bank: AsyncSession
) -> None:
    await bank.commit()
    holder = await account(runtime, login="author", roles=(Duty.AUTHOR,), region=ROOT, name="命题员")
    wear(client, await session_cookie(runtime, holder))
    page = await client.get("/bank/items", params={"q": "验电器", "low": "70", "qualification": CODE})
    assert "没有符合条件的试题" in page.text
    assert re.findall(r"不限「(.+?)」\uff1a(\d) 题", page.text) == [("题目文字", "1"), ("难度不低于", "1")]
    wider = await client.get("/bank/items", params={"q": "验电器", "low": "x", "qualification": CODE})
    assert ("低压验电器使用前应当" in wider.text, 'value="GB 26860"' in wider.text) == (True, True)
