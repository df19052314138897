"""The real terminal against the real server while the network or the database is away: no answer is lost (A4, A5)."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.hall import Hall, open_hall
from tests.browser.terminal_page import PATIENCE_MS
from tests.services import Services

SAVED_WITHIN_S = 10


@pytest.fixture(scope="module")
def hall(browser: Browser, services: Services) -> Iterator[Hall]:
    """Open one room for the tests of this file: one candidate each."""
    with services.database() as settings, open_hall(browser, settings, ["王小明", "李芳", "赵强"]) as opened:
        yield opened


def test_answers_given_without_network_survive_a_reload_and_arrive_in_the_order_typed(hall: Hall) -> None:
    here = hall.sit_down(0)
    page, keys = here.page, here.page.keyboard
    here.answer(1, "1")
    here.expect_light("saved", "已保存")
    with hall.line.cut():
        typed = [30, *range(2, 21), *range(21, 30), 31]
        for slot in typed:
            here.answer(slot, "2")
        expect(page.locator(".offline")).to_contain_text("答案已存在本机")
        here.expect_light("saved", "30 题存在本机")
        page.reload()
        expect(page.locator(".cell.answered")).to_have_count(31)
        expect(page.locator(".item-title")).to_contain_text("第 31 题")
        expect(page.locator(".timer")).to_contain_text("约剩")
        keys.press("ArrowRight")
        keys.press("1")
        assert len(hall.stored(0)) == 1
    mended = time.monotonic()
    here.wait_until(lambda: len(hall.stored(0)) == 32)
    assert time.monotonic() - mended < SAVED_WITHIN_S
    assert [row.slot for row in hall.stored(0)] == [1, *typed, 32]
    arrivals = [row.arrived_ms for row in hall.stored(0)]
    assert arrivals == sorted(arrivals)
    expect(page.locator(".offline")).to_be_hidden()
    here.expect_light("saved", "已保存 ")
    assert here.journal() == {"kept": 32, "unacked": 0}
    hall.require_acknowledged(0, here)


NO_SOCKETS = """
Object.defineProperty(window, "WebSocket", { value: class { constructor() { throw new Error("blocked"); } } });
"""


@pytest.mark.parametrize(("number", "script"), [(1, ""), (2, NO_SOCKETS)], ids=["as it is", "no WebSocket"])
def test_a5_failed_save_then_reload_without_touching_the_item_is_sent(hall: Hall, number: int, script: str) -> None:
    """Saves go by fetch alone: with every WebSocket refused for the whole exam nothing is different."""
    here = hall.sit_down(number, script=script)
    here.answer(1, "1")
    here.expect_light("saved", "已保存")
    with hall.outage():
        with here.page.expect_response(lambda answer: answer.url.endswith("/responses")) as saved:
            here.answer(2, "1")
        assert saved.value.status == 503
        here.answer(1, "2")
        here.expect_light("network", "服务器繁忙")
        here.expect_light("saved", "2 题存在本机")  # only then is the last key press on the disk
        here.page.reload()
        expect(here.page.locator(".cell.answered")).to_have_count(2, timeout=PATIENCE_MS)
        assert here.journal()["unacked"] == 2
    here.wait_until(lambda: hall.answers(number) == {1: ["F"], 2: ["T"]})
    here.expect_light("saved", "已保存")
    assert here.journal() == {"kept": 2, "unacked": 0}
    hall.require_acknowledged(number, here)
