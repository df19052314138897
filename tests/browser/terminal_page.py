"""A candidate before the terminal's page: drives it in a real browser, by mouse or by keyboard alone."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

PATIENCE_MS = 20_000
HELD_MS = 1900
ROWS = """async () => {
  const request = indexedDB.open("ankao-terminal");
  const database = await new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
  const all = (name) => new Promise((resolve) => {
    const rows = database.transaction(name).objectStore(name).getAll();
    rows.onsuccess = () => resolve(rows.result);
  });
  const [journal, acked] = [await all("journal"), await all("acked")];
  database.close();
  return {
    journal: journal.map(({ slot, seq }) => [slot, seq]),
    acked: acked.map(({ slot, seq, receipt }) => [slot, seq, receipt ?? ""]),
  };
}"""


class TerminalPage:
    """One browser at one seat; script errors are collected."""

    def __init__(self, context: BrowserContext, url: str, ticket: str, id_number: str) -> None:
        self.context, self.url = context, url
        self.ticket, self.id_number = ticket, id_number
        self.errors: list[str] = []
        self.page = self.open_tab()

    def open_tab(self) -> Page:
        """Open a page of the same browser."""
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def pass_system_check(self) -> None:
        """Go on from the check of the computer."""
        self.page.locator(".checks ~ .actions .chief:enabled").click()

    def wait_until_kept(self) -> None:
        """Wait until this browser keeps the page itself for a reload without network."""
        self.page.wait_for_function("navigator.serviceWorker.controller !== null")

    def code(self) -> str:
        """Read the code that the proctor must type."""
        return self.page.locator("#enrol-code .sr").inner_text().replace(" ", "")

    def identify(self, *, confirm: bool = True) -> None:
        """Show ticket and ID number, and say that the photo is right unless the test does that."""
        self.page.fill("#ticket", self.ticket)
        self.page.fill("#id_number", self.id_number)
        self.page.keyboard.press("Enter")
        yes = self.page.locator(".identity ~ .actions .chief")
        yes.wait_for()
        if confirm:
            yes.click()

    def read_rules(self) -> None:
        """Read the instructions and go to the waiting room."""
        self.page.check("#rules-read")
        self.page.locator(".rules ~ .actions .chief").click()

    def check_in(self) -> None:
        """Go from the first page of a bound terminal to the waiting room."""
        self.page.goto(self.url)
        self.pass_system_check()
        self.identify()
        self.pass_system_check()
        self.read_rules()

    def check_in_by_keyboard(self) -> None:
        """Check in and start without a mouse."""
        page, keys = self.page, self.page.keyboard
        page.goto(self.url)
        self.press_when_ready(".checks ~ .actions .chief")
        page.wait_for_selector("#ticket:focus")
        for text in (self.ticket, self.id_number):
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

    def begin(self) -> None:
        """Start from the waiting room, after the start of the sitting."""
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

    def wait_until(self, condition: Callable[[], bool], words: Callable[[], object] = str) -> None:
        """Wait for a fact on the server, at most as long as a candidate would; `words` tell what is there instead."""
        for _ in range(PATIENCE_MS // 50):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never came true: {words()}")

    def rows(self) -> dict[str, list[Any]]:
        """Read the disk: [slot, seq] of the journal, [slot, seq, receipt] of what the server acknowledged."""
        found: dict[str, list[Any]] = self.page.evaluate(ROWS)
        return found

    def journal(self) -> dict[str, int]:
        """Count the journal on the disk: rows kept, rows that the server has not acknowledged."""
        rows = self.rows()
        high = {slot: seq for slot, seq, _ in rows["acked"]}
        return {"kept": len(rows["journal"]), "unacked": sum(seq > high.get(slot, 0) for slot, seq in rows["journal"])}

    def tab_to(self, selector: str) -> None:
        """Move the focus by Tab alone until it stands on a matching element."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    def hold(self, key: str = "Space", ms: int = HELD_MS) -> None:
        """Hold the focused button by key."""
        self.page.keyboard.down(key)
        self.page.wait_for_timeout(ms)
        self.page.keyboard.up(key)
