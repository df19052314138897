"""The public pages in a real browser: on a phone, without script, in every theme and language; and the staff pages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from tests.browser.live import LiveServer
from tests.builders.certs import NAME, Certified, certified
from tests.builders.desks import session_of

Check = Callable[[Page], list[str]]
PHONE: ViewportSize = {"width": 390, "height": 844}
REASON = "举报材料核实中"


@pytest.fixture
def holder(live_server: LiveServer) -> Certified:
    """Issue a certificate on the live server."""
    return live_server.do(certified)


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """Open a phone that runs no script."""
    context = browser.new_context(
        base_url=live_server.url, locale="zh-CN", viewport=PHONE, java_script_enabled=False, has_touch=True
    )
    yield context
    context.close()


def _word(page: Page) -> str:
    return page.locator("#word").inner_text()


def _fits(page: Page) -> bool:
    """Tell that nothing scrolls sideways."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    return wide


def test_a_phone_without_script_gets_the_answer_from_the_printed_code(phone: BrowserContext, holder: Certified) -> None:
    page = phone.new_page()
    page.goto(holder.qr_text)
    assert _word(page) == "有效"
    expect(page.get_by_text("低压电工作业")).to_be_visible()
    expect(page.get_by_text(holder.number)).to_have_count(0)


def test_a_phone_without_script_pastes_uploads_and_asks(
    phone: BrowserContext, holder: Certified, tmp_path: Path
) -> None:
    page = phone.new_page()
    page.goto("/verify")
    page.get_by_label("二维码内容或公开编号").fill(holder.qr_text)
    page.get_by_role("button", name="开始核验").click()
    assert _word(page) == "有效"
    page.get_by_role("link", name="再查一本").click()
    file = tmp_path / "c.pdf"
    file.write_bytes(holder.pdf)
    page.get_by_label("PDF 或 OFD 文件").set_input_files(file)
    page.get_by_role("button", name="上传并核验").click()
    expect(page.get_by_text("与发证时逐字节一致")).to_be_visible()
    page.goto("/query")
    page.get_by_label("姓名").fill(NAME)
    page.get_by_label("证书编号").fill(holder.number)
    page.get_by_role("button", name="查询").click()
    assert _word(page) == "有效"
    assert holder.number not in page.url


def test_a_wrong_entry_stays_with_its_error(phone: BrowserContext) -> None:
    page = phone.new_page()
    page.goto("/verify")
    page.get_by_label("二维码内容或公开编号").fill("https://fake.example/ok")
    page.get_by_role("button", name="开始核验").click()
    expect(page.get_by_role("alert")).to_contain_text("不是有效的证书二维码")
    expect(page.get_by_label("二维码内容或公开编号")).to_have_value("https://fake.example/ok")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_public_pages_are_accessible_on_a_phone(
    browser: Browser, live_server: LiveServer, holder: Certified, axe: Check, scheme: str, language: str
) -> None:
    colours: Literal["dark", "light"] = "dark" if scheme == "dark" else "light"
    context = browser.new_context(
        base_url=live_server.url, locale=language, viewport=PHONE, color_scheme=colours, reduced_motion="reduce"
    )
    page = context.new_page()
    for path in ("/verify", "/query", "/verify/keys", holder.qr_text, f"/v/{'A' * 22}"):
        page.goto(path)
        assert axe(page) == []
        assert _fits(page)
    context.close()


def test_the_keyboard_alone_reaches_an_answer(page: Page, holder: Certified) -> None:
    page.goto("/verify")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.get_by_label("二维码内容或公开编号").focus()
    page.keyboard.insert_text(holder.public_id)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert _word(page) == "有效"


def _enter(page: Page, server: LiveServer, role: str) -> None:
    async def open_session(runtime: Runtime) -> str:
        return (await session_of(runtime, role=role, region="33/3301"))[1]

    page.context.clear_cookies(name=COOKIE)
    page.context.add_cookies([{"name": COOKIE, "value": server.do(open_session), "url": server.url}])


def test_one_regulator_proposes_and_another_confirms(
    page: Page, live_server: LiveServer, holder: Certified, axe: Check
) -> None:
    path = f"/centre/credentials/{holder.credential_id}"
    _enter(page, live_server, "regulator")
    page.goto("/centre/credentials")
    assert axe(page) == []
    page.get_by_role("link", name=NAME).click()
    page.get_by_role("button", name="提议撤销", exact=True).click()
    dialog = page.get_by_role("dialog", name="提议撤销：")
    dialog.get_by_label("事由").select_option("wrong_issue")
    dialog.get_by_label("理由和依据").fill(REASON)
    assert axe(page) == []
    dialog.get_by_role("button", name="提议撤销", exact=True).click()
    expect(page.get_by_text("须由另一位监管人员确认")).to_be_visible()
    _enter(page, live_server, "regulator")
    page.goto(path)
    page.get_by_role("button", name="确认撤销").click()
    page.get_by_role("dialog").get_by_role("button", name="确认撤销").click()
    expect(page.get_by_text("已撤销").first).to_be_visible()
    page.goto(holder.qr_text)
    assert _word(page) == "已撤销"


def test_staff_pages_fit_a_phone(page: Page, live_server: LiveServer, holder: Certified, axe: Check) -> None:
    _enter(page, live_server, "centre")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/centre/credentials", f"/centre/credentials/{holder.credential_id}"):
        page.goto(path)
        assert axe(page) == []
        assert _fits(page)
