"""A regulator's day in a real browser: figures down to the rows, a file, a report up, back, and up again."""

from collections.abc import Callable
from datetime import date

from playwright.sync_api import Page, expect

from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from tests.browser.live import LiveServer
from tests.builders.certs import CITY, certified
from tests.builders.desks import session_of
from tests.builders.identity import regions
from tests.builders.records import engage, hold, make_enterprise, make_person
from tests.builders.sitting import COUNTY

Check = Callable[[Page], list[str]]
Be = Callable[[str, str], None]


async def _province(runtime: Runtime) -> None:
    """Store one certified operator and an enterprise whose officer holds what is wanted."""
    await regions(runtime)
    await certified(runtime)
    person = await make_person(runtime, number=77)
    await engage(runtime, person, await make_enterprise(runtime), role="officer", since=date(2026, 1, 5))
    await hold(runtime, person, "officer.general", ends_in=40)


def test_a_regulators_day(page: Page, live_server: LiveServer, axe: Check) -> None:
    live_server.do(_province)
    tokens: dict[str, str] = {}

    def be(who: str, region: str) -> None:
        async def open_session(runtime: Runtime) -> str:
            return (await session_of(runtime, role="regulator", region=region))[1]

        if who not in tokens:
            tokens[who] = live_server.do(open_session)
        page.context.add_cookies([{"name": COOKIE, "value": tokens[who], "url": live_server.url}])

    be("city", CITY)
    _read_figures(page, axe)
    _travel(page, axe, be)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (page.url, "/regulator/reports", "/regulator/statistics", "/regulator/statistics/rows?measure=passed"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path
    assert axe(page) == []


def _read_figures(page: Page, axe: Check) -> None:
    page.goto("/regulator/statistics")
    assert axe(page) == []
    drawn = page.get_by_role("img", name="开考人次的变化").locator("svg path[fill='#15427e']")
    expect(drawn.nth(1)).to_be_attached()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("figure[data-chart=time] .plot svg").evaluate("each => each.clientWidth") <= 620
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    # a bar for each month of the year so far, and the mark of the legend
    drawn.nth(drawn.count() - 2).click()
    expect(page.get_by_role("heading", name="开考人次：明细")).to_be_visible()
    assert page.get_by_role("row").count() > 1
    page.go_back()
    page.get_by_role("table", name="分项数据").get_by_role("link", name="西湖区").click()
    expect(page.get_by_role("navigation", name="辖区层级")).to_contain_text("西湖区")
    page.get_by_role("link", name="月", exact=True).click()
    page.get_by_label("图中的指标").select_option(label="合格率")
    expect(page.get_by_role("heading", name="合格率的变化")).to_be_visible()
    page.get_by_role("link", name="按资格").click()
    expect(page.get_by_role("table", name="分项数据")).to_contain_text("低压电工作业")
    page.locator("summary", has_text="导出").click()
    with page.expect_download() as got:
        page.get_by_role("link", name="xlsx").click()
    assert got.value.path().read_bytes()[:2] == b"PK"
    page.get_by_role("link", name="合格人次").click()
    expect(page.get_by_role("row")).to_have_count(2)
    assert axe(page) == []


def _travel(page: Page, axe: Check, be: Be) -> None:
    be("clerk", COUNTY)
    page.goto("/regulator/reports")
    page.get_by_role("button", name="填报", exact=True).click()
    _fill(page, inspections="3")
    assert axe(page) == []
    _sign_and_submit(page, be, page.url)
    be("city", CITY)
    page.goto("/regulator/reports")
    page.get_by_role("link", name="西湖区").click()
    page.get_by_role("button", name="退回").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("退回的理由").fill("检查次数与台账不符")
    dialog.get_by_role("button", name="退回").click()
    expect(page.locator("main")).to_contain_text("已退回")
    be("clerk", COUNTY)
    page.goto("/regulator/reports")
    expect(page.locator("main")).to_contain_text("检查次数与台账不符")
    page.get_by_role("button", name="填报更正版").click()
    _fill(page, inspections="5")
    _sign_and_submit(page, be, page.url)
    be("city", CITY)
    page.goto("/regulator/reports")
    page.get_by_role("link", name="西湖区").click()
    page.get_by_role("button", name="接收并归档").click()
    expect(page.locator("main")).to_contain_text("已接收归档")


def _fill(page: Page, *, inspections: str) -> None:
    page.get_by_label("监督检查考点次数").fill(inspections)
    page.get_by_label("检查发现问题数").fill("2")
    page.get_by_label("已整改问题数").fill("1")
    page.get_by_role("button", name="保存并重新统计").click()
    expect(page.locator("main")).to_contain_text("表间校验全部通过")


def _sign_and_submit(page: Page, be: Be, address: str) -> None:
    be("head", COUNTY)
    page.goto(address)
    page.get_by_role("button", name="签发").click()
    page.get_by_role("dialog").get_by_role("button", name="签发").click()
    page.get_by_role("button", name="报送上一级").click()
    expect(page.locator("main")).to_contain_text("已报送、待接收")
