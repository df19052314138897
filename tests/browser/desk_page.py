"""The room's proctor before the desk's page: binds terminals, acts on one candidate or on the room."""

from collections.abc import Mapping

from playwright.sync_api import Locator, Page, expect

NOTHING: Mapping[str, str] = {}


class DeskPage:
    """One room's page; every act ends with the word that it was done."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def card(self, seat: str) -> Locator:
        """The card of a seat."""
        return self.page.locator(".seat").filter(has=self.page.locator(".seat-name b", has_text=seat))

    def bind(self, code: str, seat: str) -> None:
        """Bind the terminal that shows a code."""
        form = self.page.locator(".bind-form")
        form.get_by_label("终端代码").fill(code)
        form.get_by_label("座位").fill(seat)
        self.page.get_by_role("button", name="绑定").click()
        self.told(f"座位 {seat} 的终端已绑定")

    def act(self, seat: str, name: str, *, reason: str = "", fields: Mapping[str, str] = NOTHING) -> None:
        """Do one act to a candidate: by its button, or by the menu where the button is in it."""
        button = self.card(seat).get_by_role("button", name=name, exact=True)
        if not button.is_visible():
            self.card(seat).locator("summary").click()
        button.click()
        self.confirm(reason, fields)

    def act_on_room(self, name: str, *, reason: str = "", fields: Mapping[str, str] = NOTHING) -> str:
        """Do one act to the whole room; return the sentence that said what would happen."""
        self.page.locator(".room-acts").get_by_role("button", name=name, exact=True).click()
        sentence = self.page.locator("dialog[open] form > p").first.inner_text()
        self.confirm(reason, fields)
        return sentence

    def confirm(self, reason: str, fields: Mapping[str, str] = NOTHING) -> None:
        """Fill the open dialog and send it."""
        dialog = self.page.locator("dialog[open]")
        if reason:
            dialog.get_by_label("理由").select_option(label=reason)
        for label, value in fields.items():
            field = dialog.get_by_label(label)
            if field.evaluate("node => node.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)
        dialog.locator("[type=submit]").click()

    def take_charge(self) -> None:
        """Answer for the room from now on."""
        self.page.get_by_role("button", name="由我负责").click()
        self.told("本考场由您负责")
        expect(self.page.locator(".duty-who")).to_contain_text("由您负责")

    def hand_over(self, note: str) -> None:
        """Offer the room to the only colleague, with words."""
        self.page.get_by_role("link", name="移交", exact=True).click()
        self.page.get_by_label("接班的监考员").select_option(index=1)
        self.page.get_by_label("需要交代的事").fill(note)
        self.page.get_by_role("button", name="提出移交").click()
        self.told("对方接班以前仍由您负责")

    def accept(self, note: str) -> None:
        """Take the room that a colleague offers with these words."""
        self.page.goto("/proctor")
        expect(self.page.locator(".handed blockquote")).to_have_text(note)
        self.page.get_by_role("button", name="接班", exact=True).click()
        self.told("您已接班")

    def keeps_still(self) -> bool:
        """Tell whether the room's own questions wait while somebody has a dialog open."""
        asked = "() => { let n = 0; document.addEventListener('htmx:beforeRequest', () => { n += 1; });"
        calm: bool = self.page.evaluate(asked + " htmx.trigger('#seats', 'refresh'); return n === 0; }")
        return calm

    def told(self, words: str) -> None:
        """Wait for what the page says after an act."""
        expect(self.page.locator("[data-toast]")).to_contain_text(words)
