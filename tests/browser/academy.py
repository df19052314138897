"""A training body at work, for the browser tests of training: who may come in, and how time passes for all of them."""

from datetime import timedelta
from uuid import UUID

from playwright.sync_api import Browser, Page

from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from exam.training.classes.enrolments import list_enrolments
from exam.training.classes.views import EnrolmentView
from exam.training.settling import run_settle
from tests.browser.live import LiveServer, MovedClock
from tests.builders.desks import session_of
from tests.builders.training import (
    School,
    learner_cookie,
    make_class,
    make_learner,
    make_lesson,
    make_programme,
    make_school,
    staff_token,
)

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
        """Open a page of somebody new."""
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

    def learner(self, *, number: int = 1) -> EnrolmentView:
        """Enrol the person of an ID number in the class."""
        return self.server.do(lambda runtime: make_learner(runtime, self.school, self.class_id, number=number))

    def learner_page(self, learner: EnrolmentView, *, width: int = 1366) -> Page:
        """Open a page of a learner who has logged in at home; its clock can be set forward."""
        page = self.page(width=width)
        cookie = self.server.do(lambda runtime: learner_cookie(runtime, learner))
        page.context.add_cookies([{"name": COOKIE, "value": cookie[COOKIE], "url": self.server.url}])
        page.clock.install()
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


def open_lesson(page: Page, title: str) -> None:
    """Open a lesson from the learner's own page."""
    page.goto("/learn")
    page.get_by_role("listitem").filter(has_text=title).get_by_role("button").click()


def until(page: Page, condition: str) -> None:
    """Wait for a condition of the page's video; the page's policy lets no condition be evaluated inside it."""
    for _ in range(900):  # a busy machine plays slower than a clock runs
        if page.evaluate(f"document.querySelector('video')?.{condition}"):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)
