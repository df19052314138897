"""A candidate at a seat: drives the terminal in a real browser, by mouse or by keyboard alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.terminal_exam import ID_NUMBER, TICKET, Exam, make_form
from tests.browser.terminal_stub import StubServer

PATIENCE_MS = 20_000
SMALL_FORM = {"judgement": 12, "choice": 8, "multiple": 2, "text_entry": 1}
UNACKED = """async () => {
  const request = indexedDB.open("ankao-terminal");
  const database = await new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  const all = (name) => new Promise((resolve) => {
    const rows = database.transaction(name).objectStore(name).getAll();
    rows.onsuccess = () => resolve(rows.result);
  });
  const [journal, acked] = [await all("journal"), await all("acked")];
  database.close();
  const high = new Map(acked.map((row) => [row.slot, row.seq]));
  return { kept: journal.length, unacked: journal.filter((row) => row.seq > (high.get(row.slot) ?? 0)).length };
}"""


class Seat:
    """One browser at one seat."""

    def __init__(self, context: BrowserContext, exam: Exam, url: str) -> None:
        self.context, self.exam, self.url = context, exam, url
        self.errors: list[str] = []
        self.page = self.open_tab()

    def open_tab(self) -> Page:
        """Open a page of the same browser; script errors are collected."""
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def check_in(self) -> None:
        """Go from the first page to the instructions."""
        page = self.page
        page.goto(self.url)
        page.locator(".checks ~ .actions .chief:enabled").click()
        page.fill("#ticket", TICKET)
        page.fill("#id_number", ID_NUMBER)
        page.keyboard.press("Enter")
        page.locator(".identity ~ .actions .chief").click()
        page.locator(".checks ~ .actions .chief:enabled").click()
        page.check("#rules-read")
        page.locator(".rules ~ .actions .chief").click()

    def check_in_by_keyboard(self) -> None:
        """Check in and start without a mouse."""
        page, keys = self.page, self.page.keyboard
        page.goto(self.url)
        self.press_when_ready(".checks ~ .actions .chief")
        page.wait_for_selector("#ticket:focus")
        for text in (TICKET, ID_NUMBER):
            keys.type(text)
            keys.press("Enter")
        page.wait_for_selector(".identity ~ .actions .chief:focus")
        keys.press("Enter")
        self.press_when_ready(".checks ~ .actions .chief")
        page.wait_for_selector(".rules")
        self.tab_to("#rules-read")
        keys.press("Space")
        self.press_when_ready(".rules ~ .actions .chief")
        self.press_when_ready(".hall .button:not([hidden])")
        page.wait_for_selector(".exam")

    def press_when_ready(self, selector: str) -> None:
        """Reach a button by Tab once it can be pressed, and press Enter."""
        self.page.locator(f"{selector}:enabled").wait_for()
        self.tab_to(selector)
        self.page.keyboard.press("Enter")

    def sit_down(self) -> None:
        """Check in and start."""
        self.check_in()
        self.page.locator(".hall .button:visible").click()
        self.page.wait_for_selector(".exam")

    def answer(self, slot: int, key: str) -> None:
        """Go to a slot by the answer card and choose by key."""
        self.page.locator(".cell").nth(slot - 1).click()
        self.page.keyboard.press(key)

    def ask_now(self) -> None:
        """Let the page ask the server at once, as it does when it is seen again."""
        self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    def light(self, name: str) -> str:
        """Read one light of the status line."""
        return self.page.locator(f"[data-light={name}]").inner_text()

    def expect_light(self, name: str, words: str) -> None:
        """Wait for words in the status line."""
        expect(self.page.locator(f"[data-light={name}]")).to_contain_text(words, timeout=PATIENCE_MS)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for a fact on the server, at most as long as a candidate would."""
        for _ in range(PATIENCE_MS // 50):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never came true; server has {self.exam.current()}")

    def journal(self) -> dict[str, Any]:
        """Count the journal on the disk: rows kept, rows that the server has not acknowledged."""
        counts: dict[str, Any] = self.page.evaluate(UNACKED)
        return counts

    def tab_to(self, selector: str) -> None:
        """Move the focus by Tab alone until it stands on a matching element."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    def hold(self, key: str = "Space", ms: int = 1900) -> None:
        """Hold the focused button by key."""
        self.page.keyboard.down(key)
        self.page.wait_for_timeout(ms)
        self.page.keyboard.up(key)


@contextmanager
def seat(browser: Browser, *, form: dict[str, int] | None = None, **options: Any) -> Iterator[Seat]:
    """Open a seat with its own server and its own browser profile; a script error fails the test."""
    exam = Exam(make_form(form or SMALL_FORM, 7200))
    options.setdefault("viewport", {"width": 1366, "height": 768})
    with StubServer(exam) as server:
        context = browser.new_context(locale="zh-CN", accept_downloads=True, **options)
        try:
            opened = Seat(context, exam, server.url)
            yield opened
            assert opened.errors == []
        finally:
            context.close()
