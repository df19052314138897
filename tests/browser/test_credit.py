"""From a lead to a decision in a real browser: found, told, answered, decided by two, on record, exported."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import text

from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from tests.browser.live import LiveServer
from tests.builders.desks import session_of
from tests.builders.sitting import COUNTY
from tests.integration.test_credit import DECISION, NOTICE, staffed

Check = Callable[[Page], list[str]]


def test_from_a_lead_to_a_decision(page: Page, live_server: LiveServer, axe: Check) -> None:
    live_server.do(staffed)
    tokens: dict[str, str] = {}

    async def open_enterprise(runtime: Runtime) -> str:
        async with runtime.databases.session(Scope(region=COUNTY)) as session:
            own = await session.scalar(text("select id from identity_organisation where kind = 'enterprise'"))
        return (await session_of(runtime, role="enterprise", organisation=own, second_factor=False))[1]

    async def open_regulator(runtime: Runtime) -> str:
        return (await session_of(runtime, role="regulator", region=COUNTY))[1]

    def be(who: str) -> None:
        if who not in tokens:
            tokens[who] = live_server.do(open_enterprise if who == "enterprise" else open_regulator)
        page.context.add_cookies([{"name": COOKIE, "value": tokens[who], "url": live_server.url}])

    be("clerk")
    case = _tell(page, axe)
    be("enterprise")
    _answer(page, axe)
    be("clerk")
    _write_down(page, axe, case)
    be("head")
    _confirm(page, axe, case)
    be("enterprise")
    _object(page, axe)
    be("third")
    _refuse(page, axe)
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (page.url, case, "/regulator/credit", "/regulator/credit/records", "/regulator/credit/exchange"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 390, path
    assert axe(page) == []


def _tell(page: Page, axe: Check) -> str:
    page.goto("/regulator/credit")
    page.get_by_role("button", name="立即查找").click()
    page.get_by_role("row", name="特种作业人员无有效操作证在岗").get_by_role("link").click()
    case = page.url
    page.get_by_role("link", name="告知当事人").click()
    page.get_by_label("告知书文号").fill(NOTICE["document_no"])
    page.get_by_label("告知内容").fill(NOTICE["text"])
    assert axe(page) == []
    page.get_by_role("button", name="告知当事人").click()
    expect(page.locator("main")).to_contain_text("等待当事人陈述申辩")
    return case


def _answer(page: Page, axe: Check) -> None:
    page.goto("/enterprise")
    page.get_by_role("link", name="查看", exact=True).click()
    page.get_by_role("table", name="信用事项").get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("拟处罚款一万元")
    page.get_by_label("陈述申辩意见").fill("该员工当日未作业。")
    assert axe(page) == []
    page.get_by_role("button", name="提交意见").click()
    expect(page.locator("main")).to_contain_text("待拟决定")


def _write_down(page: Page, axe: Check, case: str) -> None:
    page.goto(case)
    expect(page.locator("main")).to_contain_text("该员工当日未作业。")
    page.get_by_role("link", name="登记决定").click()
    assert axe(page) == []
    for label, name in (("决定文书号", "document_no"), ("违法事实", "facts"), ("处罚内容", "content")):
        page.get_by_label(label).fill(DECISION[name])
    page.get_by_label("罚款金额").fill("一万")
    page.get_by_role("button", name="登记并送复核").click()
    expect(page.get_by_role("alert")).to_contain_text("金额以万元为单位")
    expect(page.get_by_label("违法事实")).to_have_value(DECISION["facts"])
    page.get_by_label("罚款金额").fill("1.05")
    page.get_by_role("button", name="登记并送复核").click()
    expect(page.locator("main")).to_contain_text("须由另一人复核")


def _confirm(page: Page, axe: Check, case: str) -> None:
    page.goto(case)
    page.get_by_role("button", name="复核生效").click()
    page.get_by_role("dialog").get_by_role("button", name="复核生效").click()
    expect(page.locator("main")).to_contain_text("已作出处罚决定")
    assert axe(page) == []


def _object(page: Page, axe: Check) -> None:
    page.goto("/enterprise/credit")
    page.get_by_role("table", name="信用记录").get_by_role("link").click()
    page.get_by_label("异议内容").fill("处罚对象有误")
    assert axe(page) == []
    page.get_by_role("button", name="提交异议").click()
    expect(page.locator("main")).to_contain_text("待答复")


def _refuse(page: Page, axe: Check) -> None:
    page.goto("/regulator/credit/records")
    page.get_by_role("table", name="信用记录").get_by_role("link").click()
    page.get_by_role("button", name="异议不成立").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("理由").fill("身份核对无误")
    dialog.get_by_role("button", name="异议不成立").click()
    expect(page.locator("main")).to_contain_text("身份核对无误")
    assert axe(page) == []
    page.goto("/regulator/credit/exchange")
    expect(page.get_by_role("table", name="有问题的记录")).to_contain_text("单位缺少统一社会信用代码")
    with page.expect_download() as got:
        page.get_by_role("link", name="xlsx").click()
    assert got.value.path().read_bytes()[:2] == b"PK"
    assert axe(page) == []
