"""Practical sheets on a tablet and results at the centre, in a real browser: used, keyboard and axe clean."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from grading.api import release_sitting
from tests.browser.live import LiveServer
from tests.builders.grading import Examined, close_and_score, examined
from tests.builders.sitting import make_staff

Check = Callable[[Page], list[str]]
TABLET = {"width": 820, "height": 1180}
PHONE = {"width": 390, "height": 844}


async def _told(runtime: Runtime) -> Examined:
    exam = await examined(runtime, None, right=[9, 8, 3])
    await close_and_score(runtime, exam)
    async with runtime.databases.transaction(exam.scope) as session:
        await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, runtime.clock.now())
    return exam


async def _scored(runtime: Runtime) -> Examined:
    exam = await examined(runtime, None, right=[9, 8, 7, 3])
    await close_and_score(runtime, exam)
    return exam


def _become(page: Page, server: LiveServer, exam: Examined, role: str) -> None:
    async def staff(runtime: Runtime) -> str:
        return (await make_staff(runtime, role=role, organisation=exam.centre.id))[1]

    page.context.add_cookies([{"name": COOKIE, "value": server.do(staff), "url": server.url}])


def _fill(page: Page, *marks: str) -> None:
    for field, text in zip(page.locator("[data-weight]").all(), marks, strict=True):
        field.fill(text)


def test_two_assessors_mark_a_candidate_on_a_tablet(page: Page, live_server: LiveServer, axe: Check) -> None:
    exam = live_server.do(_told)
    page.set_viewport_size(TABLET)  # type: ignore[arg-type]  # a mapping of the two numbers
    _become(page, live_server, exam, "assessor")
    page.goto("/assess")
    assert axe(page) == []
    page.get_by_role("link", name="评分", exact=True).first.click()
    _fill(page, "80", "90", "85.5", "90")
    expect(page.locator("[data-total]")).to_contain_text("87.1")
    page.get_by_label("V2").check()
    expect(page.locator("[data-total]")).to_contain_text("有否决项")
    page.get_by_label("V2").uncheck()
    page.get_by_role("button", name="K1 加 5 分").click()
    expect(page.locator("[data-total]")).to_contain_text("88.1")
    assert axe(page) == []
    page.get_by_role("button", name="提交并等待复核").click()
    expect(page.get_by_text("须由另一位考评员复核").first).to_be_visible()
    sheet = page.url
    _become(page, live_server, exam, "assessor")
    page.goto(sheet)
    assert axe(page) == []
    page.get_by_role("button", name="同意").click()
    page.get_by_role("dialog").get_by_role("button", name="同意").click()
    expect(page.get_by_text("88.1").first).to_be_visible()
    expect(page.locator(".state", has_text="合格").first).to_be_visible()


def test_assessors_who_differ_are_settled_by_a_third(page: Page, live_server: LiveServer, axe: Check) -> None:
    exam = live_server.do(_told)
    _become(page, live_server, exam, "assessor")
    page.goto(f"/assess/registrations/{exam.registrations[0].id}")
    _fill(page, "90", "90", "90", "90")
    page.get_by_role("button", name="提交并等待复核").click()
    sheet = page.url
    _become(page, live_server, exam, "assessor")
    page.goto(sheet)
    page.locator("summary", has_text="不同意").click()
    _fill(page, "90", "60", "90", "90")
    page.get_by_label("V3").check()
    page.get_by_role("button", name="提交我的评分").click()
    expect(page.get_by_text("有分歧").first).to_be_visible()
    _become(page, live_server, exam, "assessor")
    page.goto(sheet)
    assert axe(page) == []
    assert page.locator("[data-weight]").count() == 1
    _fill(page, "75")
    page.get_by_label("裁定理由").fill("复看录像,接线正确。")
    page.get_by_role("button", name="提交裁定").click()
    expect(page.locator(".decided")).to_contain_text("84")


async def _written(runtime: Runtime) -> Examined:
    exam = await examined(runtime, None, right=[9], written="先断电,再验电,后挂接地线。")
    await close_and_score(runtime, exam)
    return exam


def test_an_answer_in_words_is_marked_by_two_apart_and_settled_by_a_third(
    page: Page, live_server: LiveServer, axe: Check
) -> None:
    exam = live_server.do(_written)
    for marks, said in (("9.5", "已提交。另一位"), ("4", "等待第三位"), ("7", "已经确定")):
        _become(page, live_server, exam, "assessor")
        page.goto("/assess/answers")
        page.get_by_role("link", name="评阅", exact=True).click()
        expect(page.get_by_text("先断电,再验电,后挂接地线。")).to_be_visible()
        expect(page.get_by_text("9.5")).to_have_count(int(marks == "7"))
        assert axe(page) == []
        page.get_by_label("分数").fill(marks)
        page.get_by_label("意见" if marks != "7" else "裁定理由").fill("要点齐全")
        page.get_by_role("button", name="看下一份").click()
        expect(page.get_by_text(said)).to_be_visible()
    assert axe(page) == []
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a mapping of the two numbers
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_centre_releases_results_after_the_sentence(page: Page, live_server: LiveServer, axe: Check) -> None:
    exam = live_server.do(_scored)
    _become(page, live_server, exam, "centre")
    page.goto("/results")
    assert axe(page) == []
    page.locator(f'a[href="/centre/sittings/{exam.sitting_id}/results"]').click()
    assert axe(page) == []
    page.get_by_role("button", name="公布本场成绩").click()
    expect(page.get_by_role("dialog")).to_contain_text("4 条成绩立即对考生公布")
    page.get_by_role("dialog").get_by_role("button", name="公布本场成绩").click()
    expect(page.get_by_text("本场次成绩已全部公布")).to_be_visible()


def test_a_regrade_is_tried_before_it_is_proposed(page: Page, live_server: LiveServer, axe: Check) -> None:
    exam = live_server.do(_scored)
    _become(page, live_server, exam, "centre")
    page.goto(f"/centre/sittings/{exam.sitting_id}/regrades/new")
    assert axe(page) == []
    page.get_by_label("座位").fill(exam.registrations[2].seat)
    page.get_by_label("题号").fill("8")
    page.get_by_role("button", name="查找").click()
    page.get_by_label("更正答案").check()
    expect(page.locator("[data-key]")).to_be_visible()
    page.get_by_label("全员给分").check()
    expect(page.locator("[data-key]")).to_be_hidden()
    page.get_by_role("button", name="试算影响").click()
    expect(page.get_by_text("由不合格转为合格")).to_be_visible()
    assert axe(page) == []
    page.get_by_label("理由").fill("命题单位更正")
    page.get_by_role("button", name="提交重评方案").click()
    expect(page.get_by_text("须由本考点另一位经办人批准").first).to_be_visible()
    assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_results_and_sheets_fit_a_phone_in_every_theme(
    page: Page, live_server: LiveServer, axe: Check, theme: str
) -> None:
    exam = live_server.do(_told)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a mapping of the two numbers
    page.context.add_cookies([{"name": "theme", "value": theme, "url": live_server.url}])
    pages = {
        "centre": [f"/centre/sittings/{exam.sitting_id}/results", "/results"],
        "assessor": ["/assess", f"/assess/registrations/{exam.registrations[0].id}"],
    }
    for role, paths in pages.items():
        _become(page, live_server, exam, role)
        for path in paths:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
            assert axe(page) == []
