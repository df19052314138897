"""The security administrator's and the auditor's desks in a real browser: an account's life, and what the ledger says."""

from collections.abc import Callable
from uuid import UUID

import msgspec
from playwright.sync_api import Page, expect

from exam.core.clock import SystemClock
from exam.core.runtime import Runtime
from exam.identity.roles import Role
from tests.browser.live import LiveServer
from tests.builders import identity as make
from tests.builders.identity import CITY, COUNTY
from tests.builders.sitting import make_centre

Check = Callable[[Page], list[str]]
PHONE = {"width": 390, "height": 844}
NEW_PASSWORD = "a long sentence of her own"  # the test's


class Staff(msgspec.Struct):
    """Sessions of the two administrators, and the centre of a new clerk."""

    security: dict[str, str]
    auditor: dict[str, str]
    centre: UUID


async def _staff(runtime: Runtime) -> Staff:
    await runtime.valkey.flushdb()
    await make.regions(runtime)
    centre = await make_centre(runtime)
    security = await make.account(runtime, login="security", roles=(Role.SECURITY_ADMIN,), region=CITY, name="陈静")
    auditor = await make.account(runtime, login="auditor", roles=(Role.AUDITOR,), region=CITY, name="何平")
    return Staff(
        security=await make.session_cookie(runtime, security),
        auditor=await make.session_cookie(runtime, auditor),
        centre=centre.id,
    )


def _become(page: Page, server: LiveServer, cookies: dict[str, str]) -> None:
    page.context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in cookies.items()])


def _open_account(page: Page, centre: UUID) -> tuple[str, str]:
    """Open a clerk's account; return its address and the password that is shown once."""
    page.goto("/admin/accounts/new")
    page.get_by_label("账号").fill("clerk.1")
    page.get_by_label("姓名").fill("周敏")
    page.locator("#f-role").select_option("centre")
    page.locator("#f-region").select_option(COUNTY)
    page.locator("#f-organisation").select_option(str(centre))
    page.locator("#f-reason").fill("新到岗")
    page.get_by_role("button", name="建立账号").click()
    expect(page.get_by_role("heading", name="账号已建立")).to_be_visible()
    password = page.locator("output.once").inner_text().strip()
    page.get_by_role("link", name="已记下").click()
    return page.url, password


def _log_in_first(page: Page, password: str) -> None:
    """Log in with the initial password, bind a phone, and set a password of one's own."""
    page.goto("/login")
    page.get_by_label("账号").fill("clerk.1")
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("6 位验证码").fill(make.code(secret, SystemClock().now()))
    page.get_by_role("button", name="绑定并登录").click()
    page.locator("#f-old").fill(password)
    page.locator("#f-new").fill(NEW_PASSWORD)
    page.locator("#f-repeat").fill(NEW_PASSWORD)
    page.get_by_role("button", name="修改密码").click()
    expect(page.get_by_role("status").first).to_be_visible()


def _assert_fits(page: Page, axe: Check) -> None:
    assert axe(page) == [], page.url
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a plain size
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], page.url
    page.set_viewport_size({"width": 1366, "height": 768})


def test_an_account_is_opened_used_and_disabled_and_the_auditor_reads_it_all(
    page: Page, live_server: LiveServer, axe: Check
) -> None:
    staff: Staff = live_server.do(_staff)
    _become(page, live_server, staff.security)
    account, password = _open_account(page, staff.centre)
    _assert_fits(page, axe)
    page.context.clear_cookies()
    _log_in_first(page, password)
    page.goto("/centre")
    expect(page.get_by_role("heading", level=1)).to_have_text("考点工作")
    clerk = page.context.cookies()
    page.context.clear_cookies()
    _become(page, live_server, staff.security)
    page.goto(account)
    page.get_by_role("button", name="停用").click()
    dialog = page.get_by_role("dialog", name="停用账号？")
    dialog.get_by_label("理由").fill("离职")
    dialog.get_by_role("button", name="停用").click()
    expect(page.locator(".facts .state")).to_contain_text("已停用")
    page.context.clear_cookies()
    page.context.add_cookies(clerk)  # type: ignore[arg-type]  # what the context itself returned
    page.goto("/centre")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
    page.context.clear_cookies()
    _become(page, live_server, staff.auditor)
    page.goto(f"/audit?kind=account&subject={account.rsplit('/', 1)[1]}")
    rows = page.get_by_role("table", name="审计记录")
    for act in ("停用账号", "修改自己的密码", "绑定动态验证码", "登录", "授予角色", "开设账号"):
        expect(rows).to_contain_text(act)
    _assert_fits(page, axe)
    rows.get_by_role("link").first.click()
    expect(page.get_by_text("离职", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("停用账号")
    _assert_fits(page, axe)
