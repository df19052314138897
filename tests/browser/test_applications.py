"""From the counter to the next certificate in a real browser: filed by one regulator, decided on the clock page by another."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Browser, Page, expect

from exam.core.config import Settings
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from tests.browser.live import LiveServer, MovedClock, serving
from tests.builders.certs import NAME, OFFICER, Certified, certified, credential_of, train_on
from tests.builders.desks import candidate_session, session_of
from tests.builders.grading import work_off

Check = Callable[[Page], list[str]]
NEW_NAME = "张三丰"


def _enter(page: Page, server: LiveServer) -> None:
    async def open_session(runtime: Runtime) -> str:
        return (await session_of(runtime, role="regulator", region="33/3301"))[1]

    page.context.add_cookies([{"name": COOKIE, "value": server.do(open_session), "url": server.url}])


def test_a_holder_renews_at_home_and_everybody_finds_the_next_version(
    browser: Browser, settings: Settings, axe: Check
) -> None:
    clock = MovedClock()
    with serving(settings, clock) as server, browser.new_context(base_url=server.url, locale="zh-CN") as context:
        page = context.new_page()
        holder = server.do(_certified_officer)
        clock.jump(timedelta(days=3 * 365 - 20))
        server.do(lambda runtime: train_on(runtime, holder, 36))
        session = server.do(lambda runtime: candidate_session(runtime, holder.registration))
        context.add_cookies([{"name": COOKIE, "value": session, "url": server.url}])
        page.goto("/me")
        expect(page.get_by_text("已到换证申请期")).to_be_visible()
        page.get_by_role("button", name="申请换证").click()
        expect(page.get_by_text("已经申请，正在办理。")).to_be_visible()
        assert axe(page) == []
        _enter(page, server)
        page.goto("/centre/applications")
        page.get_by_role("table", name="未办结的申请").get_by_role("row", name=NAME).get_by_role("link").click()
        page.get_by_role("button", name="受理", exact=True).click()
        page.get_by_role("button", name="批准并发证").click()
        page.get_by_role("dialog").get_by_role("button", name="批准并发证").click()
        page.get_by_role("link", name="查看新证书").click()
        expect(page.get_by_role("heading", name="变更记录")).to_be_visible()
        server.do(work_off)
        renewed = server.do(lambda runtime: credential_of(runtime, holder.exam))
        for text, word in ((renewed.qr_text, "有效"), (holder.qr_text, "已换证")):
            page.goto("/verify")
            page.get_by_label("二维码内容或公开编号").fill(text)
            page.get_by_role("button", name="开始核验").click()
            expect(page.locator("#word")).to_have_text(word)


async def _certified_officer(runtime: Runtime) -> Certified:
    return await certified(runtime, qualification=OFFICER)


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
    _print_by_the_batch(page, live_server, axe)


def _print_by_the_batch(page: Page, server: LiveServer, axe: Check) -> None:
    """Ask for every certificate of the region, stop, go on, and take the files away once the bar is full."""
    page.goto("/centre/credentials")
    page.get_by_role("link", name="批量制证").click()
    page.get_by_role("link", name="新建批次").click()
    assert axe(page) == []
    page.get_by_label("打印版式").select_option("card")
    page.get_by_role("button", name="开始制作").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="取消批次").click()
    page.get_by_role("dialog").get_by_role("button", name="取消批次").click()
    page.get_by_role("button", name="继续制作").click()
    server.do(work_off)
    # the page notices by itself that the work is done
    files = page.get_by_role("link", name="签名证书")
    expect(files).to_be_visible()
    assert axe(page) == []
    with page.expect_download() as taken:
        files.click()
    assert taken.value.suggested_filename.endswith(".zip")
