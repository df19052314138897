"""The terminal never loses an answer and never decides the time: one scenario per test, in a real browser."""

import base64
import json
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from playwright.sync_api import Browser, expect

from tests.browser.terminal_exam import now_ms
from tests.browser.terminal_page import PATIENCE_MS
from tests.browser.terminal_seat import seat
from tests.browser.terminal_stub import PACKAGE_KEY

PLAYING = (
    "stem => stem.append(Object.assign(document.createElement('audio'), { pause() { this.className = 'silent'; } }))"
)
"""Puts a recording on the page, which says when it is stopped."""


def test_save_whose_answer_is_lost_is_sent_again_under_the_same_seq(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.exam.faults.lost_acks = 1
        here.answer(3, "1")
        here.wait_until(lambda: len(here.exam.batches) == 2)
        here.expect_light("saved", "已保存")
        assert here.exam.batches[0] == here.exam.batches[1]
        assert len(here.exam.revisions) == 1


def test_newest_response_to_a_slot_wins_while_an_older_save_is_in_flight(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.exam.faults.delay_s = 0.6
        here.answer(13, "a")
        for key in "bcdc":
            here.page.keyboard.press(key)
        here.exam.faults.delay_s = 0
        here.wait_until(lambda: here.exam.current() == {13: ["C"]})
        assert len(here.exam.batches) <= 3
        seqs = [save["seq"] for batch in here.exam.batches for save in batch]
        assert seqs == sorted(set(seqs))


def test_counter_starts_above_what_the_server_has_when_this_machine_has_lost_everything(browser: Browser) -> None:
    with seat(browser) as here:
        here.exam.revisions[1, 40] = ["T"]
        here.sit_down()
        expect(here.page.locator(".option.chosen")).to_contain_text("正确")
        here.answer(1, "2")
        here.wait_until(lambda: here.exam.current() == {1: ["F"]})
        assert max(seq for _, seq in here.exam.revisions) == 41


def test_slot_that_the_server_refuses_does_not_hold_up_the_others_and_is_named(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.exam.refused_slots = {2}
        here.answer(2, "1")
        here.answer(3, "1")
        here.wait_until(lambda: 3 in here.exam.current())
        here.expect_light("saved", "第 2 题没有保存成功")
        here.exam.refused_slots = set()
        here.answer(2, "2")
        here.wait_until(lambda: here.exam.current().get(2) == ["F"])
        here.expect_light("saved", "已保存")


def test_typed_text_is_saved_when_the_candidate_moves_on_at_once(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.page.locator(".cell").nth(22).click()
        here.page.locator("textarea").fill("三十")
        here.page.locator(".cell").nth(0).click()
        here.wait_until(lambda: here.exam.current() == {23: "三十"})
        here.page.locator(".cell").nth(22).click()
        expect(here.page.locator("textarea")).to_have_value("三十")


def test_stale_epoch_is_regained_on_the_same_terminal_and_the_answer_arrives(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.exam.epoch += 1
        here.answer(4, "1")
        here.wait_until(lambda: here.exam.current() == {4: ["T"]})
        expect(here.page.locator(".lock-bar")).to_be_hidden()


def test_attempt_held_elsewhere_becomes_read_only_and_goes_on_after_the_transfer_back(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        own, here.exam.holder = here.exam.holder, "another"
        here.exam.epoch += 1
        here.answer(5, "1")
        expect(here.page.locator(".lock-bar")).to_contain_text("由监考员办理换机", timeout=PATIENCE_MS)
        expect(here.page.locator(".lock-bar")).to_contain_text("1 题未上传")
        expect(here.page.locator(".option input").first).to_be_disabled()
        expect(here.page.locator(".card-foot .button")).to_be_disabled()
        here.answer(6, "1")
        assert here.journal()["kept"] == 1
        assert here.exam.current() == {}
        here.exam.holder = own
        here.exam.epoch += 1
        expect(here.page.locator(".lock-bar")).to_be_hidden(timeout=PATIENCE_MS)
        here.wait_until(lambda: here.exam.current() == {5: ["T"]})


def test_second_tab_is_read_only_and_takes_over_when_the_first_is_closed(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.answer(1, "1")
        here.expect_light("saved", "已保存")
        second = here.open_tab()
        second.goto(here.url)
        expect(second.locator("h1")).to_have_text("考试在另一个窗口里")
        assert second.locator(".option").count() == 0
        here.page.close()
        expect(second.locator(".cell.answered")).to_have_count(1, timeout=PATIENCE_MS)
        second.keyboard.press("2")
        expect(second.locator("[data-light=saved]")).to_contain_text("已保存 ")
        assert here.exam.current() == {1: ["F"]}


def test_at_zero_input_stops_the_last_answer_arrives_and_the_exam_is_handed_in(browser: Browser) -> None:
    with seat(browser) as here:
        here.exam.duration_ms = 6_000
        here.exam.faults.submit_delay_s = 2  # the dialog stays to be looked at
        here.sit_down()
        here.answer(1, "1")
        here.page.wait_for_selector("dialog.sending")
        expect(here.page.locator(".option input").first).to_be_disabled()
        expect(here.page.locator("#receipt-code")).to_have_text("7KQM-R2XD-HW4T-9BNE")
        assert here.exam.current() == {1: ["T"]}
        assert here.exam.causes == ["time_up"]


def test_time_extended_at_the_last_moment_lets_the_candidate_go_on(browser: Browser) -> None:
    with seat(browser) as here:
        here.exam.duration_ms = 3_000
        here.sit_down()
        here.exam.faults.delay_s = 3  # the server takes its time over whether it is over
        here.page.wait_for_selector("dialog.sending")
        here.exam.deadline_at, here.exam.faults.delay_s = now_ms() + 600_000, 0
        here.page.locator("dialog.extension .button").click()
        assert here.exam.submits == 0
        expect(here.page.locator(".timer b")).to_contain_text("00:09:5")
        here.answer(7, "1")
        here.wait_until(lambda: here.exam.current() == {7: ["T"]})


def test_attempt_finalised_by_the_server_shows_the_same_receipt(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        receipt = here.exam.finish("expired")
        here.ask_now()
        expect(here.page.locator("h1")).to_contain_text("考试时间到")
        expect(here.page.locator("#receipt-code")).to_have_text(receipt["receipt_code"])
        assert here.exam.submits == 0


def test_wrong_computer_clock_decides_nothing(browser: Browser) -> None:
    with seat(browser) as here:
        here.context.add_init_script("const real = Date.now; Date.now = () => real() - 26 * 3600 * 1000;")
        here.exam.starts_at = now_ms() + 4_000
        here.check_in()
        expect(here.page.locator(".countdown")).to_contain_text("00:00:0")
        here.page.wait_for_selector(".exam")
        assert now_ms() >= here.exam.starts_at
        expect(here.page.locator(".timer b")).to_contain_text("01:59:5")
        here.page.reload()
        expect(here.page.locator(".timer b")).to_contain_text("01:59:")
        assert here.page.locator(".timer.red").count() == 0


def test_pause_hides_the_items_stops_the_time_and_loses_nothing(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.page.locator(".exam").evaluate(PLAYING)
        here.exam.pause()
        here.answer(1, "1")
        expect(here.page.locator(".pause")).to_contain_text("剩余时间不减少")
        expect(here.page.locator(".exam audio")).to_have_class("silent")
        expect(here.page.locator(".stem")).to_be_hidden()
        left = here.page.locator(".pause-left").inner_text()
        here.page.wait_for_timeout(2500)
        assert here.page.locator(".pause-left").inner_text() == left
        assert here.exam.current() == {}
        here.exam.resume()
        expect(here.page.locator(".stem")).to_be_visible(timeout=PATIENCE_MS)
        here.wait_until(lambda: here.exam.current() == {1: ["T"]})


def test_hand_in_without_network_waits_and_completes_when_it_is_back(browser: Browser) -> None:
    with seat(browser) as here:
        here.sit_down()
        here.exam.faults.drop = True
        here.answer(1, "1")
        here.page.locator(".card-foot .button").click()
        here.page.locator("dialog.handin .hold").focus()
        here.hold()
        expect(here.page.locator("dialog.sending")).to_contain_text("答案已存在本机")
        here.exam.faults.drop = False
        expect(here.page.locator("#receipt-code")).to_be_visible(timeout=PATIENCE_MS)
        assert here.exam.current() == {1: ["T"]}


SLOW_DISK = """
const seal = crypto.subtle.encrypt.bind(crypto.subtle);
crypto.subtle.encrypt = async (...all) => { await new Promise((done) => setTimeout(done, 1500)); return seal(...all); };
"""


def test_an_answer_is_called_kept_only_once_it_is_on_the_disk(browser: Browser) -> None:
    with seat(browser, form={"judgement": 2, "order": 1, "extended_text": 1}) as here:
        here.context.add_init_script(SLOW_DISK)
        here.sit_down()
        here.exam.faults.drop = True
        here.ask_now()
        expect(here.page.locator(".offline")).to_contain_text("网络中断")
        here.answer(1, "2")
        here.expect_light("saved", "正在保存")
        here.expect_light("saved", "1 题存在本机")
        here.page.reload()
        expect(here.page.locator(".cell.answered")).to_have_count(1)
        here.page.locator(".cell").nth(2).click()  # its code is fetched by forms that have it, and was kept as well
        expect(here.page.locator(".kind-order .option")).to_have_count(4)
        here.page.locator(".cell").nth(3).click()
        here.page.locator("textarea").fill("先断电,再验电,后挂接地线。")
        expect(here.page.locator(".written .hint")).to_contain_text("已写 14 字，最多 2000 字")
        expect(here.page.locator(".cell.answered")).to_have_count(2)


def test_emergency_package_opens_with_the_servers_key_only(browser: Browser, tmp_path: Path) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    PACKAGE_KEY.text = base64.b64encode(public).decode()
    try:
        with seat(browser) as here:
            here.sit_down()
            here.exam.faults.drop = True
            here.answer(1, "2")
            here.expect_light("saved", "存在本机")
            here.page.keyboard.press("F1")
            with here.page.expect_download() as download:
                here.page.get_by_role("button", name="下载加密答案包").click()
            download.value.save_as(tmp_path / "answers")
    finally:
        PACKAGE_KEY.text = ""
    package = {name: text for name, text in json.loads((tmp_path / "answers").read_bytes()).items() if name != "head"}
    head = json.loads((tmp_path / "answers").read_bytes())["head"].encode()
    raw = {name: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) for name, text in package.items()}
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)
    content = AESGCM(private.decrypt(raw["key"], oaep)).decrypt(raw["iv"], raw["content"], head)
    assert json.loads(content)["responses"] == [{"slot": 1, "seq": 1, "response": ["F"], "acknowledged": False}]
