"""Practice, a quiz and a mock exam in a real browser, and how ready the learner is after them."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from playwright.sync_api import Page, expect

from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from questionbank.api import Interaction
from questionbank.items.content import ItemDraft
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from tests.browser.academy import Academy, open_lesson
from tests.builders.figures import figured_draft
from tests.builders.questionbank import draft, publish_bank, some_drafts
from tests.builders.training import OFFICER, make_quiz_lesson

Check = Callable[[Page], list[str]]


def _open_bank(academy: Academy, drafts: Sequence[ItemDraft], released: Sequence[int]) -> None:
    """Publish a bank of which the items at some places are open for practice."""

    async def build(runtime: Runtime) -> None:
        bank = await publish_bank(runtime, qualification=OFFICER, drafts=drafts)
        ids = [bank.item_ids[place] for place in released]
        async with runtime.databases.transaction(Scope(region="33"), Role.BANK) as session:
            await act_on_items(session, bank.makers.publisher, ItemAct.RELEASED, ids, at=runtime.clock.now())

    academy.server.do(build)


def _practice_page(academy: Academy) -> Page:
    """Open a learner's page of practice on a phone."""
    academy.clock.jump(timedelta(days=1))  # the class begins
    page = academy.learner_page(academy.learner(), width=390)
    page.goto("/learn")
    page.get_by_role("article").get_by_role("link", name="练习与模拟考试").click()
    return page


def test_learner_practises_sits_a_mock_and_reads_how_ready_they_are(academy: Academy, axe: Check) -> None:
    drafts = [figured_draft(each) for each in some_drafts(each=8)]
    _open_bank(academy, drafts, [8 * kind + place for kind in range(3) for place in range(4)])
    page = _practice_page(academy)
    expect(page.get_by_text("还不知道").first).to_be_visible()
    _practise(page, axe)
    _take_quiz(academy, page, axe)
    _sit_mock(page, axe)
    page.get_by_role("link", name="练习与模拟考试").first.click()
    expect(page.get_by_role("region", name="准备得怎样")).to_contain_text("估计答对")
    assert axe(page) == []


def _take_quiz(academy: Academy, page: Page, axe: Check) -> None:
    """Answer a round of a quiz on the lesson's page, and come back to practice."""
    academy.server.do(lambda runtime: make_quiz_lesson(runtime, academy.school, title="小测"))
    open_lesson(page, "小测")
    for number in range(1, 4):
        expect(page.get_by_text(f"第 {number} 题")).to_be_visible()
        page.get_by_role("radio").or_(page.get_by_role("checkbox")).first.check()
        page.get_by_role("button", name="看答案").click()
        expect(page.get_by_text("正确答案")).to_be_visible()
        page.get_by_role("button", name="下一题" if number < 3 else "看结果").click()
    expect(page.get_by_text("这一轮答对")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="再做一轮").click()
    expect(page.get_by_text("第 1 题")).to_be_visible()
    page.get_by_role("button", name="退出学习").click()
    page.get_by_role("article").get_by_role("link", name="练习与模拟考试").click()


def _practise(page: Page, axe: Check) -> None:
    """Answer by keys until one is wrong, keep it, and find it again in the book of wrong answers."""
    page.get_by_role("link", name="开始").click()
    for _ in range(12):
        assert "解析" not in page.content()
        expect(page.get_by_role("button", name="看答案")).to_be_visible()
        page.wait_for_load_state()  # the keys are the script's
        page.keyboard.press("2")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("答案与解析")
        expect(page.get_by_text("法律依据")).to_be_visible()
        if page.get_by_text("已记入错题本").count():
            break
        page.get_by_role("link", name="下一题").click()
    assert axe(page) == []
    stem = page.locator(".asking-stem").inner_text()
    page.get_by_role("button", name="收藏").click()
    expect(page.get_by_role("button", name="取消收藏")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="练习与模拟考试").click()
    page.get_by_role("link", name="打开错题本").click()
    expect(page.get_by_text(stem)).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="练习与模拟考试").click()


def _sit_mock(page: Page, axe: Check) -> None:
    """Sit the mock on the terminal's own page, through a reload, and read its review."""
    page.get_by_role("button", name="开始模拟考试").click()
    expect(page.get_by_role("timer")).to_contain_text("00:29")
    page.keyboard.press("1")
    expect(page.get_by_text("已保存")).to_be_visible()
    page.reload()
    expect(page.get_by_role("radio").first).to_be_checked()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".option img")).to_have_js_property("naturalWidth", 60)
    assert axe(page) == []
    page.get_by_role("button", name="答题卡").click()
    page.get_by_role("button", name="交卷").click()
    page.get_by_role("button", name="按住").press("Enter", delay=2_500)
    expect(page.get_by_role("heading", level=1)).to_have_text("模拟考试结果")
    expect(page.get_by_role("table", name="按知识点")).to_be_visible()
    wrong = page.locator("details[open]", has=page.locator("math")).first
    expect(wrong.locator("audio")).to_have_attribute("aria-label", "警报声")
    assert axe(page) == []


def test_places_on_a_photo_are_shown_by_keyboard_and_taken_back_by_a_finger(academy: Academy, axe: Check) -> None:
    photo = draft(Interaction.HOTSPOT, 1, node="1.1")
    _open_bank(academy, [*some_drafts(each=8), photo], [32])
    page = _practice_page(academy)
    page.get_by_role("link", name="开始").click()
    field = page.get_by_role("application", name="题目照片")
    field.focus()
    for key in ("Space", "ArrowRight", "Space", "ArrowRight", "Space", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.locator("#live-urgent")).to_have_text("3 个标记都放下了，先去掉一个才能再放。")
    assert axe(page) == []
    take_away = page.get_by_role("button", name="去掉标记 3")
    box = take_away.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    take_away.click()
    expect(page.get_by_text("已标 2 / 3")).to_be_visible()
    page.get_by_role("button", name="看答案").click()
    expect(page.get_by_text("答错了")).to_be_visible()
