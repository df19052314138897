"""The bank in a real browser: a file of the field from upload to publication, by three people, on every page in order."""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from exam.core.db.roles import Role as Database
from exam.core.db.scope import Scope
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.core.sheets.writer import write_workbook
from exam.identity.roles import Role
from questionbank.api import load_seed_bank
from questionbank.seed_photo import draw_warehouse
from tests.browser.live import LiveServer
from tests.browser.terminal_page import PATIENCE_MS
from tests.builders.figures import picture_file, sound_file
from tests.builders.identity import account, session_cookie
from tests.builders.questionbank import ROOT

CODE = "special.1.2"
DUTIES = (Role.AUTHOR, Role.REVIEWER, Role.PUBLISHER)
WIDE, PHONE = {"width": 1366, "height": 768}, {"width": 390, "height": 844}

Axe = Callable[[Page], list[str]]


class Staff:
    """Author, reviewer and publisher with a log-in each."""

    def __init__(self, server: LiveServer, browser: Browser) -> None:
        self._server = server
        self._browser = browser
        self._cookies: dict[str, dict[str, str]] = {}
        self.principals: dict[Role, Principal] = {}
        server.do(self._make)

    async def _make(self, runtime: Runtime) -> None:
        for duty in DUTIES:
            holder = await account(runtime, login=duty.value, roles=(duty,), region=ROOT, name=f"甲{duty.value}")
            self._cookies[duty.value] = await session_cookie(runtime, holder)
            grants = (Grant(duty.value, ROOT),)
            self.principals[duty] = Principal(account=holder, name=duty.value, grants=grants)

    def do(self, work: Callable[[Runtime], Awaitable[Any]]) -> Any:
        """Work in the server's loop."""
        return self._server.do(work)

    @contextmanager
    def at_work(self, duty: Role, *, size: dict[str, int] | None = None, **chosen: str) -> Iterator[Page]:
        """Open a browser as one of the three; `chosen` are cookies such as lang and theme. A script error fails."""
        context = self._browser.new_context(base_url=self._server.url, locale="zh-CN", viewport=size or WIDE)  # type: ignore[arg-type]  # a plain size
        cookies = {**self._cookies[duty.value], **chosen}
        context.add_cookies(
            [{"name": name, "value": value, "url": self._server.url} for name, value in cookies.items()]
        )
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
        yield page
        context.close()
        assert errors == []


@pytest.fixture
def staff(live_server: LiveServer, browser: Browser) -> Staff:
    return Staff(live_server, browser)


@pytest.fixture
def seeded(staff: Staff) -> Staff:
    """Load one seed bank by the three."""

    async def load(runtime: Runtime) -> None:
        author, reviewer, publisher = (staff.principals[duty] for duty in DUTIES)
        async with runtime.databases.transaction(Scope(region=ROOT), Database.BANK) as session:
            await load_seed_bank(session, runtime, author=author, reviewer=reviewer, publisher=publisher, code=CODE)

    staff.do(load)
    return staff


def upload(page: Page, file: Path) -> None:
    page.goto("/bank/import")
    page.get_by_label("资格").select_option(CODE)
    page.get_by_label("试题文件").set_input_files(file)
    page.get_by_role("button", name="上传并核对").click()
    expect(page.get_by_text("这是核对结果")).to_be_visible()


def press(page: Page, name: str) -> None:
    """Press a button that asks first, and the same one in its dialog."""
    page.get_by_role("button", name=name).first.click()
    page.locator("dialog[open]").get_by_role("button", name=name).click()


def test_a_file_of_the_field_goes_from_upload_to_publication(staff: Staff, outside_data: Path) -> None:
    with staff.at_work(Role.AUTHOR) as page:
        upload(page, outside_data / "banks" / "低压电工_202001.json")
        figures = page.locator(".figure-value")
        expect(figures).to_have_text(["620 题", "2 行", "6 行"])
        expect(page.get_by_text("没有文字").first).to_be_visible()
        page.get_by_role("link", name="重复 2").click()
        expect(page.locator(".pair").first.locator(".brief-stem")).to_have_count(2)
        press(page, "导入 620 题")
        expect(page.get_by_role("status").get_by_text("已导入为草稿")).to_be_visible()
        page.goto("/bank")
        press(page, "全部送审")
        expect(page.get_by_text("没有等您办理的试题。")).to_be_visible()
    with staff.at_work(Role.REVIEWER) as page:
        page.goto("/bank")
        expect(page.locator(".worklist .count")).to_have_text("620 题")
        press(page, "全部审定")
        expect(page.get_by_text("没有等您办理的试题。")).to_be_visible()
    with staff.at_work(Role.PUBLISHER) as page:
        page.goto("/bank")
        press(page, "全部发布")
        page.goto(f"/bank/items?qualification={CODE}&state=published")
        expect(page.get_by_text("共 620 题")).to_be_visible()


def test_a_workbook_is_tried_before_anything_is_stored(staff: Staff, axe: Axe, tmp_path: Path) -> None:
    file = tmp_path / "去年试题.xlsx"
    right = ("判断", "使用验电器前应先在有电的设备上试验。", "", "", "正确")
    rows = [right, right, ("单选", "触电急救的第一步是什么?", "脱离电源", "呼救", "C")]
    heads = ("栏一", "栏二", "栏三", "栏四", "栏五")
    file.write_bytes(write_workbook(heads, rows))
    with staff.at_work(Role.AUTHOR) as page:
        upload(page, file)
        expect(page.get_by_text("没有认出“题目”和“答案”在哪一列")).to_be_visible()
        for head, meaning in zip(heads, ("题型", "题目", "选项 A", "选项 B", "答案"), strict=True):
            page.get_by_label(head).select_option(meaning)
        page.get_by_role("button", name="按此对应重新核对").click()
        expect(page.locator(".figure-value")).to_have_text(["1 题", "1 行", "1 行"])
        address = page.url
        page.goto("/bank/items")
        expect(page.get_by_text("没有符合条件的试题")).to_be_visible()
        page.goto(address)
        press(page, "导入 1 题")
        expect(page.get_by_role("status").get_by_text("已导入为草稿")).to_be_visible()
        page.goto("/bank/items")
        expect(page.locator(".stem-cell")).to_have_count(1)
        page.locator(".stem-cell a").click()
        page.locator("a", has_text="修改").click()
        page.locator("[name=stem]").fill("使用验电器前应先在无电的设备上试验。")
        page.get_by_label("修改理由").fill("带电试验另有一题")
        page.get_by_role("button", name="保存草稿").click()
        expect(page.locator(".version").first).to_contain_text("带电试验另有一题")
        expect(page.locator("del")).to_have_text("有")
        expect(page.locator("ins")).to_have_text("无")
        # the next file with these titles needs no word: the one question of it that is new can be written
        file.write_bytes(write_workbook(heads, [right, ("判断", "验电器可以不经试验就使用。", "", "", "错误")]))
        upload(page, file)
        expect(page.locator(".figure-value").first).to_have_text("2 题")
    with staff.at_work(Role.AUTHOR, size=PHONE) as page:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        assert axe(page) == []


def test_a_broken_file_says_where_and_stores_nothing(staff: Staff, outside_data: Path) -> None:
    with staff.at_work(Role.AUTHOR) as page:
        page.goto("/bank/import")
        page.get_by_label("资格").select_option(CODE)
        page.get_by_label("试题文件").set_input_files(outside_data / "banks" / "malformed.json")
        page.get_by_role("button", name="上传并核对").click()
        expect(page.get_by_role("alert")).to_contain_text("第 2406 行", timeout=PATIENCE_MS)
        expect(page.get_by_label("资格")).to_have_value(CODE)
        page.goto("/bank/items")
        expect(page.get_by_text("没有符合条件的试题")).to_be_visible()


def _add_figures(page: Page) -> None:
    """Put a recording into the stem and a picture into option D, then drop a picture that came before both."""
    sent: list[FilePayload] = [
        {"name": "蓝.png", "mimeType": "image/png", "buffer": picture_file("blue")},
        {"name": "红.png", "mimeType": "image/png", "buffer": picture_file("red")},
        {"name": "警报.wav", "mimeType": "audio/wav", "buffer": sound_file(1)},
    ]
    page.get_by_label("加图片或录音").set_input_files(sent)
    rows = page.locator(".figure-row")
    expect(rows).to_have_count(3)
    for place, words in ((1, "红色标志"), (2, "警报声")):
        rows.nth(place).get_by_label("说明").fill(words)
    page.get_by_label("选项 D", exact=True).press("End")
    rows.nth(1).get_by_role("button", name="插入").click()
    page.get_by_label("题目").press("End")
    rows.nth(2).get_by_role("button", name="插入").click()
    rows.nth(0).get_by_role("button", name="删除").click()
    expect(page.get_by_label("选项 D", exact=True)).to_have_value("登记〔图1〕")
    expect(page.get_by_label("题目")).to_have_value("低压验电器使用前应当先做什么?〔音2〕")


def test_an_author_writes_a_choice_with_five_options(staff: Staff) -> None:
    with staff.at_work(Role.AUTHOR) as page:
        page.goto(f"/bank/items/new?qualification={CODE}")
        page.get_by_label("题目").fill("低压验电器使用前应当先做什么?")
        page.get_by_role("button", name="加一个选项").click()
        for letter, text in zip("ABCDE", ("清洗", "试验", "加热", "浸油", "登记"), strict=True):
            page.get_by_label(f"选项 {letter}", exact=True).fill(text)
        page.get_by_role("button", name="删除选项").nth(2).click()
        page.get_by_label("选项 A 正确").check()
        page.get_by_label("选项 B 正确").check()
        expect(page.get_by_label("选项 A 正确")).not_to_be_checked()
        _add_figures(page)
        page.get_by_role("button", name="保存草稿").click()
        expect(page.locator(".preview-options li")).to_have_text(["A 清洗", "B 试验", "C 浸油", "D 登记"])
        expect(page.locator(".preview-options li").nth(3).locator("img")).to_have_js_property("naturalWidth", 60)
        expect(page.locator(".preview-stem audio")).to_have_attribute("aria-label", "警报声")
        expect(page.locator(".preview")).not_to_contain_text("〔")
        expect(page.get_by_text("B. 试验")).to_be_visible()


def test_the_editor_shows_only_what_the_interaction_needs(staff: Staff) -> None:
    with staff.at_work(Role.AUTHOR) as page:
        page.goto(f"/bank/items/new?qualification={CODE}")
        for kind, shown in (("judgement", "这个说法"), ("text_entry", "认可的答案"), ("multiple", "选项与答案")):
            page.get_by_label("题型").select_option(kind)
            visible = [text for text in ("这个说法", "认可的答案", "选项与答案") if page.get_by_text(text).is_visible()]
            assert visible == [shown]


def test_hazards_are_drawn_on_a_photo_and_corrected_by_numbers(staff: Staff, axe: Axe, tmp_path: Path) -> None:
    photo = tmp_path / "仓库.jpg"
    photo.write_bytes(draw_warehouse())
    with staff.at_work(Role.AUTHOR) as page:
        page.goto(f"/bank/items/new?qualification={CODE}")
        page.get_by_label("题型").select_option("hotspot")
        page.get_by_label("题目").fill("请在照片上指出两处事故隐患。")
        page.get_by_label("现场照片").set_input_files(photo)
        picture = page.locator(".area-stage img")
        expect(picture).to_have_js_property("naturalWidth", 960)
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        assert box is not None
        scale = box["width"] / 960
        page.mouse.move(box["x"] + 56 * scale, box["y"] + 232 * scale)
        page.mouse.down()
        page.mouse.move(box["x"] + 230 * scale, box["y"] + 474 * scale, steps=3)
        page.mouse.up()
        page.get_by_label("第 1 处的名称").fill("灭火器被堵住")
        page.get_by_label("画法").select_option("ellipse")
        page.get_by_role("button", name="加一处").click()
        page.get_by_label("第 2 处的名称").fill("电线拖过积水")
        for label, value in (("圆心横", "535"), ("圆心竖", "533"), ("横半径", "115"), ("竖半径", "42")):
            page.get_by_label(label, exact=True).fill(value)
        expect(page.get_by_role("textbox", name="选项", exact=True)).to_have_value(
            re.compile(r"灭火器被堵住 @ rect \d+,\d+,\d+,\d+\n电线拖过积水 @ ellipse 535,533,115,42")
        )
        expect(page.locator(".area-stage ellipse")).to_have_attribute("rx", "115")
        assert axe(page) == []
        page.get_by_role("button", name="保存草稿").click()
        expect(page.get_by_text("考生在照片上指出 2 处。")).to_be_visible()
        expect(page.locator(".pointed-areas ellipse")).to_have_count(1)
        page.set_viewport_size({"width": 390, "height": 844})
        page.locator("a", has_text="修改").click()
        expect(page.get_by_label("第 2 处的名称")).to_have_value("电线拖过积水")


def test_enemies_are_chosen_by_search_and_a_changed_law_marks_what_cites_it(seeded: Staff) -> None:
    with seeded.at_work(Role.AUTHOR) as page:
        page.goto(f"/bank/blueprints/new?qualification={CODE}")
        page.get_by_label("查找要互斥的试题").fill("验电")
        page.get_by_label("查找要互斥的试题").press("Enter")
        boxes = page.locator("#picked input[type=checkbox]")
        expect(boxes.first).to_be_visible()
        stems = page.locator("#picked .form-check-label").all_inner_texts()[:2]
        boxes.nth(0).check()
        expect(page.get_by_role("button", name="成为一组")).to_be_disabled()
        boxes.nth(1).check()
        page.get_by_role("button", name="成为一组").click()
        expect(page.locator("[data-groups] > li")).to_have_count(1)
        assert [
            stem.startswith(page.locator("[data-groups] a").nth(n).inner_text()) for n, stem in enumerate(stems)
        ] == [
            True,
            True,
        ]
        assert len(page.locator("[name=enemies]").input_value().split()) == 2
        page.get_by_role("button", name="删除这一组").click()
        expect(page.locator("[data-groups] > li")).to_have_count(0)
    with seeded.at_work(Role.PUBLISHER) as page:
        page.goto("/bank/laws")
        page.get_by_label("变动的法规或标准").fill("GB26860-2011")
        page.get_by_role("button", name="查看受影响的试题").click()
        page.get_by_label("变了什么").fill("2026 版代替 2011 版")
        page.get_by_role("button", name="标记这").click()
        expect(page.locator("td .state", has_text="待复核").first).to_be_visible()


def test_the_editor_of_a_blueprint_tells_while_typing_what_is_missing(seeded: Staff) -> None:
    with seeded.at_work(Role.AUTHOR) as page:
        page.goto(f"/bank/blueprints/new?qualification={CODE}")
        expect(page.locator("#feasibility")).to_contain_text("题库能按这份细目表组卷")
        page.get_by_role("button", name="加一格").click()
        page.get_by_label("题型").last.select_option("multiple")
        page.get_by_label("题数").last.fill("20")
        expect(page.locator("#feasibility")).to_contain_text("第 3 格需要 20 题")
        page.get_by_label("题数").last.fill("900")
        expect(page.locator("#feasibility")).to_contain_text("第 3 格填写有误")
        page.get_by_role("button", name="删除这一格").last.click()
        expect(page.locator("#feasibility")).to_contain_text("题库能按这份细目表组卷")


def test_a_new_syllabus_shows_a_gap_that_leads_to_a_new_item(seeded: Staff, axe: Axe, tmp_path: Path) -> None:
    book = tmp_path / "大纲.xlsx"
    rows = [("1", "法规", "了解", 6, 40), ("90", "新能源充电设施", "熟练掌握", 8, 60)]
    book.write_bytes(
        write_workbook(("编号", "名称", "掌握程度", "学时", "权重"), [*rows, ("90", "又一条", "精通", 1, 0)])
    )
    with seeded.at_work(Role.AUTHOR) as page:
        page.goto("/bank/syllabuses")
        for wrong in (True, False):
            page.get_by_label("资格").select_option(CODE)
            page.get_by_label("大纲名称").fill("低压电工大纲")
            page.get_by_label("版本号").fill("2027")
            page.get_by_label("大纲表格").set_input_files(book)
            page.get_by_role("button", name="核对并保存草稿").click()
            if wrong:
                expect(page.get_by_text("编号 90 重复")).to_be_visible()
                book.write_bytes(write_workbook(("编号", "名称", "掌握程度", "学时", "权重"), rows))
        expect(page.get_by_text("新增 1 条")).to_be_visible()
        draft = page.url
    with seeded.at_work(Role.PUBLISHER, size=PHONE) as page:
        page.goto(draft)
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        press(page, "发布")
        expect(page.get_by_role("status").get_by_text("大纲已发布")).to_be_visible()
    with seeded.at_work(Role.AUTHOR) as page:
        page.goto(f"/bank?qualification={CODE}")
        page.get_by_role("link", name=re.compile("现在命题.*新能源充电设施 判断")).click()
        expect(page.get_by_label("知识点")).to_have_value("90")
        expect(page.get_by_label("题型")).to_have_value("judgement")


def test_ticking_rows_is_counted(seeded: Staff) -> None:
    with seeded.at_work(Role.PUBLISHER) as page:
        page.goto(f"/bank/items?qualification={CODE}")
        page.get_by_label("选中本页全部").check()
        expect(page.locator("[data-marked]")).to_have_text("已选 50 题")
        page.locator('input[name="mark"]').first.uncheck()
        expect(page.locator("[data-marked]")).to_have_text("已选 49 题")


def _pages(staff: Staff, data: Path) -> list[tuple[Role, str]]:
    """Return every page of the bank with something on it."""
    with staff.at_work(Role.AUTHOR) as page:
        upload(page, data / "banks" / "省级低压电工作业.xlsx")
        batch = UUID(page.url.rsplit("/", 1)[1])
        page.goto(f"/bank/items?qualification={CODE}")
        item = page.locator(".stem-cell a").first.get_attribute("href") or ""
    return [
        (Role.AUTHOR, "/bank"),
        (Role.PUBLISHER, "/bank"),
        (Role.REVIEWER, f"/bank/items?qualification={CODE}"),
        (Role.PUBLISHER, item),
        (Role.AUTHOR, f"{item}/edit"),
        (Role.AUTHOR, "/bank/items/new"),
        (Role.AUTHOR, "/bank/import"),
        (Role.AUTHOR, f"/bank/imports/{batch}?show=duplicate"),
        (Role.PUBLISHER, "/bank/blueprints"),
        (Role.AUTHOR, "/bank/syllabuses"),
        (Role.AUTHOR, f"/bank/blueprints/new?qualification={CODE}"),
    ]


def test_every_page_is_accessible_and_fits_in_all_looks(seeded: Staff, axe: Axe, outside_data: Path) -> None:
    looks = (
        (WIDE, {"theme": "light", "lang": "zh-CN"}),
        (PHONE, {"theme": "dark", "lang": "en"}),
        (PHONE, {"theme": "contrast", "lang": "zh-CN"}),
    )
    found = []
    pages = sorted(_pages(seeded, outside_data))
    for (size, chosen), (duty, places) in product(looks, [(d, list(p)) for d, p in groupby(pages, itemgetter(0))]):
        with seeded.at_work(duty, size=size, **chosen) as page:
            for _, path in places:
                page.goto(path)
                found += [f"{path} {chosen}: {line}" for line in axe(page)]
                width = page.evaluate("document.documentElement.scrollWidth")
                found += [f"{path} {chosen}: scrolls sideways"] if width > size["width"] else []
    assert found == []
