"""A syllabus from a workbook to being in force, by two people, and what the bank lacks of it."""

import re

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.core.sheets.writer import write_workbook
from exam.identity.roles import Role as Duty
from questionbank.syllabus.reading import COLUMNS, read_syllabus
from tests.builders.identity import account, session_cookie
from tests.builders.questionbank import ROOT, publish_bank, some_drafts
from tests.builders.web import send, wear

CODE = "special.1.2"
FIRST = [("1", "法规", "掌握", 4, 40), ("2", "技术", "熟练掌握", 8, 60)]
SECOND = [("1", "法规", "掌握", 6, 40), ("3", "急救", "熟练掌握", 8, 60)]


Rows = list[tuple[str, str, str, int, int]]


async def bring(client: AsyncClient, rows: Rows, version: str) -> Response:
    data = {
        "qualification": CODE,
        "title": "低压电工大纲",
        "version": version,
        "_csrf_token": client.cookies["csrftoken"],
    }
    return await client.post(
        "/bank/syllabuses", data=data, files={"file": ("大纲.xlsx", write_workbook(COLUMNS, rows))}
    )


async def publish(client: AsyncClient, rows: Rows, version: str, cookies: dict[Duty, dict[str, str]]) -> str:
    """Bring a version as its author, publish it as the publisher and return its address."""
    saved = await bring(wear(client, cookies[Duty.AUTHOR]), rows, version)
    address = saved.headers["location"]
    await send(wear(client, cookies[Duty.PUBLISHER]), f"{address}/publish")
    return address


@pytest.fixture
async def cookies(runtime: Runtime) -> dict[Duty, dict[str, str]]:
    people = {
        duty: await account(runtime, login=duty.value, roles=(duty,), region=ROOT, name=duty.value)
        for duty in (Duty.AUTHOR, Duty.PUBLISHER)
    }
    return {duty: await session_cookie(runtime, holder) for duty, holder in people.items()}


async def test_a_workbook_becomes_the_syllabus_in_force_by_a_second_person(
    client: AsyncClient, runtime: Runtime, cookies: dict[Duty, dict[str, str]]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=6))
    wrong = await bring(wear(client, cookies[Duty.PUBLISHER]), [*FIRST, ("2", "又一章", "精通", 1, 0)], "2026")
    assert (wrong.status_code, "编号 2 重复" in wrong.text, "掌握程度“精通”" in wrong.text) == (400, True, True)
    own = (await bring(client, FIRST, "2026")).headers["location"]
    assert (await send(client, f"{own}/publish")).status_code == 403
    assert (await send(client, f"{own}/discard")).status_code == 303
    # a version that was discarded may be used again, one in force may not
    await publish(client, FIRST, "2026", cookies)
    again = await bring(client, SECOND, "2026")
    assert (again.status_code, "该资格的大纲版本 2026 已存在" in again.text) == (409, True)
    second = await bring(client, SECOND, "2027")
    page = await client.get(second.headers["location"])
    assert "新增 1 条\uff0c修改 1 条\uff0c删去 1 条" in page.text
    assert "原为 4 学时" in page.text
    book = await client.get(f"/bank/syllabuses/template.xlsx?qualification={CODE}")
    assert [(node.code, node.hours) for node in read_syllabus(book.content)] == [("1", 4), ("2", 8)]


async def test_a_gap_of_the_syllabus_leads_to_a_new_item(
    client: AsyncClient, runtime: Runtime, cookies: dict[Duty, dict[str, str]]
) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=6))
    await publish(client, FIRST, "2026", cookies)
    wear(client, cookies[Duty.AUTHOR])
    desk = await client.get("/bank", params={"qualification": CODE, "nodes": "all"})
    link = re.search(r'href="(/bank/items/new\?[^"]*node=2&amp;interaction=multiple[^"]*)"[^>]*>缺 6<', desk.text)
    assert link is not None
    editor = await client.get(link[1].replace("&amp;", "&"))
    assert re.search(r'<option value="2"[^>]*selected', editor.text)
    assert re.search(r'<option value="multiple"[^>]*selected', editor.text)


async def test_the_database_lets_nobody_put_a_syllabus_in_force_alone(
    client: AsyncClient, runtime: Runtime, cookies: dict[Duty, dict[str, str]]
) -> None:
    await bring(wear(client, cookies[Duty.AUTHOR]), FIRST, "2026")
    for publisher in ("null", "drafted_by"):
        with pytest.raises(DBAPIError, match="two_people_check"):
            async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
                await session.execute(
                    text(f"update questionbank_syllabus set state = 'published', published_by = {publisher}")
                )
