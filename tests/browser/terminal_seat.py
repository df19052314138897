"""A seat with the stub behind it: for what a real server cannot be made to do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from tests.browser.terminal_exam import ID_NUMBER, TICKET, Exam, make_form
from tests.browser.terminal_page import TerminalPage
from tests.browser.terminal_stub import StubServer

SMALL_FORM = {"judgement": 12, "choice": 8, "multiple": 2, "text_entry": 1}


class Seat(TerminalPage):
    """One browser at one seat of the stub's exam."""

    def __init__(self, context: BrowserContext, exam: Exam, url: str) -> None:
        super().__init__(context, url, TICKET, ID_NUMBER)
        self.exam = exam

    def sit_down(self) -> None:
        """Check in and start."""
        self.check_in()
        self.begin()

    def wait_until(self, condition: Callable[[], bool], words: Callable[[], object] | None = None) -> None:
        """Wait for a fact on the server."""
        super().wait_until(condition, words or (lambda: f"the server has {self.exam.current()}"))


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
