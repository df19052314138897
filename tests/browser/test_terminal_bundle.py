"""The terminal's pages: what a candidate meets, by keyboard alone, in both languages, within the size that was promised."""

import gzip
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.terminal_exam import ID_NUMBER, TICKET, now_ms
from tests.browser.terminal_page import PATIENCE_MS
from tests.browser.terminal_seat import seat
from tests.browser.terminal_stub import BUNDLE, DELIVERY

MODULES = sorted(BUNDLE.rglob("*.js"))
LISTEN = """window.said = []; addEventListener("DOMContentLoaded", () => {
  const region = document.getElementById("live-urgent");
  new MutationObserver(() => { if (region.textContent) window.said.push(region.textContent); }).observe(region, { childList: true });
});"""
AAA = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"color-contrast-enhanced": {"enabled": True}},
}


def test_bundle_stays_within_sixty_kilobytes_compressed() -> None:
    """What every terminal loads; what a few forms have is fetched for them (kinds.js)."""
    assert _compressed(BUNDLE.iterdir()) <= 60_000
    assert _compressed((BUNDLE / "kinds").iterdir()) <= 15_000


def _compressed(paths: Iterable[Path]) -> int:
    files = [path for path in paths if path.suffix in {".js", ".css"}]
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)


def test_modules_are_small_and_write_no_markup_from_text() -> None:
    for path in MODULES:
        source = path.read_text("utf-8")
        assert source.count("\n") < 300, path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", source), (
            path.name
        )


def test_every_word_that_a_page_uses_exists_in_both_languages() -> None:
    source = "".join(path.read_text("utf-8") for path in MODULES)
    words = dict(re.findall(r'^  "([^"]+)": \["[^"]+", ("[^"]+")\],$', source, re.MULTILINE))
    lines = re.findall(r'^  "[^"]+": \[', source, re.MULTILINE)
    used = {key for path in MODULES for key in re.findall(r'word\("([^"]+)"', path.read_text("utf-8"))}
    assert len(words) == len(lines)
    assert used - words.keys() == set()


def test_offline_copy_of_the_page_lists_every_file_of_the_bundle() -> None:
    kept = re.search(r"const FILES = \[(.*?)\];", (BUNDLE / "sw.js").read_text("utf-8"), re.DOTALL)
    assert kept is not None
    names = re.findall(r'"([^"]+)"', kept[1])
    assert sorted(names) == sorted(
        path.relative_to(BUNDLE).as_posix() for path in BUNDLE.rglob("*.*") if path.name != "sw.js"
    )


def test_page_has_no_inline_script_or_style_and_every_sentence_has_english() -> None:
    page = (DELIVERY / "templates" / "delivery" / "terminal.html").read_text("utf-8")
    english = (DELIVERY / "locale" / "en.po").read_text("utf-8")
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    for sentence in re.findall(r'_\("([^"]+)"\)', page):
        assert f'msgid "{sentence}"' in english


def test_whole_attempt_by_keyboard_alone_leaves_nothing_unacknowledged(browser: Browser) -> None:
    with seat(browser) as here:
        page, keys = here.page, here.page.keyboard
        here.check_in_by_keyboard()
        for key in "12" * 6 + "bdca" * 2:
            keys.press(key)
            keys.press("ArrowRight")
        for name in ("a", "c", "d", "c", "f", "ArrowRight", "1", "3", "ArrowRight"):
            keys.press(name)
        here.tab_to("textarea")
        keys.type("30")
        keys.press("Enter")
        page.locator(".cell.answered").nth(22).wait_for()
        here.wait_until(lambda: len(here.exam.current()) == 23)
        here.expect_light("saved", "已保存")
        assert here.exam.submits == 0
        assert here.exam.current()[21] == ["A", "D"]
        assert here.exam.current()[13] == ["B"]
        assert here.journal() == {"kept": 23, "unacked": 0}
        here.tab_to(".card-foot .button")
        keys.press("Enter")
        page.wait_for_selector("dialog.handin")
        keys.press("Enter")
        expect(page.locator("dialog.handin")).to_be_hidden()
        keys.press("Enter")
        here.tab_to(".hold")
        here.hold("Enter")
        expect(page.locator("#receipt-code")).to_be_visible()
        expect(page.locator(".receipt")).to_contain_text("23 / 23")
        assert here.exam.causes == ["candidate"]
        assert here.journal()["unacked"] == 0


def test_hand_in_needs_the_button_held_a_click_or_tap_of_enter_does_nothing(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.page.locator(".card-foot .button").click()
        hold = here.page.locator("dialog.handin .hold")
        expect(here.page.locator("dialog.handin")).to_contain_text("还有 23 题未作答")
        hold.click()
        hold.focus()
        here.page.keyboard.press("Enter")
        here.hold("Space", ms=700)
        here.page.wait_for_timeout(1500)
        assert here.exam.submits == 0
        expect(hold).to_be_visible()
        hold.hover()
        here.page.mouse.down()
        expect(here.page.locator("#receipt-code")).to_be_visible()
        here.page.mouse.up()
        assert here.exam.submits == 1


def test_enter_never_chooses_moves_or_hands_in_during_the_exam(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.page.keyboard.press("1")
        here.page.keyboard.press("Enter")
        here.page.keyboard.press("Enter")
        here.expect_light("saved", "已保存")
        expect(here.page.locator(".item-title")).to_contain_text("第 1 题")
        assert here.page.locator("dialog[open]").count() == 0
        assert here.exam.submits == 0


def test_f_flags_and_the_card_tells_it_by_icon_word_and_label(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.page.keyboard.press("f")
        cell = here.page.locator(".cell").first
        expect(cell).to_have_attribute("aria-label", "第 1 题、未答、标记")
        expect(cell.locator(".icon-flag")).to_be_visible()
        here.page.keyboard.press("1")
        expect(cell).to_have_attribute("aria-label", "第 1 题、已答、标记")
        here.page.reload()
        expect(here.page.locator(".cell").first).to_have_attribute("aria-label", "第 1 题、已答、标记")


def test_message_card_stays_until_acknowledged_and_the_desk_learns_of_it(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.exam.say("请检查座位号。")
        here.answer(1, "1")
        card = here.page.locator("dialog.message")
        expect(card).to_contain_text("请检查座位号。")
        here.page.keyboard.press("Escape")
        here.page.keyboard.press("Escape")
        expect(card).to_be_visible()
        here.page.get_by_role("button", name="我看到了").click()
        expect(card).to_be_hidden()
        here.wait_until(lambda: here.exam.acked_messages == ["m1"])


def test_message_during_the_check_before_admission_is_read_there_and_the_desk_learns_of_it(browser: Browser) -> None:
    with seat(browser) as here:
        here.exam.admitted = False
        here.page.goto(here.url)
        here.pass_system_check()
        here.identify()
        expect(here.page.locator(".step.now")).to_contain_text("设备检查")
        here.exam.say("请把证件放在桌面左上角。")
        card = here.page.locator("dialog.message")
        expect(card).to_contain_text("请把证件放在桌面左上角。", timeout=PATIENCE_MS)
        here.page.get_by_role("button", name="我看到了").click()
        expect(card).to_be_hidden()
        here.pass_system_check()
        here.exam.say("请仔细阅读考试须知。")
        expect(card).to_contain_text("请仔细阅读考试须知。", timeout=PATIENCE_MS)
        here.page.get_by_role("button", name="我看到了").click()
        here.read_rules()
        here.exam.admitted = True
        here.wait_until(lambda: sorted(here.exam.acked_messages) == ["m1", "m2"])


def test_hand_is_raised_by_f2(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.page.keyboard.press("F2")
        expect(here.page.locator(".status-buttons")).to_contain_text("已举手")
        assert here.exam.hands == 1


def test_time_is_told_once_at_ten_and_once_at_five_minutes(browser: Browser) -> None:
    with seat(browser) as here:
        here.exam.duration_ms = 602_000
        here.context.add_init_script(LISTEN)
        here.sit_down()
        expect(here.page.locator("#live-urgent")).to_have_text("剩余时间不足 10 分钟", timeout=PATIENCE_MS)
        expect(here.page.locator(".timer.amber")).to_contain_text("不足 10 分钟")
        here.exam.deadline_at = now_ms() + 301_000
        here.ask_now()
        expect(here.page.locator("#live-urgent")).to_have_text("剩余时间不足 5 分钟", timeout=PATIENCE_MS)
        expect(here.page.locator(".timer.red")).to_contain_text("不足 5 分钟")
        here.page.wait_for_timeout(1500)
        assert here.page.evaluate("window.said") == ["剩余时间不足 10 分钟", "剩余时间不足 5 分钟"]


def test_terminal_waits_with_its_code_until_the_proctor_binds_it(browser: Browser) -> None:
    with seat(browser) as here:
        here.exam.bound = False
        here.page.goto(here.url)
        here.page.locator(".chief:enabled").click()
        expect(here.page.locator("#enrol-code")).to_contain_text("K 7 M 2 Q D")
        here.exam.bound = True
        expect(here.page.locator(".place")).to_have_text("第一考场 · 座位 A-07", timeout=PATIENCE_MS)
        assert len(here.exam.terminals) == 1


def test_refused_check_in_says_what_now_and_keeps_what_was_typed(browser: Browser) -> None:
    with seat(browser) as here:
        here.page.goto(here.url)
        here.page.locator(".chief:enabled").click()
        here.page.fill("#ticket", TICKET)
        here.page.fill("#id_number", "110105194912310021")
        expect(here.page.locator("#id_number-hint")).to_contain_text("最后一位对不上")
        here.page.keyboard.press("Enter")
        expect(here.page.locator(".trouble")).to_contain_text("id_mismatch")
        expect(here.page.locator("#ticket")).to_have_value(TICKET)
        here.page.fill("#id_number", ID_NUMBER)
        here.page.keyboard.press("Enter")
        expect(here.page.locator(".facts")).to_contain_text("张*伟")


def test_ticket_scanned_into_the_wrong_field_goes_to_its_own(browser: Browser) -> None:
    with seat(browser) as here:
        here.page.goto(here.url)
        here.page.locator(".chief:enabled").click()
        here.page.locator("#id_number").focus()
        here.page.keyboard.insert_text("AKT1。scanned")
        expect(here.page.locator("#ticket")).to_have_value("AKT1.scanned")
        expect(here.page.locator("#id_number")).to_have_value("")


def test_start_waits_for_the_proctor_and_for_the_servers_time(browser: Browser) -> None:
    with seat(browser) as here:
        here.exam.admitted = False
        here.exam.starts_at = now_ms() + 3_600_000
        here.check_in()
        expect(here.page.locator(".admission")).to_contain_text("正在核对您的身份")
        here.exam.admitted = True
        expect(here.page.locator(".admission.good")).to_be_visible(timeout=PATIENCE_MS)
        assert here.page.locator(".exam").count() == 0
        here.exam.starts_at = now_ms() + 4_000
        here.page.wait_for_selector(".exam")
        assert now_ms() >= here.exam.starts_at


def test_result_is_shown_once_it_is_released_and_leaving_clears_this_machine(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.answer(1, "1")
        here.expect_light("saved", "已保存")
        here.exam.finish("submitted")
        here.exam.result = {"released": True, "marks": 8650, "pass_marks": 8000, "outcome": "passed", "text": ""}
        here.ask_now()
        expect(here.page.locator(".result.passed")).to_contain_text("合格")
        expect(here.page.locator(".result-marks b")).to_have_text("86.5")
        here.page.locator(".hold").focus()
        here.hold()
        here.page.wait_for_selector("#ticket")
        assert here.journal() == {"kept": 0, "unacked": 0}


def test_voided_attempt_stops_with_words(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.exam.state = "voided"
        here.ask_now()
        expect(here.page.locator("h1")).to_have_text("本次考试已终止")


def test_narrow_screen_scrolls_nowhere_sideways_and_keeps_the_card_in_a_drawer(browser: Browser) -> None:
    with seat(browser, viewport={"width": 390, "height": 844}) as here:
        here.sit_down()
        expect(here.page.locator(".answer-card")).to_be_hidden()
        here.page.locator("#open-card").click()
        here.page.locator(".cell").nth(13).click()
        expect(here.page.locator(".item-title")).to_contain_text("第 14 题")
        here.page.locator(".size-huge").click()
        assert here.page.evaluate("document.documentElement.scrollWidth") <= 390
        heights = here.page.locator(".option").evaluate_all("rows => rows.map((row) => row.offsetHeight)")
        assert min(heights) >= 48


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_pass_axe_with_aaa_contrast(browser: Browser, scheme: str) -> None:
    with seat(browser, color_scheme=scheme) as here:
        here.page.goto(here.url)
        here.page.wait_for_selector(".check.good")
        found = {"check": Axe().run(here.page, options=AAA)}
        here.sit_down()
        here.page.keyboard.press("1")
        here.page.keyboard.press("f")
        here.expect_light("saved", "已保存")
        found["exam"] = Axe().run(here.page, options=AAA)
        here.page.locator(".card-foot .button").click()
        found["hand in"] = Axe().run(here.page, options=AAA)
        here.page.locator("dialog.handin .hold").focus()
        here.hold()
        here.page.wait_for_selector("#receipt-code")
        found["receipt"] = Axe().run(here.page, options=AAA)
        assert {name: [each["id"] for each in page.response["violations"]] for name, page in found.items()} == {
            "check": [],
            "exam": [],
            "hand in": [],
            "receipt": [],
        }


def test_english_page_has_no_chinese_but_names_and_items(browser: Browser) -> None:
    with seat(browser) as here:
        here.context.add_cookies([{"name": "lang", "value": "en", "url": here.url}])
        here.sit_down()
        here.page.keyboard.press("1")
        here.page.keyboard.press("F1")
        data = here.page.locator(".exam-title, .head-facts, .stem, .option-text, .card-scroll h3")
        data.evaluate_all("nodes => nodes.forEach((node) => node.remove())")
        assert not re.search("[\u4e00-\u9fff]", here.page.locator("body").inner_text())
        assert here.page.evaluate("document.documentElement.lang") == "en"
