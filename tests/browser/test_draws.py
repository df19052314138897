"""The draw to strangers in a real browser: on a phone, without script, in both languages, and accessible."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from exam.app import compose_runtime
from exam.core.clock import FrozenClock
from exam.core.runtime import Runtime
from tests.browser.live import LiveServer
from tests.builders.grading import Examined, close_and_score, examined
from tests.builders.log import signing

Check = Callable[[Page], list[str]]


async def sat(runtime: Runtime) -> Examined:
    """Let a sitting have been held this morning and its entries be signed."""
    clock = FrozenClock(runtime.clock.now() - timedelta(hours=4))
    then = compose_runtime(runtime.settings, clock=clock)
    exam = await examined(then, clock, right=[9])
    await close_and_score(then, exam)
    await then.close()
    async with signing(runtime) as log:
        await log.turn()
    return exam


@pytest.fixture
def exam(live_server: LiveServer) -> Examined:
    return live_server.do(sat)


@pytest.mark.usefixtures("exam")
def test_a_stranger_finds_the_draw_and_takes_its_proof(page: Page, axe: Check) -> None:
    page.goto("/login")
    page.get_by_role("link", name="抽题核验").click()
    expect(page.get_by_role("heading", name="抽题核验")).to_be_visible()
    assert axe(page) == []
    page.locator("main table a").click()
    expect(page.get_by_role("heading", name="开考前的承诺")).to_be_visible()
    expect(page.locator(".notice-bad")).to_have_count(0)
    assert axe(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="下载证明").first.click()
    assert download.value.suggested_filename.endswith(".tlog-proof")


def test_a_phone_without_script_reads_it_in_english(browser: Browser, live_server: LiveServer, exam: Examined) -> None:
    context = browser.new_context(
        base_url=live_server.url, locale="en-GB", viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"/draws/{exam.sitting_id}")
    expect(page.get_by_text("agrees with the commitment")).to_be_visible()
    expect(page.locator("pre").first).to_contain_text(re.compile(r"\\x[0-9a-f]{2}.* \| sha256sum"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
