"""The wall's page without its pictures."""

import pytest
from playwright.sync_api import Page, expect

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt
from exam.identity.sessions import COOKIE
from tests.browser.live import LiveServer
from tests.builders.attempts import attempts_in_progress
from tests.builders.room import OpenRoom, open_room


@pytest.fixture
def wall(page: Page, live_server: LiveServer) -> Page:
    """Open the wall of a room where one candidate works."""

    async def made(runtime: Runtime) -> tuple[OpenRoom, str]:
        room = await open_room(runtime, people=1)
        [attempt] = await attempts_in_progress(runtime, 1, slots=2)
        async with runtime.databases.transaction(Scope(region="33")) as session:
            row = await get_attempt(session, attempt, now=runtime.clock.now())
        return room, f"/proctor/sittings/{row.sitting_id}/rooms/{row.room_id}/wall"

    room, path = live_server.do(made)
    page.context.add_cookies([{"name": COOKIE, "value": room.session, "url": live_server.url}])
    page.goto(path)
    return page


def test_a_refused_act_says_its_code(wall: Page) -> None:
    wall.locator("#o-room-message").click()
    dialog = wall.locator("#d-room-message")
    dialog.get_by_label("内容").fill("请坐好。")
    dialog.get_by_label("理由").evaluate("node => { node.required = false; }")
    dialog.locator("[type=submit]").click()
    expect(wall.locator("#toasts")).to_contain_text("请选择这项操作的原因。 · reason_missing")
    expect(dialog).to_be_visible()


def test_the_drawer_stands_in_view_before_anybody_scrolls(wall: Page) -> None:
    wall.locator(".tile-open:enabled").click()
    expect(wall.locator("#drawer-title")).to_be_focused()
    assert wall.evaluate("scrollY") == 0
    box = wall.locator("#drawer").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 768
