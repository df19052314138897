"""Packages as lessons in a real browser: SCORM and cmi5 in an origin of their own."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from tests.browser.academy import BEAT_S, Academy, open_lesson
from tests.builders.packages import cmi5_bytes, scorm_bytes
from tests.builders.training import make_package_lesson

Check = Callable[[Page], list[str]]


def test_package_is_found_where_it_was_left_and_stays_in_its_own_origin(academy: Academy, axe: Check) -> None:
    learner = academy.learner()
    academy.clock.jump(timedelta(days=1))
    page = academy.learner_page(learner, width=390)
    academy.server.do(
        lambda runtime: make_package_lesson(runtime, academy.school, title="触电急救", data=scorm_bytes("scorm2004"))
    )
    frame = page.frame_locator(".package").frame_locator("iframe").frame_locator("iframe")
    open_lesson(page, "触电急救")
    expect(frame.locator("#place")).to_have_text("位置: 数据:")
    assert axe(page) == []
    frame.get_by_role("button", name="完成").click()
    expect(frame.locator("#place")).to_have_text("已提交")
    page.get_by_role("combobox", name="目录").select_option("灭火")
    expect(frame.locator("#place")).to_have_text("位置: 数据:")
    frame.get_by_role("button", name="完成").click()
    expect(frame.locator("#place")).to_have_text("已提交")
    page.get_by_role("combobox", name="目录").select_option("触电急救")
    expect(frame.locator("#place")).to_have_text("位置:p7 数据:第七页")
    page.get_by_role("button", name="退出学习").click()
    open_lesson(page, "触电急救")
    expect(frame.locator("#place")).to_have_text("位置:p7 数据:第七页")
    there = next(each for each in page.frames if each.url.startswith("http://localhost"))
    assert there.evaluate("document.cookie") == ""
    assert there.evaluate("fetch('/learn').then(() => 'let', () => 'kept out')") == "kept out"
    academy.pass_time(page, BEAT_S)
    expect(page.get_by_role("progressbar", name="学习进度")).not_to_have_js_property("value", 0)


def test_units_of_a_course_say_what_they_are_and_are_found_where_they_were_left(academy: Academy, axe: Check) -> None:
    learner = academy.learner()
    academy.clock.jump(timedelta(days=1))
    page = academy.learner_page(learner, width=390)
    academy.server.do(lambda runtime: make_package_lesson(runtime, academy.school, title="用电安全", data=cmi5_bytes()))
    unit = page.frame_locator(".package").frame_locator("iframe")
    open_lesson(page, "用电安全")
    expect(unit.locator("#place")).to_have_text("Normal level=2 位置:")
    assert axe(page) == []
    unit.get_by_role("button", name="完成").click()
    expect(unit.locator("#place")).to_have_text("已提交 204 204 204")
    page.get_by_role("combobox", name="目录").select_option("灭火")
    expect(unit.locator("#place")).to_have_text("Normal 位置:")
    page.get_by_role("combobox", name="目录").select_option("触电急救")
    expect(unit.locator("#place")).to_have_text("Review level=2 位置:第七页")
    there = next(each for each in page.frames if "endpoint=" in each.url)
    assert there.evaluate("fetch('/learn').then(() => 'let', () => 'kept out')") == "kept out"
