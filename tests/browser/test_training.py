"""Training in a real browser: from the workbook to the registration that was refused before, and who looks on."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from playwright.sync_api import Page, expect

from exam.core.runtime import Runtime
from exam.core.sheets.writer import write_workbook
from exam.training.api import record_hours
from exam.training.attendance.roll import sign_code
from exam.training.classes.enrolments import list_enrolments
from exam.training.classes.service import list_sessions
from tests.browser.academy import BEAT_S, Academy
from tests.builders.sitting import id_number, make_bank, make_centre, make_sitting
from tests.builders.training import OFFICER

Check = Callable[[Page], list[str]]


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


def test_lesson_opened_elsewhere_and_a_lost_network_are_told_truly(academy: Academy) -> None:
    learner = academy.learner()
    academy.clock.jump(timedelta(days=1))
    first, second = academy.learner_page(learner), academy.learner_page(learner)
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
    learner = academy.learner()

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

    page = academy.learner_page(learner, width=390)
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
