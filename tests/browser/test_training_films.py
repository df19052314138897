"""Films of lessons in a real browser: uploaded, watched in order, waited for, and found again."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.training.ledger.judging import Beat
from exam.training.lessons.study import take_beat
from exam.training.materials.making import run_make
from tests.browser.academy import BEAT_S, Academy, open_lesson, until
from tests.builders.films import film_bytes
from tests.builders.training import make_film_lesson

Check = Callable[[Page], list[str]]


def test_clerk_uploads_a_film_and_a_learner_watches_it_to_its_end(academy: Academy, axe: Check) -> None:
    _film_lesson(academy, axe)
    learner = academy.learner()
    academy.clock.jump(timedelta(days=1))
    page = academy.learner_page(learner, width=390)
    page.goto("/learn")
    page.get_by_role("listitem").filter(has_text="停电检修").get_by_role("button").click()
    _watch(academy, page, axe)


def _film_lesson(academy: Academy, axe: Check) -> None:
    """Upload a film as a clerk, let the worker's job make it, and make it a lesson that a second clerk publishes."""
    page = academy.enter(academy.page(), academy.school.clerk)
    page.goto("/centre/training/materials/new")
    assert axe(page) == []
    film = film_bytes(size=(320, 180))
    page.get_by_label("视频、PDF 或课件包文件").set_input_files(
        {"name": "检修.mp4", "mimeType": "video/mp4", "buffer": film}
    )
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_text("正在排队等待转换")).to_be_visible()
    material = page.url.rpartition("/")[2]
    academy.server.do(lambda runtime: run_make(runtime, material_id=material, region=academy.school.region))
    expect(page.get_by_role("heading", name="做成课件")).to_be_visible()  # the page noticed by itself
    expect(page.get_by_role("main")).to_have_count(1)
    until(page, "readyState >= 2")
    assert axe(page) == []
    words = "WEBVTT\n\n00:00.000 --> 00:15.000\n先断电".encode()
    page.get_by_label("字幕文件").set_input_files({"name": "a.vtt", "mimeType": "", "buffer": words})
    page.get_by_role("button", name="保存字幕").click()
    expect(page.get_by_text("字幕已保存")).to_be_visible()
    page.get_by_label("条目").select_option("officer.general 1.1")
    page.get_by_label("名称").fill("停电检修")
    page.get_by_role("button", name="保存草稿").click()
    second = academy.enter(page, academy.school.clerk2)
    second.reload()
    second.get_by_role("button", name="发布").click()
    expect(second.get_by_text("课件已发布")).to_be_visible()


def _watch(academy: Academy, page: Page, axe: Check) -> None:
    """Play, try to drag ahead, hide the check's answer for a moment, come to the end, and move freely afterwards."""
    expect(page.get_by_role("heading", level=1)).to_have_text("停电检修")
    assert axe(page) == []
    page.get_by_role("button", name="播放").click()
    until(page, "currentTime >= 1")
    page.evaluate("document.querySelector('video').currentTime = 12")
    until(page, "currentTime < 4")
    assert page.evaluate("document.querySelector('video').textTracks[0].activeCues[0].text") == "先断电"
    academy.pass_time(page, BEAT_S)
    expect(page.get_by_role("progressbar", name="学习进度")).not_to_have_js_property("value", 0)
    until(page, "ended || document.querySelector('[data-check]').open")  # the report may come before the last picture
    academy.pass_time(page, BEAT_S)
    expect(page.get_by_role("dialog")).to_contain_text("您还在学习吗")
    page.get_by_role("button", name="我在学习").click()
    expect(page.locator(".lesson-state")).to_contain_text("本课件已学完")
    page.evaluate("document.querySelector('video').currentTime = 3")
    until(page, "currentTime < 4")
    assert page.evaluate("document.querySelector('video').controls")
    page.get_by_role("button", name="退出学习").click()
    expect(page.get_by_text("已学完")).to_be_visible()


def test_film_goes_on_where_it_was_left_waits_for_what_is_not_open_and_outlives_a_poor_line(academy: Academy) -> None:
    film = film_bytes(48)
    academy.server.do(lambda runtime: make_film_lesson(runtime, academy.school, title="停电检修", data=film))
    learner = academy.learner()
    academy.clock.jump(timedelta(days=1))
    page = academy.learner_page(learner)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_lesson(page, "停电检修")
    until(page, "readyState >= 3")
    _studied(academy, learner.person_id, page.url, reach_ms=11_000)
    page.reload()
    until(page, "readyState >= 3")
    assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(11)
    _rest(academy, page, asked)
    page.get_by_role("button", name="播放").click()
    until(page, "currentTime >= 13")
    assert page.evaluate("document.querySelector('video').duration") < 44  # the last segment is not open yet
    academy.pass_time(page, BEAT_S)
    until(page, "duration > 47")
    _lose_the_line(page, asked)


def _studied(academy: Academy, person: UUID, address: str, *, reach_ms: int) -> None:
    """Let a learner have watched a film's beginning in one report."""
    academy.clock.jump(timedelta(seconds=BEAT_S))
    beat = Beat(seq=1, after="", position_ms=reach_ms, seen=True, idle_s=0, clock_ms=0)

    async def take(runtime: Runtime) -> None:
        async with runtime.databases.transaction(Scope(person=person)) as session:
            visit, at = UUID(address.rpartition("/")[2]), runtime.clock.now()
            assert (await take_beat(session, person, visit, beat, genuine=True, at=at)).reach_ms == reach_ms

    academy.server.do(take)


def _rest(academy: Academy, page: Page, asked: list[str]) -> None:
    """A film at rest that has all it needs asks for nothing: nothing opens while nobody studies."""
    for _ in range(3):
        academy.pass_time(page, BEAT_S)
        page.wait_for_timeout(300)
    before = len([url for url in asked if "/film" in url])
    for _ in range(3):
        academy.pass_time(page, BEAT_S)
        page.wait_for_timeout(300)
    assert len([url for url in asked if "/film" in url]) == before


def _lose_the_line(page: Page, asked: list[str]) -> None:
    """Go back to what was not fetched yet while no segment arrives; the film waits, and goes on by itself."""
    page.route("**/film/segments/*", lambda route: route.abort())
    asked.clear()
    page.get_by_role("button", name="退回 10 秒").click()
    until(page, "readyState < 3")
    for _ in range(300):
        if len([url for url in asked if "/film/segments/" in url]) == 3:
            break
        page.wait_for_timeout(100)
    page.unroute("**/film/segments/*")
    until(page, "readyState >= 3")
    before = page.evaluate("document.querySelector('video').currentTime")
    assert before < 10
    until(page, f"currentTime > {before} + 1")
