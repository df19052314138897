"""Two real browsers: a seat that sends its camera, and a wall that watches it; the answers do not care either way."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select, text

from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.ids import new_id
from exam.core.runtime import Runtime
from exam.delivery.models import Attempt
from exam.identity.sessions import COOKIE
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.live import LiveServer, serving
from tests.builders.attempts import attempts_in_progress
from tests.builders.relay import relaying
from tests.builders.room import OpenRoom, bind, let_in, open_room
from tests.builders.sitting import make_staff
from tests.integration.test_recordings import stored
from tests.media.stage import MediaProcess, media_process

CAMERA = [
    *FLAGS,
    "--use-fake-device-for-media-stream=fps=15",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--auto-accept-this-tab-capture",
]
WATCHING = "video => video.srcObject && video.videoWidth > 0 && !video.paused && video.currentTime > 0"
RECONNECT_MS = 10_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run a Chromium whose camera is a moving test picture."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=CAMERA)
        yield opened
        opened.close()


@pytest.fixture
def node(live_server: LiveServer, settings: Settings, tmp_path: Path) -> Iterator[MediaProcess]:
    """Run the media node of the live server's room."""

    async def forget(runtime: Runtime) -> None:
        await runtime.valkey.flushdb()

    live_server.do(forget)
    with media_process(settings, tmp_path / "media.log", first_port=43400) as running:
        yield running


class Candidate:
    """A seat in a browser context of its own."""

    def __init__(self, browser: Browser, server: LiveServer, room: OpenRoom, *, number: int = 0) -> None:
        self.server, self.room, self.number = server, room, number
        self.context = browser.new_context(base_url=server.url, locale="zh-CN", viewport={"width": 1366, "height": 768})
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console", lambda message: self.errors.append(message.text) if "Security Policy" in message.text else None
        )

    def sit_down(self, *, waits: bool = False) -> None:
        """Check in, be admitted unless it `waits` for that, read the rules."""
        page, seat = self.page, self.room.registrations[self.number].seat
        page.goto("/terminal")
        page.locator(".checks ~ .actions .chief:enabled").click()
        code = page.locator("#enrol-code .sr").inner_text().replace(" ", "")
        self.server.do(lambda runtime: bind(runtime, self.room, code, seat))
        page.fill("#ticket", self.room.tickets[self.number])
        page.fill("#id_number", self.room.numbers[self.number])
        page.keyboard.press("Enter")
        page.locator(".identity ~ .actions .chief").click()
        page.locator(".checks ~ .actions .chief:enabled").click()
        if not waits:
            self.let_in()
        page.check("#rules-read")
        page.locator(".rules ~ .actions .chief").click()

    def let_in(self) -> None:
        attempt = self.attempt()
        self.server.do(lambda runtime: let_in(runtime, self.room, attempt.id))

    def attempt(self) -> Attempt:
        async def read(runtime: Runtime) -> Attempt:
            async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
                wanted = Attempt.registration_id == self.room.registrations[self.number].id
                found = await session.scalar(select(Attempt).where(wanted))
                assert found is not None
                return found

        return self.server.do(read)

    def start(self) -> None:
        self.page.locator(".hall .button:visible").click()
        self.page.wait_for_selector(".exam")

    def agree(self) -> None:
        self.page.locator("[data-act=agree]").click()

    def expect_camera(self, words: str, *, patience_ms: int = 20_000) -> None:
        expect(self.page.locator("[data-light=camera]")).to_contain_text(words, timeout=patience_ms)

    def answer(self, slot: int, key: str) -> None:
        self.page.locator(".cell").nth(slot - 1).click()
        self.page.keyboard.press(key)

    def stored(self) -> int:
        """Count the slots with a stored response."""
        attempt = self.attempt().id

        async def count(runtime: Runtime) -> int:
            query = text("select count(distinct slot) from delivery_response_revision where attempt_id = :id")
            async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
                return int((await session.scalar(query, {"id": attempt})) or 0)

        return self.server.do(count)

    def close(self) -> None:
        self.context.close()
        assert self.errors == []


@pytest.fixture
def room(live_server: LiveServer) -> OpenRoom:
    return live_server.do(lambda runtime: open_room(runtime, people=2))


@pytest.fixture
def candidate(browser: Browser, live_server: LiveServer, room: OpenRoom, node: MediaProcess) -> Iterator[Candidate]:  # noqa: ARG001  # the node must live first
    seat = Candidate(browser, live_server, room)
    yield seat
    seat.close()


def _watch(page: Page, live_server: LiveServer, room: OpenRoom) -> None:
    page.context.add_cookies([{"name": COOKIE, "value": room.session, "url": live_server.url}])
    page.goto(f"{room.path}/wall")


def _wait(condition: Callable[[], bool], *, patience_s: float = 20) -> None:
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, "never came true"
        time.sleep(0.1)


def _picture(page: Page) -> None:
    tile = page.locator(".tile[data-state=in_progress] video")
    page.wait_for_function(
        "() => { const video = document.querySelector('.tile[data-state=in_progress] video'); return video && ("
        + WATCHING
        + ")(video); }",
        timeout=RECONNECT_MS * 2,
    )
    expect(tile).to_have_count(1)


def test_the_wall_shows_a_seat_and_both_come_back_when_the_node_is_killed(
    page: Page, live_server: LiveServer, room: OpenRoom, candidate: Candidate, node: MediaProcess
) -> None:
    candidate.sit_down()
    candidate.start()
    candidate.agree()
    candidate.expect_camera("摄像头正常")
    candidate.answer(1, "1")
    _wait(lambda: candidate.stored() == 1)

    _watch(page, live_server, room)
    _picture(page)
    expect(page.locator(".tile[data-state=in_progress]")).to_have_attribute("data-camera", "live")

    node.kill()
    killed = time.monotonic()
    candidate.answer(2, "1")
    candidate.expect_camera("摄像头中断")
    node.start()
    candidate.expect_camera("摄像头正常", patience_ms=RECONNECT_MS)
    _picture(page)
    assert time.monotonic() - killed < 30
    candidate.answer(3, "1")
    _wait(lambda: candidate.stored() == 3)


SOUND_SECTION = """
const add = RTCPeerConnection.prototype.addTransceiver;
RTCPeerConnection.prototype.addTransceiver = function (kind, ...rest) {
  const made = add.call(this, kind, ...rest);
  if (kind === "audio") window.sound = made;
  return made;
};
"""
HEARS = """async () => [...(await window.sound.receiver.getStats()).values()]
  .some((each) => each.type === "inbound-rtp" && each.bytesReceived > 0 && each.totalAudioEnergy > 0)"""
NO_MICROPHONE = """() => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotAllowedError"));
}"""


def _ask_to_listen(page: Page) -> None:
    page.locator("#drawer [data-dialog^=d-listen]").click()
    page.locator("#drawer dialog[open] select").select_option("voices")
    page.locator("#drawer dialog[open] [type=submit]").click()


def _listen_and_stop(page: Page, candidate: Candidate, axe: Callable[[Page], list[str]]) -> None:
    """Hear the fake microphone's beeps, told to the candidate throughout; the picture goes on."""
    seat, said = candidate.page, page.locator("#sound [role=status]")
    notice = seat.locator("#microphone-notice")
    expect(notice).to_be_hidden()
    assert seat.evaluate("window.sound.sender.track") is None
    _ask_to_listen(page)
    for words in ("监考员正在听您座位的声音", "核实是否有人交谈或提示"):
        expect(notice.get_by_role("alert")).to_contain_text(words)
    expect(said).to_have_text("考生端的麦克风开着，正在听")
    page.wait_for_function(HEARS)
    assert axe(page) == []
    assert axe(seat) == []
    shown = page.evaluate("document.querySelector('#full').currentTime")
    page.wait_for_function("shown => document.querySelector('#full')?.currentTime > shown + 0.3", arg=shown)
    page.get_by_role("button", name="停止听").click()
    expect(notice).to_be_hidden()
    assert seat.evaluate("window.sound.sender.track") is None
    candidate.expect_camera("摄像头正常")
    seat.evaluate(NO_MICROPHONE)
    _ask_to_listen(page)
    expect(said).to_have_text("考生端没有允许使用麦克风，听不到声音")
    expect(notice).to_be_hidden()


def test_the_first_picture_takes_less_than_a_second_the_full_one_and_the_sound_come_on_demand(
    page: Page, live_server: LiveServer, room: OpenRoom, candidate: Candidate, axe: Callable[[Page], list[str]]
) -> None:
    for each in (page, candidate.page):
        each.add_init_script(SOUND_SECTION)
    candidate.sit_down()
    candidate.agree()
    candidate.page.locator("[data-act=finish]").click()
    candidate.start()
    candidate.expect_camera("摄像头正常")
    page.add_init_script(FIRST_PICTURE)
    _watch(page, live_server, room)
    _picture(page)
    connecting, shown = page.evaluate("[window.offeredAt, window.shownAt]")
    assert shown - connecting < 1000, f"{shown - connecting} ms"

    page.locator(".tile[data-state=in_progress] .tile-open").click()
    expect(page.locator("#drawer-title")).to_be_focused()
    page.wait_for_function("() => document.querySelector('#full')?.videoWidth >= 480", timeout=20_000)
    _listen_and_stop(page, candidate, axe)
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    expect(page.locator(".tile[data-state=in_progress] .tile-open")).to_be_focused()


FIRST_PICTURE = """
const connect = RTCPeerConnection.prototype.setRemoteDescription;
const offer = RTCPeerConnection.prototype.createOffer;
RTCPeerConnection.prototype.createOffer = function (...args) { window.offeredAt ??= performance.now(); return offer.apply(this, args); };
document.addEventListener("playing", () => {}, true);
const look = () => {
  const video = document.querySelector(".tile video");
  if (video?.videoWidth > 0 && !window.shownAt) window.shownAt = performance.now();
  requestAnimationFrame(look);
};
look();
"""


UNPLUGGED = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wanted) => window.plugged ? open(wanted) : Promise.reject(new DOMException("", "NotFoundError"));
"""


def _ask_for_microphones(page: Page, live_server: LiveServer, room: OpenRoom, axe: Callable[[Page], list[str]]) -> None:
    """Let the centre ask the room's candidates to try their microphones."""
    clerk = live_server.do(lambda runtime: make_staff(runtime, region=room.centre.region, organisation=room.centre.id))
    page.context.add_cookies([{"name": COOKIE, "value": clerk[1], "url": live_server.url}])
    page.goto("/proctor/cameras/")
    page.get_by_role("link", name="考场监考设置").click()
    page.get_by_role("row", name="一号机房").get_by_role("link", name="修改").click()
    page.get_by_label("画面中没有人").select_option(label="60 秒")
    page.get_by_text("试一试麦克风").click()
    assert axe(page) == []
    page.get_by_role("button", name="保存设置").click()
    expect(page.get_by_role("row", name="一号机房")).to_contain_text("画面中没有人: 60 秒")


def test_a_seat_whose_camera_fails_is_helped_goes_on_and_the_proctor_lets_it(
    page: Page, live_server: LiveServer, room: OpenRoom, candidate: Candidate, axe: Callable[[Page], list[str]]
) -> None:
    seat = candidate.page
    _ask_for_microphones(page, live_server, room, axe)
    seat.add_init_script(UNPLUGGED)
    candidate.sit_down(waits=True)
    expect(seat.locator("#camera-title")).to_be_focused()
    expect(seat.locator(".camera-card dl")).to_contain_text("加密保存至少 3 年")
    assert axe(seat) == []
    candidate.agree()
    expect(seat.locator(".camera-help")).to_contain_text("举手")
    expect(seat.locator("[data-check=line] output")).to_contain_text("kbit/s")
    assert axe(seat) == []
    seat.evaluate("window.plugged = true")
    seat.locator("[data-act=again]").click()
    expect(seat.locator("[data-check=microphone] output")).to_have_text("听得见")
    seat.wait_for_function("() => document.querySelector('.camera-card video')?.videoWidth > 0")
    seat.locator("[data-act=finish]").click()
    expect(seat.locator("[data-part=tried]")).to_contain_text("准许入场以后才开始传画面")
    candidate.let_in()
    expect(seat.locator("[data-part=on]")).to_contain_text("正在传给监考员")
    seat.locator("[data-part=on] [data-act=withdraw]").click()
    candidate.start()
    candidate.expect_camera("没有摄像头")
    candidate.answer(1, "1")
    _wait(lambda: candidate.stored() == 1)

    _watch(page, live_server, room)
    tile = page.locator(".tile[data-state=in_progress]")
    expect(tile).to_have_attribute("data-attention", "camera")
    assert axe(page) == []
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator("#drawer [data-dialog^=d-waive]").click()
    page.locator("#drawer dialog[open] select").select_option("declined")
    page.locator("#drawer dialog[open] [type=submit]").click()
    expect(page.locator("#drawer")).to_contain_text("已获准不使用摄像头")
    expect(tile).to_have_attribute("data-camera", "waived", timeout=10_000)
    expect(tile).to_have_attribute("data-attention", "")
    assert axe(page) == []


def test_a_recording_plays_and_seeks_on_the_record_page(
    page: Page, live_server: LiveServer, room: OpenRoom, axe: Callable[[Page], list[str]]
) -> None:
    async def recorded(runtime: Runtime) -> UUID:
        [attempt] = await attempts_in_progress(runtime, 1, slots=2)
        began = runtime.clock.now() - timedelta(minutes=1)
        sitting = new_id()
        for number in range(2):
            await stored(runtime, sitting_id=sitting, attempt_id=attempt, at=began + timedelta(seconds=2 * number))
        return attempt

    attempt = live_server.do(recorded)
    page.context.add_cookies([{"name": COOKIE, "value": room.session, "url": live_server.url}])
    page.goto(f"/proctor/attempts/{attempt}/record")
    page.select_option("select[name=reason]", "incident")
    page.get_by_role("button", name="调阅录像").click()
    page.wait_for_function("() => document.querySelector('#player video')?.duration > 1.5")
    assert axe(page) == []
    page.locator("[data-play]").last.click()
    page.wait_for_function("() => document.querySelector('#player video')?.currentTime > 0.3")
    first = page.locator("#player video").get_attribute("src")
    page.locator("[data-play]").first.click()
    page.wait_for_function("src => document.querySelector('#player video').getAttribute('src') !== src", arg=first)
    page.wait_for_function(
        "src => document.querySelector('#player video')?.getAttribute('src') === src", arg=first, timeout=20_000
    )


RELAY_ONLY = """
const Plain = RTCPeerConnection;
window.RTCPeerConnection = class extends Plain {
  constructor(wanted) { super({ ...wanted, iceTransportPolicy: "relay" }); }
};
"""


def test_a_seat_whose_network_lets_no_udp_through_comes_over_the_relay(
    browser: Browser, settings: Settings, tmp_path: Path
) -> None:
    with (
        relaying(settings, tmp_path, media_node="127.0.0.1") as relayed,
        serving(relayed) as server,
        media_process(settings, tmp_path / "media.log", first_port=43400),
    ):
        seat = Candidate(browser, server, server.do(lambda runtime: open_room(runtime, people=1)))
        seat.page.add_init_script(RELAY_ONLY)
        seat.sit_down()
        seat.agree()
        seat.start()
        # the first try goes without the relay, and so nowhere; its answer brings the way
        seat.expect_camera("摄像头正常", patience_ms=RECONNECT_MS * 3)
        seat.close()
