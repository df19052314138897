"""The pictures of the README, taken again from a running demo: `python -m tests.browser.pictures var`.

The argument is the data directory of `deploy/up`. A candidate of the open sitting is seated, admitted and answers some
items, so use a demo that may be changed.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyotp
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from exam.cli.context import read_services
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.desk_page import DeskPage
from tests.browser.hall import WIDE
from tests.browser.terminal_page import PATIENCE_MS, TerminalPage

PICTURES = Path("deploy/pictures")
KEYS = "1221121"
"""Answers to the first items: right or wrong, it is a picture."""

PLAYS = "tile => new Promise(seen => { tile.ontimeupdate = () => tile.currentTime > 1 && seen(); })"


class Demo:
    """A running demo: its address, its log-ins and the candidates whom it offers a seat."""

    def __init__(self, browser: Browser, data_dir: Path) -> None:
        self._browser = browser
        self.url = read_services(data_dir)["base_url"]
        self._logins = {each["login"]: each for each in _read(data_dir / "demo.json")["logins"]}
        self.tickets: list[dict[str, str]] = _read(data_dir / "demo-open-sitting.json")

    @contextmanager
    def context(self, **options: Any) -> Iterator[BrowserContext]:
        """Open a browser of its own."""
        chosen = {"base_url": self.url, "locale": "zh-CN", "viewport": WIDE, "color_scheme": "light", **options}
        context = self._browser.new_context(**chosen)
        context.set_default_timeout(PATIENCE_MS)
        yield context
        context.close()

    def log_in(self, context: BrowserContext, login: str) -> Page:
        """Log in as one of the demo's accounts, with the second factor."""
        account, page = self._logins[login], context.new_page()
        page.goto("/login")
        page.fill("[name=login]", account["login"])
        page.fill("[name=password]", account["password"])
        page.keyboard.press("Enter")
        page.fill("[name=code]", pyotp.TOTP(account["totp"]).now())
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        return page


def _read(path: Path) -> Any:
    return msgspec.json.decode(path.read_bytes())


def _keep(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png")


def exam_and_room(demo: Demo, proctor: Page) -> None:
    """Seat one candidate, and take the terminal in the middle of the exam and the desk that watches it."""
    seat, desk = demo.tickets[0], DeskPage(proctor)
    with demo.context() as room:
        desk.page.goto("/proctor")
        desk.page.locator(f".room-choice a[href*='{seat['room_id']}']").first.click()
        here = TerminalPage(room, f"{demo.url}/terminal", seat["ticket"], seat["id_number"])
        here.page.goto(here.url)
        here.pass_system_check()
        desk.bind(here.code(), seat["seat"])
        here.identify()
        here.pass_system_check()
        here.read_rules()
        desk.act(seat["seat"], "核验入场", reason="本人、照片与证件一致")
        here.begin()
        for slot, key in enumerate(KEYS, 1):
            here.answer(slot, key)
        here.expect_light("saved", "已保存")
        _keep(here.page, "terminal")
        desk.page.reload()
        _keep(desk.page, "proctor")


def wall(page: Page) -> None:
    """Take the cameras of the demo's live room, as a remote proctor sees them."""
    page.goto("/proctor")
    page.locator(".room-choice").filter(has_text="实时监考演示").get_by_role("link").first.click()
    page.get_by_role("link", name="监控墙").click()
    for number in range(4):
        page.locator("video").nth(number).evaluate(PLAYS)
    page.screenshot(path=PICTURES / "wall.png")


def regulator(demo: Demo) -> None:
    """Take the regulator's desk in the dark and in English."""
    with demo.context(color_scheme="dark", locale="en-GB") as context:
        page = demo.log_in(context, "regulator")
        page.goto("/regulator")
        _keep(page, "regulator")


def main(data_dir: str) -> None:
    """Take every picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        demo = Demo(browser, Path(data_dir))
        with demo.context() as context:
            proctor = demo.log_in(context, "proctor")
            exam_and_room(demo, proctor)
            wall(proctor)
        regulator(demo)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
