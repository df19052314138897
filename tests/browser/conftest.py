"""A real Chromium, the real application, and the accessibility check that every page must pass."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from exam.core.config import Settings
from tests.browser.academy import Academy
from tests.browser.live import LiveServer, MovedClock, serving

SHELL = "/usr/bin/chromium-headless-shell"
CHROMIUM = SHELL if Path(SHELL).exists() else "/usr/bin/chromium"
"""Chromium without a window takes half the processor time of one that has a window and does not show it."""
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run one Chromium for the tests of a file: its driver holds the thread's event loop, which other tests need."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def live_server(settings: Settings) -> Iterator[LiveServer]:
    """Serve the whole application over a fresh database."""
    with serving(settings) as server:
        yield server


@pytest.fixture
def academy(settings: Settings, browser: Browser) -> Iterator[Academy]:
    """Serve a training body with one class, and close its pages at the end; a script error fails the test."""
    clock = MovedClock()
    with serving(settings, clock) as server:
        opened = Academy(server, clock, browser)
        yield opened
        for page in opened.pages:
            page.context.close()
        assert opened.errors == []


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Open a page in a context of its own; paths are relative to the live server, a script error fails the test."""
    context = browser.new_context(base_url=live_server.url, locale="zh-CN", viewport={"width": 1366, "height": 768})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda message: errors.append(message.text) if _refused(message.text) else None)
    yield opened
    context.close()
    assert errors == []


def _refused(text: str) -> bool:
    """Tell what the content security policy stopped; it shows in the console alone."""
    return "Content Security Policy" in text


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Return a check: what axe finds against WCAG 2.2 AA, one line for each element."""
    scanner = Axe()

    def check(page: Page) -> list[str]:
        page.wait_for_load_state()  # a click waits for the next page to begin, and half a page breaks other rules
        page.evaluate("window.scrollTo(0, 0)")  # what is half scrolled away would count as too small
        found = scanner.run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
        return [
            f"{violation['id']}: {node['html'][:160]} — {node.get('failureSummary', '')}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]

    return check
