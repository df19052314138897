"""Training in a real browser: from the workbook to the registration that was refused before, and who looks on."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import write_workbook
from exam.identity.sessions import COOKIE
from exam.training.api import record_hours
from exam.training.attendance.roll import sign_code
from exam.training.classes.enrolments import list_enrolments
from exam.training.classes.service import list_sessions
from exam.training.ledger.judging import Beat
from exam.training.lessons.study import take_beat
from exam.training.materials.making import run_make
from exam.training.settling import run_settle
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct
from tests.browser.live import LiveServer, MovedClock, serving
from tests.builders.desks import session_of
from tests.builders.figures import figured_draft
from tests.builders.films import film_bytes
from tests.builders.packages import cmi5_bytes, scorm_bytes
from tests.builders.questionbank import publish_bank, some_drafts
from tests.builders.sitting import id_number, make_bank, make_centre, make_sitting
from tests.builders.training import (
    OFFICER,
    School,
    learner_cookie,
    make_class,
    make_film_lesson,
    make_learner,
    make_lesson,
    make_package_lesson,
    make_programme,
    make_quiz_lesson,
    make_school,
    staff_token,
)

Check = Callable[[Page], list[str]]
BEAT_S = 15
LESSON = """
# 什么是隐患
可能导致事故发生的状态、行为和缺陷,都叫事故隐患。
# 怎样排查
按岗位列清单,到现场逐项看、逐项记。
? 发现隐患以后先做什么?
- 等月底会议再说
+ 立即报告并记录
"""


class Academy:
    """A served training body with one class, and a clock that the page and the server share."""

    def __init__(self, server: LiveServer, clock: MovedClock, browser: Browser) -> None:
        self.server, self.clock, self._browser = server, clock, browser
        self.school = server.do(self._school)
        self.class_id: UUID = server.do(self._class)
        self.pages: list[Page] = []
        self.errors: list[str] = []

    @staticmethod
    async def _school(runtime: Runtime) -> School:
        await runtime.valkey.flushdb()  # allowances outlive a test's database
        school = await make_school(runtime)
        await make_programme(runtime, school)
        await make_lesson(runtime, school, text=LESSON)
        return school

    async def _class(self, runtime: Runtime) -> UUID:
        return await make_class(runtime, self.school)

    def page(self, *, width: int = 1366) -> Page:
        """Open a page of somebody new; its clock can be set forward."""
        context = self._browser.new_context(
            base_url=self.server.url, locale="zh-CN", viewport={"width": width, "height": 800}
        )
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.pages.append(page)
        return page

    def enter(self, page: Page, who: Principal) -> Page:
        """Wear the session of somebody on the staff, opened now."""
        page.context.add_cookies(
            [
                {
                    "name": COOKIE,
                    "value": self.server.do(lambda runtime: staff_token(runtime, who)),
                    "url": self.server.url,
                }
            ]
        )
        return page

    def enter_as_clerk(self, page: Page, centre: UUID) -> Page:
        """Wear the session of a new clerk of an exam centre."""
        _, token = self.server.do(lambda runtime: session_of(runtime, role="centre", organisation=centre))
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": self.server.url}])
        return page

    def pass_time(self, page: Page, seconds: float) -> None:
        """Let time pass for the server and for one page alike."""
        self.clock.jump(timedelta(seconds=seconds))
        page.clock.fast_forward(int(seconds * 1000))

    def count_hours(self) -> None:
        """Let the worker's job run for everybody in the class."""

        async def settle(runtime: Runtime) -> None:
            async with runtime.databases.session(self.school.scope) as session:
                people = [each.person_id for each in await list_enrolments(session, self.class_id)]
            for person in people:
                await run_settle(runtime, person_id=str(person))

        self.server.do(settle)


@pytest.fixture
def academy(settings: Settings, browser: Browser) -> Iterator[Academy]:
    clock = MovedClock()
    with serving(settings, clock) as server:
        opened = Academy(server, clock, browser)
        yield opened
        for page in opened.pages:
            page.context.close()
        assert opened.errors == []


def _enrol_by_workbook(academy: Academy, axe: Check) -> str:
    """Enrol one person as a clerk does, and return the text of the pass that is printed."""
    page = academy.enter(academy.page(), academy.school.clerk)
    link = f"/centre/training/classes/{academy.class_id}"
    page.goto(f"{link}/learners/new")
    assert axe(page) == []
    roster = write_workbook(("姓名", "证件号码"), [("张三", id_number(1)), ("李四", "330106")], sheet="学员")
    page.get_by_label("表格文件").set_input_files({"name": "名单.xlsx", "mimeType": "", "buffer": roster})
    page.get_by_role("button", name="先试运行").click()
    expect(page.get_by_text("1 行可以报名")).to_be_visible()
    page.get_by_role("button", name="为 1 人报名").click()
    expect(page.get_by_text("已报名 1 人")).to_be_visible()
    page.goto(f"{link}/learners/passes")
    return page.locator(".pass-text").inner_text()


def _attest(academy: Academy, hours_hundredths: int) -> None:
    async def attest(runtime: Runtime) -> None:
        async with runtime.databases.transaction(academy.school.scope) as session:
            [learner] = await list_enrolments(session, academy.class_id)
            await record_hours(
                session,
                academy.school.clerk,
                person_id=learner.person_id,
                qualification=OFFICER,
                kind="initial",
                hours_hundredths=hours_hundredths,
                source="纸质记录",
                region=academy.school.region,
                at=runtime.clock.now(),
                proposed_by=academy.school.clerk2.account,
            )

    academy.server.do(attest)


def _sitting(academy: Academy) -> tuple[UUID, UUID]:
    """Store a sitting; return its centre and itself."""

    async def build(runtime: Runtime) -> tuple[UUID, UUID]:
        await make_bank(runtime, qualification=OFFICER)
        centre = await make_centre(runtime)
        starts_in = timedelta(days=7)
        return centre.id, await make_sitting(runtime, centre, qualification=OFFICER, starts_in=starts_in)

    return academy.server.do(build)


def _register(page: Page, sitting_id: UUID) -> None:
    page.goto(f"/centre/sittings/{sitting_id}/registrations/new")
    page.get_by_label("姓名").fill("张三")
    page.get_by_label("证件号码").fill(id_number(1))
    page.get_by_role("button", name="提交报名").click()


def test_learner_studies_at_home_and_may_then_register(academy: Academy, axe: Check) -> None:
    learner_pass = _enrol_by_workbook(academy, axe)
    _attest(academy, 3199)
    centre, sitting_id = _sitting(academy)
    clerk = academy.enter_as_clerk(academy.page(), centre)
    _register(clerk, sitting_id)
    expect(clerk.get_by_role("alert")).to_contain_text("已登记培训 31.99 学时")

    academy.clock.jump(timedelta(days=1))  # the class begins
    page = academy.page(width=390)
    page.clock.install()
    page.goto("/me/login")
    page.get_by_label("准考证二维码").fill(learner_pass)
    page.get_by_label("身份证号").fill(id_number(1))
    page.get_by_role("button", name="进入").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("我的培训")
    page.get_by_role("button", name="学习").click()
    _study(academy, page, axe)
    academy.count_hours()
    academy.enter_as_clerk(clerk, centre)
    _register(clerk, sitting_id)
    expect(clerk.get_by_text("张三").first).to_be_visible()
    expect(clerk.get_by_text("不符合报名条件")).to_have_count(0)


def _study(academy: Academy, page: Page, axe: Check) -> None:
    """Try to skip, sit the lesson to its end, answer what is asked, and leave."""
    expect(page.get_by_role("heading", level=1)).to_have_text("事故隐患")
    assert axe(page) == []
    expect(page.get_by_role("button", name="下一节")).to_be_disabled()
    skipped = page.evaluate("fetch(`${location.pathname}/units/1`).then((answer) => answer.status)")
    assert skipped in {403, 409}
    academy.pass_time(page, BEAT_S)
    page.get_by_role("button", name="下一节").click()
    expect(page.get_by_role("heading", level=2, name="怎样排查")).to_be_visible()
    academy.pass_time(page, BEAT_S)
    expect(page.get_by_role("dialog")).to_contain_text("发现隐患以后先做什么?")
    assert axe(page) == []
    page.get_by_role("button", name="等月底会议再说").click()
    expect(page.get_by_text("请再想想")).to_be_visible()
    page.get_by_role("button", name="立即报告并记录").click()
    expect(page.locator(".lesson-state")).to_contain_text("本课件已学完")
    page.get_by_role("button", name="退出学习").click()
    expect(page.get_by_text("已学完")).to_be_visible()


def test_clerk_uploads_a_film_and_a_learner_watches_it_to_its_end(academy: Academy, axe: Check) -> None:
    _film_lesson(academy, axe)
    learner = academy.server.do(lambda runtime: make_learner(runtime, academy.school, academy.class_id, number=1))
    academy.clock.jump(timedelta(days=1))
    page = academy.page(width=390)
    cookie = academy.server.do(lambda runtime: learner_cookie(runtime, learner))
    page.context.add_cookies([{"name": COOKIE, "value": cookie[COOKIE], "url": academy.server.url}])
    page.clock.install()
    page.goto("/learn")
    page.get_by_role("listitem").filter(has_text="停电检修").get_by_role("button").click()
    _watch(academy, page, axe)
    _work_through_package(academy, page, axe)
    _work_through_course(academy, page, axe)


def _work_through_package(academy: Academy, page: Page, axe: Check) -> None:
    """Open a package in its own origin, let it commit, find it again where it was left, and finish by time."""
    academy.server.do(
        lambda runtime: make_package_lesson(runtime, academy.school, title="触电急救", data=scorm_bytes("scorm2004"))
    )
    frame = page.frame_locator(".package").frame_locator("iframe").frame_locator("iframe")
    _open_lesson(page, "触电急救")
    expect(frame.locator("#place")).to_have_text("位置: 数据:")
    assert axe(page) == []
    frame.get_by_role("button", name="完成").click()
    expect(frame.locator("#place")).to_have_text("已提交")
    page.get_by_role("combobox", name="目录").select_option("灭火")
    frame.get_by_role("button", name="完成").click()
    expect(frame.locator("#place")).to_have_text("已提交")
    page.get_by_role("combobox", name="目录").select_option("触电急救")
    expect(frame.locator("#place")).to_have_text("位置:p7 数据:第七页")
    page.get_by_role("button", name="退出学习").click()
    _open_lesson(page, "触电急救")
    expect(frame.locator("#place")).to_have_text("位置:p7 数据:第七页")
    there = next(each for each in page.frames if each.url.startswith("http://localhost"))
    assert there.evaluate("document.cookie") == ""
    assert there.evaluate("fetch('/learn').then(() => 'let', () => 'kept out')") == "kept out"
    academy.pass_time(page, BEAT_S)
    expect(page.get_by_role("progressbar", name="学习进度")).not_to_have_js_property("value", 0)


def _work_through_course(academy: Academy, page: Page, axe: Check) -> None:
    """Open a cmi5 course, let its first unit say that it is passed, and find where it was left; the second asks nothing."""
    academy.server.do(lambda runtime: make_package_lesson(runtime, academy.school, title="用电安全", data=cmi5_bytes()))
    unit = page.frame_locator(".package").frame_locator("iframe")
    _open_lesson(page, "用电安全")
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


def _open_lesson(page: Page, title: str) -> None:
    page.goto("/learn")
    page.get_by_role("listitem").filter(has_text=title).get_by_role("button").click()


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
    _until(page, "readyState >= 2")
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


def _until(page: Page, condition: str) -> None:
    """Wait for a condition of the page's video; the page's policy lets no condition be evaluated inside it."""
    for _ in range(900):  # a busy machine plays slower than a clock runs
        if page.evaluate(f"document.querySelector('video')?.{condition}"):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)


def _watch(academy: Academy, page: Page, axe: Check) -> None:
    """Play, try to drag ahead, hide the check's answer for a moment, come to the end, and move freely afterwards."""
    expect(page.get_by_role("heading", level=1)).to_have_text("停电检修")
    assert axe(page) == []
    page.get_by_role("button", name="播放").click()
    _until(page, "currentTime >= 1")
    page.evaluate("document.querySelector('video').currentTime = 12")
    _until(page, "currentTime < 4")
    assert page.evaluate("document.querySelector('video').textTracks[0].activeCues[0].text") == "先断电"
    academy.pass_time(page, BEAT_S)
    expect(page.get_by_role("progressbar", name="学习进度")).not_to_have_js_property("value", 0)
    _until(page, "ended || document.querySelector('[data-check]').open")  # the report may come before the last picture
    academy.pass_time(page, BEAT_S)
    expect(page.get_by_role("dialog")).to_contain_text("您还在学习吗")
    page.get_by_role("button", name="我在学习").click()
    expect(page.locator(".lesson-state")).to_contain_text("本课件已学完")
    page.evaluate("document.querySelector('video').currentTime = 3")
    _until(page, "currentTime < 4")
    assert page.evaluate("document.querySelector('video').controls")
    page.get_by_role("button", name="退出学习").click()
    expect(page.get_by_text("已学完")).to_be_visible()


def test_film_goes_on_where_it_was_left_waits_for_what_is_not_open_and_outlives_a_poor_line(academy: Academy) -> None:
    film = film_bytes(48)
    academy.server.do(lambda runtime: make_film_lesson(runtime, academy.school, title="停电检修", data=film))
    learner = academy.server.do(lambda runtime: make_learner(runtime, academy.school, academy.class_id, number=1))
    academy.clock.jump(timedelta(days=1))
    page = academy.page()
    cookie = academy.server.do(lambda runtime: learner_cookie(runtime, learner))
    page.context.add_cookies([{"name": COOKIE, "value": cookie[COOKIE], "url": academy.server.url}])
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    _open_lesson(page, "停电检修")
    _until(page, "readyState >= 3")
    _studied(academy, learner.person_id, page.url, reach_ms=11_000)
    page.reload()
    _until(page, "readyState >= 3")
    assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(11)
    _rest(academy, page, asked)
    page.get_by_role("button", name="播放").click()
    _until(page, "currentTime >= 13")
    assert page.evaluate("document.querySelector('video').duration") < 44  # the last segment is not open yet
    academy.pass_time(page, BEAT_S)
    _until(page, "duration > 47")
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
    _until(page, "readyState < 3")
    for _ in range(300):
        if len([url for url in asked if "/film/segments/" in url]) == 3:
            break
        page.wait_for_timeout(100)
    page.unroute("**/film/segments/*")
    _until(page, "readyState >= 3")
    before = page.evaluate("document.querySelector('video').currentTime")
    assert before < 10
    _until(page, f"currentTime > {before} + 1")


def test_lesson_opened_elsewhere_and_a_lost_network_are_told_truly(academy: Academy) -> None:
    learner = academy.server.do(lambda runtime: make_learner(runtime, academy.school, academy.class_id, number=1))
    academy.clock.jump(timedelta(days=1))
    cookie = academy.server.do(lambda runtime: learner_cookie(runtime, learner))
    first, second = academy.page(), academy.page()
    for page in (first, second):
        page.context.add_cookies([{"name": COOKIE, "value": cookie[COOKIE], "url": academy.server.url}])
        page.clock.install()
    first.goto("/learn")
    first.get_by_role("button", name="学习").click()
    expect(first.locator(".lesson-state")).not_to_be_empty()  # the script runs
    first.context.set_offline(offline=True)
    academy.pass_time(first, BEAT_S)
    expect(first.locator(".lesson-state")).to_contain_text("网络中断")
    first.context.set_offline(offline=False)
    academy.pass_time(first, 4)
    expect(first.locator(".lesson-state")).to_contain_text("可以学习下一节")
    second.goto("/learn")
    second.get_by_role("button", name="学习").click()
    expect(second.get_by_role("heading", level=2, name="怎样排查")).to_be_visible()
    academy.pass_time(first, BEAT_S)
    expect(first.locator(".lesson-state")).to_contain_text("已在别处打开")
    regulator = academy.enter(academy.page(), academy.school.regulator)
    regulator.goto(f"/regulator/training/classes/{academy.class_id}")
    expect(regulator.get_by_role("table", name="在线学习观察记录")).to_contain_text("另一设备已打开课件后仍在报告")


def test_teacher_takes_the_roll_and_the_regulator_sees_it(academy: Academy, axe: Check) -> None:
    learner = academy.server.do(lambda runtime: make_learner(runtime, academy.school, academy.class_id, number=1))

    async def one(runtime: Runtime) -> tuple[UUID, timedelta]:
        async with runtime.databases.session(academy.school.scope) as session:
            [found] = await list_sessions(session, academy.class_id)
            return found.id, found.starts_at - runtime.clock.now()

    session_id, ahead = academy.server.do(one)
    academy.clock.jump(ahead)
    teacher = academy.enter(academy.page(), academy.school.teacher)
    teacher.goto("/teach")
    teacher.get_by_role("link", name="09:00").click()
    expect(teacher.get_by_role("img", name="二维码")).to_be_visible()
    assert axe(teacher) == []

    async def address(runtime: Runtime) -> str:
        async with runtime.databases.session(academy.school.scope) as session:
            [found] = await list_sessions(session, academy.class_id)
            return sign_code(runtime, found)

    page = academy.page(width=390)
    cookie = academy.server.do(lambda runtime: learner_cookie(runtime, learner))
    page.context.add_cookies([{"name": COOKIE, "value": cookie[COOKIE], "url": academy.server.url}])
    page.goto(academy.server.do(address))
    assert axe(page) == []
    page.get_by_role("button", name="签到").click()
    expect(page.get_by_text("已签到。下课后请再扫码签退。")).to_be_visible()
    academy.clock.jump(timedelta(minutes=136))
    academy.enter(teacher, academy.school.teacher)
    teacher.goto(f"/teach/sessions/{session_id}")
    expect(teacher.get_by_label("到课")).to_be_checked()
    teacher.get_by_role("button", name="确认考勤").click()
    academy.count_hours()
    regulator = academy.enter(academy.page(), academy.school.regulator)
    regulator.goto("/regulator/training")
    regulator.get_by_role("link", name="2026 年第 12 期").click()
    expect(regulator.get_by_role("table", name="学员")).to_contain_text("张*")
    expect(regulator.get_by_role("table", name="学员").get_by_role("cell", name="3", exact=True)).to_be_visible()
    assert axe(regulator) == []
    regulator.get_by_role("link", name="09:00").click()
    expect(regulator.get_by_role("table", name="考勤")).to_contain_text("09:00")


def _open_bank(academy: Academy) -> None:
    """Publish a bank of which a part is open for practice."""

    async def build(runtime: Runtime) -> None:
        drafts = [figured_draft(each) for each in some_drafts(each=8)]
        bank = await publish_bank(runtime, qualification=OFFICER, drafts=drafts)
        released = [item for place in range(3) for item in bank.item_ids[8 * place : 8 * place + 4]]
        async with runtime.databases.transaction(Scope(region="33"), Role.BANK) as session:
            await act_on_items(session, bank.makers.publisher, ItemAct.RELEASED, released, at=runtime.clock.now())

    academy.server.do(build)


def test_learner_practises_sits_a_mock_and_reads_how_ready_they_are(academy: Academy, axe: Check) -> None:
    _open_bank(academy)
    academy.clock.jump(timedelta(days=1))  # the class begins
    learner = academy.server.do(lambda runtime: make_learner(runtime, academy.school, academy.class_id, number=1))
    cookie = academy.server.do(lambda runtime: learner_cookie(runtime, learner))
    page = academy.page(width=390)
    page.context.add_cookies([{"name": COOKIE, "value": cookie[COOKIE], "url": academy.server.url}])
    page.goto("/learn")
    page.get_by_role("article").get_by_role("link", name="练习与模拟考试").click()
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
    _open_lesson(page, "小测")
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
