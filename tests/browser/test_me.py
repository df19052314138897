"""The candidate at home, and the auditor, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.sitting.api import RegistrationView
from tests.browser.live import LiveServer
from tests.builders.desks import session_of, ticket_of
from tests.builders.sitting import id_number, make_bank, make_centre, make_registration, make_sitting

Check = Callable[[Page], list[str]]


async def _registered(runtime: Runtime) -> tuple[RegistrationView, str]:
    await runtime.valkey.flushdb()  # allowances outlive a test's database
    await make_bank(runtime)
    centre = await make_centre(runtime)
    registration = await make_registration(runtime, centre, await make_sitting(runtime, centre), number=1)
    return registration, await ticket_of(runtime, registration)


def _log_in(page: Page, ticket: str, number: str) -> None:
    page.goto("/me/login")
    page.get_by_label("准考证二维码").fill(f"AKT1.{ticket}")
    page.get_by_label("身份证号").fill(number)
    page.get_by_role("button", name="进入").click()


def test_candidate_gets_in_with_the_ticket_and_downloads_it(page: Page, live_server: LiveServer, axe: Check) -> None:
    registration, ticket = live_server.do(_registered)
    page.goto("/")
    page.get_by_role("link", name="考生登录").click()
    assert axe(page) == []
    _log_in(page, ticket, id_number(1))
    expect(page.get_by_role("heading", level=1)).to_have_text("我的考试")
    expect(page.get_by_role("article")).to_contain_text(registration.seat)
    assert axe(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="下载准考证").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def test_wrong_number_keeps_the_ticket_that_was_read(page: Page, live_server: LiveServer, axe: Check) -> None:
    _, ticket = live_server.do(_registered)
    _log_in(page, ticket, id_number(2))
    expect(page.get_by_role("alert")).to_contain_text("准考证二维码与身份证号对不上")
    expect(page.get_by_label("准考证二维码")).to_have_value(f"AKT1.{ticket}")
    assert axe(page) == []


def test_scan_button_stays_away_where_the_browser_cannot_scan(page: Page, live_server: LiveServer) -> None:
    live_server.do(_registered)
    page.add_init_script("delete globalThis.BarcodeDetector")
    page.goto("/me/login")
    expect(page.get_by_role("button", name="用摄像头扫描")).to_be_hidden()


def test_camera_that_reads_a_ticket_fills_the_field(page: Page, live_server: LiveServer) -> None:
    live_server.do(_registered)
    page.add_init_script(
        "globalThis.BarcodeDetector = class { detect() { return Promise.resolve([{rawValue: 'AKT1.seen'}]); } };"
        "navigator.mediaDevices.getUserMedia = async () => document.createElement('canvas').captureStream();"
        "HTMLMediaElement.prototype.play = async () => {};"
    )
    page.goto("/me/login")
    page.get_by_role("button", name="用摄像头扫描").click()
    expect(page.get_by_label("准考证二维码")).to_have_value("AKT1.seen")
    expect(page.get_by_label("身份证号")).to_be_focused()
    expect(page.get_by_role("button", name="用摄像头扫描")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1366])
def test_auditor_narrows_the_list_and_opens_an_entry(
    page: Page, live_server: LiveServer, axe: Check, width: int
) -> None:
    live_server.do(_registered)

    async def open_session(runtime: Runtime) -> str:
        return (await session_of(runtime, role="auditor", region="33"))[1]

    token = live_server.do(open_session)
    page.set_viewport_size({"width": width, "height": 800})
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": live_server.url}])
    page.goto("/audit")
    page.get_by_label("操作", exact=True).fill("registration.")
    page.get_by_role("button", name="查找").click()
    expect(page.get_by_role("table", name="审计记录").get_by_text("registration.accepted")).to_have_count(1)
    assert axe(page) == []
    page.locator("a.row-link").first.click()
    expect(page.get_by_text("相符")).to_have_count(2)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
