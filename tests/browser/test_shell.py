"""The shell in a real browser: accessible in every theme, nothing sideways, usable by keyboard, no refused script."""

import re
from collections.abc import Callable

import msgspec
import pytest
from playwright.sync_api import Page, expect

from exam.core.clock import SystemClock
from exam.core.runtime import Runtime
from exam.identity.roles import Role
from tests.browser.live import LiveServer
from tests.builders import identity as make
from tests.builders.identity import CITY, COUNTY, PASSWORD

Check = Callable[[Page], list[str]]
SIZES = [(390, 844), (1366, 768), (1920, 1080)]
THEMES = ["light", "dark", "contrast"]
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = """() => [...document.querySelectorAll('button, a.btn, summary, select, .sidenav a, input:not([type=hidden])')]
    .filter((element) => element.getClientRects().length
        // a tick box is pressed anywhere on the label around it
        && (element.closest('label') ?? element).getBoundingClientRect().height < 43.5)
    .map((element) => element.outerHTML.slice(0, 120))"""


class People(msgspec.Struct):
    """The cookies of those who log in, and the authenticator of one."""

    security: dict[str, str]
    system: dict[str, str]
    pending: dict[str, str]
    proctor: str
    secret: str


async def _people(runtime: Runtime) -> People:
    await runtime.valkey.flushdb()
    await make.regions(runtime)
    security = await make.account(runtime, login="security", roles=(Role.SECURITY_ADMIN,), region=CITY, name="陈静")
    system = await make.account(runtime, login="system", roles=(Role.SYSTEM_ADMIN,), region=CITY, name="李文")
    proctor = await make.account(runtime, login="proctor", roles=(Role.PROCTOR,), region=COUNTY, name="王建国")
    pending = await make.account(runtime, login="newcomer", roles=(Role.PROCTOR,), region=COUNTY)
    return People(
        security=await make.session_cookie(runtime, security),
        system=await make.session_cookie(runtime, system),
        pending=await make.session_cookie(runtime, pending, second_factor=False),
        proctor=str(proctor),
        secret=await make.second_factor(runtime, proctor),
    )


@pytest.fixture
def people(live_server: LiveServer) -> People:
    return live_server.do(_people)


def _become(page: Page, server: LiveServer, cookies: dict[str, str]) -> None:
    page.context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in cookies.items()])


def _visits(people: People) -> list[tuple[dict[str, str], str]]:
    return [
        ({}, "/"),
        ({}, "/login"),
        ({}, "/nowhere"),
        (people.pending, "/login/second-factor"),
        (people.system, "/admin/system"),
        (people.system, "/admin/accounts"),
        (people.system, "/admin/exchange/new"),
        (people.security, "/admin/accounts"),
        (people.security, "/admin/accounts/new"),
        (people.security, f"/admin/accounts/{people.proctor}"),
        (people.security, "/account"),
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_every_page_passes_axe(page: Page, live_server: LiveServer, people: People, axe: Check, theme: str) -> None:
    for cookies, path in _visits(people):
        _become(page, live_server, {**cookies, "theme": theme})
        page.goto(path)
        assert axe(page) == [], path


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_scrolls_sideways_and_every_target_is_large(
    page: Page, live_server: LiveServer, people: People, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    for language in ("zh-CN", "en"):
        for cookies, path in _visits(people):
            _become(page, live_server, {**cookies, "lang": language})
            page.goto(path)
            assert page.evaluate(SIDEWAYS) <= 0, path
            assert page.evaluate(SMALL) == [], path


def test_a_newcomer_logs_in_binds_a_phone_and_lands_on_the_account(page: Page, people: People) -> None:
    page.goto("/account")
    page.get_by_label("账号").fill("newcomer")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="绑定动态验证码")).to_be_visible()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("6 位验证码").fill(make.code(secret, SystemClock().now()))
    page.get_by_role("button", name="绑定并登录").click()
    expect(page.get_by_role("heading", name="账号与密码")).to_be_visible()
    page.locator("summary", has_text="测试员").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    assert people.secret


def test_an_act_asks_for_its_reason_and_says_when_it_is_done(
    page: Page, live_server: LiveServer, people: People
) -> None:
    _become(page, live_server, people.security)
    page.goto(f"/admin/accounts/{people.proctor}")
    page.get_by_role("button", name="停用").click()
    dialog = page.get_by_role("dialog", name="停用账号？")
    expect(dialog).to_contain_text("王建国")
    dialog.get_by_role("button", name="停用").click()
    expect(dialog).to_be_visible()
    dialog.get_by_label("理由").fill("离职")
    dialog.get_by_role("button", name="停用").click()
    expect(page.get_by_role("status").filter(has_text="账号已停用")).to_be_visible()
    expect(page.locator(".facts .state")).to_contain_text("已停用")


def test_escape_closes_the_dialog_and_nothing_happens(page: Page, live_server: LiveServer, people: People) -> None:
    _become(page, live_server, people.security)
    page.goto(f"/admin/accounts/{people.proctor}")
    page.get_by_role("button", name="重置密码").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="重置密码")).to_be_focused()


def test_towns_follow_the_county(page: Page, live_server: LiveServer, people: People) -> None:
    _become(page, live_server, people.security)
    page.goto("/admin/accounts/new")
    page.locator("#f-region").select_option(COUNTY)
    expect(page.locator("#f-town option")).not_to_have_count(1)
    expect(page.locator("#f-town")).to_contain_text("街道")


def test_the_first_tab_skips_to_the_content(page: Page, live_server: LiveServer, people: People) -> None:
    _become(page, live_server, people.security)
    page.goto("/admin/accounts")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_bar_and_navigation_stay_while_a_long_page_is_read(page: Page, live_server: LiveServer, people: People) -> None:
    page.set_viewport_size({"width": 1366, "height": 320})
    _become(page, live_server, people.security)
    page.goto("/admin/accounts/new")
    page.get_by_role("contentinfo").scroll_into_view_if_needed()
    assert page.evaluate("scrollY") > 320
    expect(page.get_by_role("banner")).to_be_in_viewport(ratio=1)
    link = page.get_by_role("navigation", name="主导航").get_by_role("link", name="账号与角色")
    expect(link).to_be_in_viewport(ratio=1)


def test_the_navigation_of_a_phone_opens_and_closes_by_keyboard(
    page: Page, live_server: LiveServer, people: People
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    _become(page, live_server, people.security)
    page.goto("/admin/accounts")
    link = page.get_by_role("navigation", name="主导航").get_by_role("link", name="账号与角色")
    expect(link).not_to_be_visible()
    page.get_by_role("button", name="菜单").click()
    expect(link).to_be_focused()
    page.keyboard.press("Escape")
    expect(link).not_to_be_visible()
    expect(page.get_by_role("button", name="菜单")).to_be_focused()


def test_theme_and_language_change_in_place(page: Page) -> None:
    page.goto("/login?next=/account")
    page.get_by_text("外观").click()
    page.get_by_role("button", name="深色").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert page.url.endswith("/login?next=/account")


def test_a_device_that_prefers_dark_gets_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto("/login")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_log_in_works_without_any_script(page: Page, live_server: LiveServer, people: People) -> None:
    browser = page.context.browser
    assert browser
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False, locale="zh-CN")
    plain = context.new_page()
    plain.goto("/login")
    plain.locator("#f-login").fill("proctor")
    plain.locator("#f-password").fill(PASSWORD)
    plain.locator("main button").click()
    plain.locator("#f-code").fill(make.code(people.secret, SystemClock().now()))
    plain.locator("main button").click()
    expect(plain).not_to_have_url(re.compile("/login"))
    expect(plain.locator("h1")).to_have_count(1)
    context.close()


def test_an_offline_page_says_so_and_keeps_the_words(page: Page) -> None:
    page.goto("/login")
    page.locator("#f-login").fill("proctor")
    page.context.set_offline(offline=True)
    expect(page.get_by_text("网络中断")).to_be_visible()
    page.context.set_offline(offline=False)
    expect(page.get_by_text("网络中断")).not_to_be_visible()
    expect(page.locator("#f-login")).to_have_value("proctor")


def test_an_idle_session_is_announced_and_extended_in_place(
    page: Page, live_server: LiveServer, people: People
) -> None:
    _become(page, live_server, people.security)
    page.clock.install()
    page.goto("/admin/accounts/new")
    page.locator("#f-login").fill("proctor.9")
    page.clock.fast_forward("24:00")
    expect(page.get_by_text("登录即将结束")).not_to_be_visible()
    page.clock.fast_forward("02:00")
    expect(page.get_by_text("登录即将结束")).to_be_visible()
    page.get_by_role("button", name="继续使用").click()
    expect(page.get_by_text("登录即将结束")).not_to_be_visible()
    page.clock.fast_forward("31:00")
    expect(page.get_by_text("登录已结束")).to_be_visible()
    expect(page.locator("#f-login")).to_have_value("proctor.9")


def test_a_form_waits_on_the_screen_until_somebody_has_logged_in_again(
    page: Page, live_server: LiveServer, people: People
) -> None:
    _become(page, live_server, people.security)
    page.clock.install()
    page.goto("/admin/accounts/new")
    page.locator("#f-login").fill("proctor.9")
    page.locator("#f-name").fill("周敏")
    page.locator("#f-role").select_option("proctor")
    page.locator("#f-region").select_option(COUNTY)
    expect(page.locator("#f-town option")).not_to_have_count(1)
    page.locator("#f-reason").fill("换届")
    page.context.clear_cookies(name="ankao_session")
    page.clock.fast_forward("31:00")
    page.get_by_role("button", name="建立账号").click()
    expect(page.get_by_text("登录已结束")).to_be_visible()
    expect(page.locator("#f-name")).to_have_value("周敏")
    _become(page, live_server, people.security)
    page.get_by_role("button", name="建立账号").click()
    expect(page.get_by_role("heading", name="账号已建立")).to_be_visible()


def test_a_session_at_its_longest_time_is_announced(page: Page, live_server: LiveServer, people: People) -> None:
    _become(page, live_server, people.security)
    page.clock.install()
    page.goto("/admin/accounts/new")
    left = int(page.locator("#idle").get_attribute("data-left-s") or 0)
    page.locator("#idle").evaluate("bar => localStorage.setItem('ankao-seen', String(Date.now() + 1e9))")
    page.clock.fast_forward((left - 120) * 1000)
    expect(page.get_by_text("已到最长时限")).to_be_visible()
    expect(page.get_by_role("button", name="继续使用")).not_to_be_visible()


def test_a_refused_part_of_a_page_says_why(page: Page, live_server: LiveServer, people: People) -> None:
    _become(page, live_server, people.security)
    page.goto("/admin/accounts/new")
    page.locator("#f-region option").nth(1).evaluate("option => option.value = '33/3302/330203'")
    page.locator("#f-region").select_option(index=1)
    expect(page.get_by_role("alert").filter(has_text="这不在您的辖区内")).to_be_visible()


def test_paper_carries_no_navigation(page: Page, live_server: LiveServer, people: People) -> None:
    _become(page, live_server, people.security)
    page.goto("/admin/accounts")
    page.emulate_media(media="print")
    expect(page.locator(".topbar")).not_to_be_visible()
    expect(page.locator(".sidenav")).not_to_be_visible()
    expect(page.locator("table")).to_be_visible()
