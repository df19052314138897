"""Custodians in real browsers: keys made there, shares opened there, a sitting opened by two people."""

import re
from collections.abc import Callable
from uuid import UUID

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from exam.core.config import Settings
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from tests.browser.live import LiveServer
from tests.builders.desks import session_of
from tests.builders.forms import CODE, seal_forms
from tests.builders.questionbank import publish_bank, some_drafts

Check = Callable[[Page], list[str]]
PASSPHRASE = "三更灯火五更鸡 正是读书时"
PHONE = 390


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Let two custodians be enough."""
    return msgspec.structs.replace(settings, seal="custodians", seal_threshold=2)


def _custodian(browser: Browser, server: LiveServer) -> BrowserContext:
    async def open_session(runtime: Runtime) -> str:
        return (await session_of(runtime, role="custodian", region="33"))[1]

    context = browser.new_context(base_url=server.url, locale="zh-CN", viewport={"width": 1366, "height": 768})
    context.add_cookies([{"name": COOKIE, "value": server.do(open_session), "url": server.url}])
    return context


def _make_key(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/bank/custody")
    page.locator("#f-passphrase").fill(PASSPHRASE)
    page.get_by_label("再输入一次口令").fill(PASSPHRASE)
    page.get_by_role("button", name="生成并保存").click()
    expect(page.get_by_text("已建立")).to_be_visible(timeout=20_000)
    return page


async def _seal(runtime: Runtime) -> UUID:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=12))
    sitting = new_id()
    await seal_forms(runtime, sitting, ["a"], standby=1)
    return sitting


def _give(page: Page, passphrase: str) -> None:
    page.get_by_label("我的口令").fill(passphrase)
    page.get_by_label("提前开启的理由").fill("场次提前一小时开考")
    page.get_by_role("button", name="交出份额").click()


def test_two_custodians_open_a_sitting_in_their_browsers(browser: Browser, live_server: LiveServer, axe: Check) -> None:
    first, second = _custodian(browser, live_server), _custodian(browser, live_server)
    page, other = _make_key(first), _make_key(second)
    sitting = live_server.do(_seal)
    page.reload()
    assert axe(page) == []
    page.get_by_role("link", name="查看并交出").first.click()
    expect(page).to_have_url(re.compile(f"{sitting}/candidate$"))
    assert axe(page) == []
    page.get_by_label("演练口令").fill(PASSPHRASE)
    page.get_by_role("button", name="试开").click()
    expect(page.get_by_text("能打开", exact=True)).to_be_visible(timeout=20_000)
    _give(page, "一个不对的口令 一个不对的口令")
    expect(page.get_by_text("口令不对")).to_be_visible(timeout=20_000)
    _give(page, PASSPHRASE)
    expect(page.get_by_text("还差 1 份")).to_be_visible(timeout=20_000)
    other.goto(f"/bank/custody/{sitting}/candidate")
    other.get_by_text("口令或份额遗失").click()
    other.get_by_role("button", name="报失我的份额").click()
    expect(other.get_by_text("这一场次打不开了")).to_be_visible(timeout=20_000)
    _give(other, PASSPHRASE)
    expect(other.get_by_text("已开启")).to_be_visible(timeout=20_000)
    other.set_viewport_size({"width": PHONE, "height": 844})
    assert axe(other) == []
    assert other.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    first.close()
    second.close()
