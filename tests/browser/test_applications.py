"""From the counter to the next certificate in a real browser: filed by one regulator, decided on the clock page by another."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from tests.browser.live import LiveServer
from tests.builders.certs import NAME, certified
from tests.builders.desks import session_of

Check = Callable[[Page], list[str]]
NEW_NAME = "张三丰"


def _enter(page: Page, server: LiveServer) -> None:
    async def open_session(runtime: Runtime) -> str:
        return (await session_of(runtime, role="regulator", region="33/3301"))[1]

    page.context.add_cookies([{"name": COOKIE, "value": server.do(open_session), "url": server.url}])


def test_another_name_goes_from_the_counter_over_the_clock_to_the_next_version(
    page: Page, live_server: LiveServer, axe: Check
) -> None:
    holder = live_server.do(certified)
    _enter(page, live_server)
    page.goto(f"/centre/credentials/{holder.credential_id}")
    page.get_by_role("link", name="登记换发申请").click()
    page.get_by_label("变更后的姓名").fill(NEW_NAME)
    page.get_by_label("理由和所核对的证明材料").fill("户口簿已核对")
    assert axe(page) == []
    page.get_by_role("button", name="提交申请").click()
    page.get_by_role("button", name="受理", exact=True).click()
    expect(page.get_by_text("您代为提交的，须由另一位监管人员批准。")).to_be_visible()
    assert axe(page) == []
    _enter(page, live_server)
    page.goto("/")
    page.get_by_role("link", name="办证时限").first.click()
    row = page.get_by_role("table", name="未办结的申请").get_by_role("row", name=NAME)
    expect(row).to_contain_text("还有 20 个工作日")
    assert axe(page) == []
    row.get_by_role("link").click()
    page.get_by_role("button", name="批准并发证").click()
    page.get_by_role("dialog").get_by_role("button", name="批准并发证").click()
    page.get_by_role("link", name="查看新证书").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NEW_NAME)
    page.go_back()
    page.get_by_role("link", name="T330").click()
    expect(page.get_by_text("姓名或照片变更")).to_be_visible()
