"""A candidate's whole attempt, the real terminal and the real desk against the real server (TRUST.md A1, A13, A14)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from questionbank.items.content import Interaction
from tests.browser.desk_page import DeskPage
from tests.browser.hall import FIRST, SLOTS, Hall, open_hall
from tests.browser.terminal_page import PATIENCE_MS, TerminalPage
from tests.services import Services

FIRST_CHOICE, FIRST_MULTIPLE, TEXT_ITEM = (FIRST[each] for each in list(FIRST)[1:4])
ORDER_ITEM = FIRST[Interaction.ORDER]
STEPS: dict[int, list[str] | str] = {
    ORDER_ITEM: ["C", "A", "D"],
    FIRST[Interaction.MATCH]: ["1C", "2A"],
    FIRST[Interaction.INLINE_CHOICE]: ["2B"],
    FIRST[Interaction.HOTSPOT]: ["80,60", "40,30"],
    FIRST[Interaction.CASE]: ["1B", "2A", "2C"],
}
LOADED = "image => image.complete && image.naturalWidth > 0"
HEARD = "player => player.played.length || new Promise((done) => player.addEventListener('timeupdate', () => done(1), { once: true }))"
TYPED: dict[int, list[str] | str] = {
    1: ["T"], 2: ["F"], 3: ["T"], 4: ["F"],
    21: ["B"], 22: ["D"],
    33: ["A", "C"],
    36: "先通风",
}  # fmt: skip


@pytest.fixture(scope="module")
def hall(browser: Browser, services: Services) -> Iterator[Hall]:
    """Open one room for the tests of this file: one candidate each."""
    with services.database() as settings, open_hall(browser, settings, ["王小明", "李芳"]) as opened:
        yield opened


def _answer_by_keyboard(here: TerminalPage) -> None:
    """Answer some items of every interaction without a mouse."""
    keys = here.page.keyboard
    for key in "1212":
        keys.press(key)
        keys.press("ArrowRight")
    for _ in range(FIRST_CHOICE - 5):
        keys.press("ArrowRight")
    _meet_figures(here)
    for key in "bd":
        keys.press(key)
        keys.press("ArrowRight")
    for _ in range(FIRST_MULTIPLE - FIRST_CHOICE - 2):
        keys.press("ArrowRight")
    for key in ("a", "c", "b", "b", "f", *["ArrowRight"] * (TEXT_ITEM - FIRST_MULTIPLE)):
        keys.press(key)
    here.tab_to("textarea")
    keys.type("先通风")


def _meet_figures(here: TerminalPage) -> None:
    """Look at the picture of an option, large as well, and hear the recording of the stem; no mark is left."""
    item, keys = here.page.locator(".item"), here.page.keyboard
    expect(item.locator(".option img")).to_have_js_property("naturalWidth", 60)
    expect(item).not_to_contain_text("〔")
    player = item.locator(".stem audio")
    player.focus()
    keys.press("Space")
    player.evaluate(HEARD)
    item.get_by_role("button", name="放大").press("Enter")
    expect(here.page.locator("dialog.figure-large img")).to_have_attribute("alt", "红色标志")
    keys.press("Escape")
    expect(here.page.locator("dialog.figure-large")).to_be_hidden()


def _be_let_in(hall: Hall, here: TerminalPage, desk: DeskPage, seat: str) -> None:
    """Go from the empty screen to the waiting room: the code, ticket and ID number, photo, the proctor's admission."""
    page = here.page
    page.goto(here.url)
    here.pass_system_check()
    desk.bind(here.code(), seat)
    here.identify(confirm=False)
    assert page.locator(".photo").evaluate(LOADED)
    expect(page.locator(".facts")).to_contain_text("王*明")
    page.keyboard.press("Enter")
    here.pass_system_check()
    here.read_rules()
    expect(page.locator(".admission")).to_contain_text("正在核对您的身份")
    desk.card(seat).get_by_role("button", name="核验入场").click(timeout=PATIENCE_MS)
    desk.page.wait_for_function("document.querySelector('dialog[open] img')?.naturalWidth > 0")
    desk.confirm("本人、照片与证件一致")
    desk.told(f"座位 {seat} 的考生已核验入场")
    expect(page.locator(".admission")).to_contain_text("已准许入场")
    expect(page.locator(".countdown")).to_be_visible()
    hall.start_time()
    page.wait_for_selector(".exam")


def _put_in_order(here: TerminalPage) -> None:
    """Place three steps by touch and by letter, and take the first one out again."""
    page = here.page
    page.locator(".cell", has_text=str(ORDER_ITEM)).click()
    rows = page.locator(".kind-order .option")
    rows.nth(1).click()
    for key in ("c", "a", "b"):
        page.keyboard.press(key)
    expect(rows.nth(2)).to_contain_text("第 1 位")
    expect(page.locator(".kind-order .place")).to_have_text(["2", "", "1", ""])
    page.keyboard.press("d")


def _choose_in_groups(here: TerminalPage) -> None:
    """Pair two sources by letters, which go on by themselves, and fill a blank by touch."""
    page = here.page
    page.keyboard.press("ArrowRight")
    for key in ("c", "a"):
        page.keyboard.press(key)
    expect(page.locator(".kind-match")).to_contain_text("已选 2 / 3")
    page.keyboard.press("ArrowRight")
    page.locator(".answer-group").nth(1).locator(".chip").nth(1).click()
    expect(page.locator(".gap")).to_have_text(["(1)", page.locator(".chip.chosen").inner_text(), "(3)"])


def _point_at_hazards(here: TerminalPage) -> None:
    """Put a mark by arrow keys, one too many by touch, and take that one back."""
    page = here.page
    page.keyboard.press("ArrowRight")
    field = page.locator(".photo-field")
    expect(field.locator("img")).to_have_js_property("naturalWidth", 160)
    field.focus()
    page.keyboard.press("Space")
    box = field.locator("img").bounding_box()
    assert box is not None
    for x, y in ((0.25, 0.25), (0.75, 0.75)):
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".item-title")).to_contain_text(f"第 {FIRST[Interaction.HOTSPOT]} 题")
    page.keyboard.press("Backspace")
    expect(page.locator(".kind-hotspot")).to_contain_text("已标 2 / 3")


def _answer_a_case(here: TerminalPage) -> None:
    """Answer one question of a case by letter and the other, which takes several, by touch; what happened stays beside."""
    page = here.page
    page.get_by_role("button", name="下一题").click()
    page.keyboard.press("b")
    second = page.locator(".answer-group").nth(1).locator(".option")
    second.nth(0).click()
    second.nth(2).click()
    expect(page.locator(".kind-case")).to_contain_text("已答 2 / 2 问")
    stem, options = page.locator(".stem").bounding_box(), page.locator(".kind-case").bounding_box()
    assert stem is not None
    assert options is not None
    assert stem["x"] + stem["width"] < options["x"]


def _hand_in(here: TerminalPage) -> str:
    """Follow the summary to an open item, then hold the button; return the receipt code on the screen."""
    page, summary = here.page, here.page.locator("dialog.handin")
    page.locator(".card-foot .button").click()
    expect(summary).to_contain_text(f"还有 {SLOTS - len(TYPED | STEPS)} 题未作答")
    summary.get_by_role("button", name="去第 5 题").click()
    page.keyboard.press("2")
    here.expect_light("saved", "已保存")
    page.locator(".card-foot .button").click()
    summary.locator(".hold").click()  # a click is not enough
    expect(summary).to_be_visible()
    summary.locator(".hold").focus()
    here.hold()
    page.locator("#receipt-code").wait_for()
    page.wait_for_function("document.querySelector('.receipt-qr')?.naturalWidth > 0")
    return page.locator("#receipt-code").inner_text()


def test_a_candidate_goes_from_the_code_on_the_screen_to_the_receipt(hall: Hall) -> None:
    here = hall.terminal(0)
    page = here.page
    _be_let_in(hall, here, hall.desk(), hall.candidates[0].seat)
    _answer_by_keyboard(here)
    here.wait_until(lambda: hall.answers(0) == TYPED, lambda: hall.answers(0))

    page.reload()
    expect(page.locator(".item-title")).to_contain_text(f"第 {TEXT_ITEM} 题")
    expect(page.locator("textarea")).to_have_value("先通风")
    expect(page.locator(".cell.answered")).to_have_count(len(TYPED))
    expect(page.locator(".cell.flagged")).to_have_count(1)
    second = here.open_tab()
    second.goto(here.url)
    expect(second.locator("h1")).to_have_text("考试在另一个窗口里")
    assert second.locator(".option, textarea").count() == 0
    second.close()

    _put_in_order(here)
    _choose_in_groups(here)
    _point_at_hazards(here)
    _answer_a_case(here)
    shown = _hand_in(here)
    query = "select state, receipt_code, answered from delivery_attempt where id = %s"
    assert hall.read(query, hall.attempt(0)) == [("submitted", shown, len(TYPED | STEPS) + 1)]
    expect(page.locator(".receipt")).to_contain_text(f"{len(TYPED | STEPS) + 1} / {SLOTS} 题")
    assert hall.answers(0) == {**TYPED, **STEPS, 5: ["F"]}
    hall.require_acknowledged(0, here)


def _read_in_english(hall: Hall, desk: DeskPage, here: TerminalPage, seat: str) -> None:
    """A ready sentence comes in the terminal's language, whatever the desk speaks; what was typed comes as it is."""
    _speak(here, "en")
    card = here.page.locator("dialog.message")
    for sent, read in (("请坐正，面向屏幕。", "Please sit upright and face the screen."), ("请坐正", "请坐正")):
        desk.act(seat, "消息", reason="考场纪律", fields={"内容": sent})
        here.ask_now()
        expect(card.locator(".message-text")).to_have_text(read, timeout=PATIENCE_MS)
        expect(card.get_by_role("heading")).to_have_text("Message from the proctor · Order in the room")
        card.get_by_role("button").click()
    unread = "select count(*) from delivery_message where acknowledged_at is null"
    here.wait_until(lambda: hall.read(unread) == [(0,)])
    _speak(here, "zh-CN")


def _speak(here: TerminalPage, language: str) -> None:
    here.page.evaluate("language => { document.cookie = `lang=${language}; path=/`; }", language)
    here.page.reload()
    expect(here.page.locator(".stem")).to_be_visible(timeout=PATIENCE_MS)


def _ask_while_at_work(desk: DeskPage) -> None:
    """Open a dialog: the room's page asks for no fresh seats until it is closed."""
    desk.page.locator(".room-acts").get_by_role("button", name="全场消息").click()
    assert desk.keeps_still()
    desk.page.keyboard.press("Escape")
    assert not desk.keeps_still()


def _change_hands(hall: Hall, desk: DeskPage) -> None:
    """Hand the room over with a note; it stays with the first until the colleague accepts."""
    note = "已换机,请留意新终端的网络"
    desk.hand_over(note)
    expect(desk.page.locator(".duty-who")).to_contain_text("接班")
    relief = hall.desk(relief=True)
    relief.accept(note)
    expect(relief.page.locator(".duty-who")).to_contain_text("由您负责")
    desk.page.reload()
    expect(desk.page.locator(".duty-who")).not_to_contain_text("由您负责")
    assert hall.read("select answer from proctor_handover") == [("accepted",)]


def _old_terminal_stops(hall: Hall, here: TerminalPage) -> None:
    """What is answered there after the transfer is refused, kept as evidence, and said to be only on that machine."""
    here.answer(2, "1")
    expect(here.page.locator(".lock-bar")).to_contain_text("由监考员办理换机", timeout=PATIENCE_MS)
    here.expect_light("saved", "1 题存在本机")
    expect(here.page.locator(".option input").first).to_be_disabled()
    kept = "select slot, response, reason from delivery_refused_save where attempt_id = %s"
    assert hall.read(kept, hall.attempt(1)) == [(2, '["T"]', "lease_stale")]


def _collect(desk: DeskPage, there: TerminalPage, seat: str) -> None:
    """End the attempt at the desk; the candidate reads who did and why."""
    desk.act(seat, "收卷", reason="考生离场未交卷")
    there.ask_now()
    expect(there.page.locator("h1")).to_have_text("监考员已收卷", timeout=PATIENCE_MS)
    expect(there.page.locator(".why")).to_have_text("原因：考生离场未交卷")


def test_the_desk_reaches_the_candidate_and_moves_the_exam_to_another_terminal(hall: Hall) -> None:
    here, desk, seat = hall.sit_down(1), hall.desk(), hall.candidates[1].seat
    page = here.page
    desk.take_charge()
    here.answer(1, "1")
    page.keyboard.press("F2")
    expect(desk.card(seat)).to_contain_text("举手", timeout=PATIENCE_MS)

    desk.act(seat, "消息", fields={"内容": "请将证件放在桌面左上角。"})
    here.ask_now()
    card = page.locator("dialog.message")
    expect(card).to_contain_text("请将证件放在桌面左上角。", timeout=PATIENCE_MS)
    # the ready sentence brought its category along
    expect(card.get_by_role("heading")).to_have_text("监考员的消息 · 考务通知")
    page.keyboard.press("Escape")
    expect(card).to_be_visible()
    card.get_by_role("button").click()
    _read_in_english(hall, desk, here, seat)

    _ask_while_at_work(desk)
    desk.act(seat, "暂停", reason="网络故障")
    here.ask_now()
    expect(page.locator(".pause")).to_contain_text("原因：网络故障", timeout=PATIENCE_MS)
    expect(page.locator(".stem")).to_be_hidden()
    sentence = desk.act_on_room("全场恢复", reason="原因已排除")
    assert "1 人" in sentence
    desk.told("已恢复 1 人")
    here.ask_now()
    expect(page.locator(".stem")).to_be_visible(timeout=PATIENCE_MS)
    desk.act(seat, "延时", reason="补回设备或网络故障耽误的时间", fields={"分钟": "10"})
    desk.told("延")
    here.ask_now()
    expect(page.locator(".timer b")).to_contain_text("02:0", timeout=PATIENCE_MS)
    line = page.locator(".notice")
    expect(line).to_contain_text("监考员给您延长了 10 分钟。原因：补回设备或网络故障耽误的时间")
    line.get_by_role("button").click()

    there = hall.terminal(1)
    there.page.goto(there.url)
    there.pass_system_check()
    desk.bind(there.code(), hall.free_seat)
    desk.act(seat, "换机", reason="终端故障", fields={"换到": hall.free_seat})
    _old_terminal_stops(hall, here)

    there.identify()
    expect(there.page.locator(".cell.answered")).to_have_count(1, timeout=PATIENCE_MS)
    expect(there.page.locator(".timer b")).to_contain_text("02:0")
    there.ask_now()
    expect(there.page.locator(".notice")).to_contain_text(
        "考试已转到这台电脑，剩余时间不变。原因：终端故障", timeout=PATIENCE_MS
    )
    there.answer(2, "2")
    there.expect_light("saved", "已保存 ")
    assert hall.answers(1) == {1: ["T"], 2: ["F"]}
    hall.require_acknowledged(1, there)
    _change_hands(hall, desk)
    _collect(desk, there, seat)
