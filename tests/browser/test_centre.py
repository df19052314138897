"""An exam centre's registration day in a real browser: from the plan to the sheet on the door, by the clerk alone."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from exam.core.clock import SystemClock, local_date
from exam.core.runtime import Runtime
from exam.core.sheets.writer import write_workbook
from exam.identity.sessions import COOKIE
from tests.browser.live import LiveServer
from tests.builders.desks import session_of
from tests.builders.identity import regions
from tests.builders.sitting import id_number, make_bank, make_centre, portrait, prepare, uscc

Check = Callable[[Page], list[str]]
WIDE, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}


async def _clerk(runtime: Runtime) -> str:
    """Store the regions, a published bank, a centre and its clerk; return the clerk's session."""
    await regions(runtime)
    await make_bank(runtime)
    centre = await make_centre(runtime)
    return (await session_of(runtime, role="centre", organisation=centre.id))[1]


@pytest.fixture
def clerk(page: Page, live_server: LiveServer) -> Page:
    page.context.add_cookies([{"name": COOKIE, "value": live_server.do(_clerk), "url": live_server.url}])
    return page


def plan(page: Page) -> str:
    """Plan a sitting of one room for tomorrow; return its address."""
    page.goto("/centre")
    expect(page.get_by_text("还没有场次")).to_be_visible()
    page.get_by_role("link", name="新建场次").first.click()
    page.get_by_label("考试计划").fill("第 5 期")
    page.get_by_label("考试项目").select_option(label="低压电工作业")
    page.get_by_label("考试日期").fill((local_date(SystemClock().now()) + timedelta(days=1)).isoformat())
    page.get_by_label("考场和座位数").fill("一号机房")
    page.get_by_role("button", name="建立场次").click()
    expect(page.get_by_role("alert").first).to_contain_text("rooms")
    expect(page.get_by_label("考试计划")).to_have_value("第 5 期")
    page.get_by_label("考场和座位数").fill("一号机房 4")
    page.get_by_role("button", name="建立场次").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("低压电工作业 · 第 5 期")
    return page.url


def register_enterprise(page: Page) -> None:
    page.goto("/centre/enterprises/new")
    page.get_by_label("企业名称").fill("临安机电有限公司")
    page.get_by_label("统一社会信用代码").fill(uscc(5))
    page.get_by_label("行业").select_option(index=1)
    page.locator("main form button[type=submit]").click()
    expect(page.get_by_role("status").filter(has_text="企业")).to_be_visible()


def register(page: Page, sitting: str, photo: Path) -> None:
    """Register one candidate with a slip in the number first: nothing typed is lost, and the page says what is wrong."""
    page.goto(f"{sitting}/registrations/new")
    page.get_by_label("姓名").fill("买买提·㛃")
    wrong = id_number(7)[:-1] + ("1" if id_number(7)[-1] == "0" else "0")
    page.get_by_label("证件号码").fill(wrong)
    page.get_by_label("用人单位统一社会信用代码").fill(uscc(5))
    expect(page.locator("#uscc-check")).to_contain_text("临安机电有限公司")
    page.get_by_label("照片").set_input_files(photo)
    page.get_by_role("button", name="提交报名").click()
    expect(page.get_by_label("姓名")).to_have_value("买买提·㛃")
    expect(page.get_by_label("证件号码")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("证件号码").fill(id_number(7))
    page.get_by_label("照片").set_input_files(photo)
    page.get_by_role("button", name="提交报名").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("买买提·㛃")
    expect(page.get_by_text("临安机电有限公司")).to_be_visible()


def register_many(page: Page, sitting: str, workbook: Path) -> None:
    """Try a workbook of three rows first, then register the two that may sit."""
    page.goto(f"{sitting}/batch")
    page.get_by_label("表格文件").set_input_files(workbook)
    page.get_by_role("button", name="先试运行").click()
    expect(page.get_by_text("还没有保存任何数据")).to_be_visible()
    expect(page.get_by_text("不能报名")).to_have_count(1)
    page.get_by_role("button", name="为 2 人报名").click()
    expect(page.get_by_text("已报名 2 人")).to_be_visible()


def sheet(folder: Path) -> Path:
    rows = [("李四", id_number(8), ""), ("王五", id_number(9), uscc(5)), ("赵六", id_number(10)[:-2], "")]
    path = folder / "报名.xlsx"
    path.write_bytes(write_workbook(("姓名", "证件号码", "统一社会信用代码"), rows))
    return path


def assert_fits(page: Page, axe: Check, address: str) -> None:
    """Look at a page as it is wide and as a phone shows it."""
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # a plain size
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"], address
    assert axe(page) == [], address
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # a plain size


def test_a_registration_day_from_the_plan_to_the_open_door(
    clerk: Page, live_server: LiveServer, axe: Check, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(portrait())
    sitting = plan(clerk)
    register_enterprise(clerk)
    register(clerk, sitting, photo)
    register_many(clerk, sitting, sheet(tmp_path))
    clerk.goto("/centre")
    expect(clerk.locator(".tasks")).to_contain_text("还缺 3 份试卷")
    clerk.goto(sitting)
    expect(clerk.get_by_text("2 名考生没有照片")).to_be_visible()
    clerk.get_by_role("button", name="生成试卷").click()
    live_server.do(lambda runtime: prepare(runtime, UUID(sitting.rsplit("/", 1)[1])))
    clerk.goto(sitting)
    expect(clerk.locator("#board")).to_contain_text("试卷齐全")
    with clerk.expect_response(lambda answer: answer.url.endswith("/tickets.pdf")) as tickets:
        clerk.get_by_role("link", name="本考场准考证").evaluate("link => fetch(link.href)")
    assert tickets.value.headers["content-type"] == "application/pdf"
    clerk.get_by_role("button", name="开放签到").click()
    clerk.locator("dialog[open]").get_by_role("button", name="开放签到").click()
    expect(clerk.get_by_text("场次已开放").first).to_be_visible()
    for address in ("/centre", sitting, f"{sitting}/roster", f"{sitting}/rules", f"{sitting}/batch"):
        assert_fits(clerk, axe, address)
