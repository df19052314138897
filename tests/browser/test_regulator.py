"""The desks of regulators and enterprises in a real browser."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from playwright.sync_api import Page, expect

from exam.core.clock import local_date, local_midnight
from exam.core.runtime import Runtime
from exam.core.sheets.writer import write_workbook
from exam.identity.sessions import COOKIE
from tests.browser.live import LiveServer
from tests.builders.desks import session_of
from tests.builders.identity import regions
from tests.builders.records import engage, hold, make_enterprise, make_person, unified_code
from tests.builders.sitting import COUNTY, id_number, make_bank, make_centre, make_registration, make_sitting

SINCE = date(2026, 1, 5)
Check = Callable[[Page], list[str]]


def _wear(page: Page, server: LiveServer, token: str) -> None:
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": server.url}])


def _still_today(runtime: Runtime) -> timedelta:
    """Return how far a start may be off that a desk shows today, at whatever hour this runs."""
    now = runtime.clock.now()
    return min(timedelta(hours=2), (local_midnight(local_date(now) + timedelta(days=1)) - now) / 2)


async def _county(runtime: Runtime) -> UUID:
    """Store regions, a sitting with two people, and an enterprise that lacks one certificate of two."""
    await regions(runtime)
    await make_bank(runtime)
    centre = await make_centre(runtime)
    sitting = await make_sitting(runtime, centre, starts_in=_still_today(runtime))
    for number in range(2):
        await make_registration(runtime, centre, sitting, number=number)
    enterprise = await make_enterprise(runtime)
    for number, role in ((5, "officer"), (6, "special")):
        await engage(runtime, await make_person(runtime, number=number), enterprise, role=role, since=SINCE)
    await hold(runtime, await make_person(runtime, number=5), "officer.general", ends_in=20)
    return enterprise


def _enter(page: Page, server: LiveServer, *, role: str, region: str, organisation: UUID | None = None) -> None:
    async def open_session(runtime: Runtime) -> str:
        return (await session_of(runtime, role=role, region=region, organisation=organisation))[1]

    _wear(page, server, server.do(open_session))


def test_regulator_goes_from_the_city_down_to_the_county(page: Page, live_server: LiveServer, axe: Check) -> None:
    live_server.do(_county)
    _enter(page, live_server, role="regulator", region="33/3301")
    page.goto("/regulator")
    assert axe(page) == []
    page.get_by_role("table", name="分辖区数据").get_by_role("link", name="西湖区").click()
    expect(page).to_have_url(f"{live_server.url}/regulator?region={COUNTY}&period=year")
    expect(page.get_by_role("heading", level=1)).to_have_text("西湖区")
    page.get_by_role("navigation", name="辖区层级").get_by_role("link", name="杭州市").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("杭州市")
    page.goto("/regulator/enterprises/import")
    rows = [("企业名称", "统一社会信用代码", "行政区划代码", "规模"), ("甲矿业", unified_code(1), "330106", "大型")]
    upload = write_workbook(rows[0], rows[1:])
    page.set_input_files("[name=file]", {"name": "e.xlsx", "mimeType": "application/zip", "buffer": upload})
    page.get_by_role("button", name="先试运行").click()
    page.get_by_role("button", name="写入 1 行").click()
    expect(page.get_by_role("cell", name="新登记")).to_be_visible()
    assert axe(page) == []
    page.goto("/regulator/enterprises")
    page.get_by_text("按行业、规模、持证情况筛选").click()
    page.get_by_label("规模").select_option("大型")
    page.get_by_role("button", name="筛选").click()
    expect(page.get_by_role("row")).to_have_count(2)
    assert axe(page) == []
    page.get_by_role("row", name="甲矿业").get_by_role("button", name="应急名单").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("应急持证名单")


def test_figure_leads_to_the_rows_it_counts(page: Page, live_server: LiveServer, axe: Check) -> None:
    live_server.do(_county)
    _enter(page, live_server, role="regulator", region="33/3301")
    page.goto("/regulator")
    figure = page.get_by_role("link", name="30 日内到期")
    assert "最后有效日" in (figure.get_attribute("title") or "")
    expect(figure.locator(".figure-value")).to_contain_text("1")
    figure.click()
    expect(page.get_by_role("row")).to_have_count(2)
    assert axe(page) == []


def test_board_follows_the_day_without_reloading(page: Page, live_server: LiveServer) -> None:
    live_server.do(_county)
    _enter(page, live_server, role="regulator", region=COUNTY)
    page.goto("/regulator")
    expect(page.locator(".sums dd").first).to_have_text("2")

    async def one_more(runtime: Runtime) -> None:
        centre = await make_centre(runtime, name="第二考点")
        sitting = await make_sitting(runtime, centre, starts_in=_still_today(runtime))
        await make_registration(runtime, centre, sitting, number=9)

    live_server.do(one_more)
    page.evaluate("htmx.ajax('GET', '/regulator/today?region=33/3301/330106', {target: '#board', swap: 'outerHTML'})")
    expect(page.locator(".sums dd").first).to_have_text("3")


def test_enterprise_adds_somebody_and_sees_what_is_missing(page: Page, live_server: LiveServer, axe: Check) -> None:
    enterprise = live_server.do(_county)
    _enter(page, live_server, role="enterprise", region=COUNTY, organisation=enterprise)
    page.goto("/enterprise")
    expect(page.get_by_role("row").nth(1)).to_contain_text("无有效证书")
    assert axe(page) == []
    page.get_by_role("link", name="登记人员").click()
    page.get_by_label("姓名").fill("王芳")
    page.get_by_label("身份证号").fill(id_number(8)[:-1] + ("1" if id_number(8)[-1] == "0" else "0"))
    page.get_by_label("岗位").select_option(label="特种作业人员")
    page.get_by_role("button", name="登记人员").click()
    expect(page.get_by_label("姓名")).to_have_value("王芳")
    assert axe(page) == []
    page.get_by_label("身份证号").fill(id_number(8))
    page.get_by_role("button", name="登记人员").click()
    expect(page.get_by_role("table", name="持证清单")).to_contain_text("王芳")


def test_desks_fit_a_phone(page: Page, live_server: LiveServer) -> None:
    enterprise = live_server.do(_county)
    page.set_viewport_size({"width": 390, "height": 844})
    _enter(page, live_server, role="regulator", region="33/3301")
    addresses = ["/", "/regulator", "/regulator/credentials", "/regulator/enterprises", "/regulator/sittings"]
    addresses += ["/regulator/enterprises/import", "/reminders"]
    for address in (*addresses, f"/regulator/enterprises/{enterprise}"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == 390, address
