"""The bank's pages over HTTP: written, reviewed and published by three log-ins, and nothing of it for anybody else."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import AsyncTestClient
from openpyxl import load_workbook
from sqlalchemy import func, select

from exam.core.audit.ledger import AuditRow
from exam.core.clock import local_date
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.core.sealed_files import DROP_FILE, get_sealed, put_sealed
from exam.core.sheets.writer import WORKBOOK
from exam.identity.roles import Role as Duty
from questionbank.items.content import Interaction
from questionbank.items.models import ImportBatch, ItemRow
from tests.builders.figures import picture_file
from tests.builders.grading import work_off
from tests.builders.identity import account, session_cookie
from tests.builders.questionbank import ROOT, makers, publish_bank, publish_items, scene, some_drafts
from tests.builders.web import application

CODE, OTHER = "special.1.2", "officer.general"
CSV = "题目,选项A,选项B,答案\n验电前应先做什么,试验验电器,直接验电,A\n挂接地线前应先做什么,验电,拆线,A\n没有答案的题,甲,乙,\n"
ITEM = {
    "interaction": "choice",
    "stem": "低压验电器使用前应当先做什么?",
    "option": ["清洗", "在有电设备上试验", "加热", ""],
    "key": "B",
    "node": "1.1",
    "depth": "掌握",
    "difficulty": "30",
    "explanation": "先确认验电器完好。",
    "basis": "GB 26860",
    "based_on": "0",
}
REVISED = ITEM | {"based_on": "1", "reason": "更正表述"}
SIGN = "data:image/png;base64," + b64encode(picture_file("red")).decode()
Fields = dict[str, Any]


class Client:
    """One person's browser over the shared application."""

    def __init__(self, wire: AsyncTestClient[Litestar], cookies: dict[str, str]) -> None:
        self._wire = wire
        self._cookies = cookies
        self._headers = {"accept": "text/html"}

    async def enter(self) -> None:
        """Get the token that every form sends back."""
        answer = await self.get("/health/live")
        self._cookies["csrftoken"] = self._headers["x-csrftoken"] = answer.cookies["csrftoken"]

    def _as_me(self) -> dict[str, str]:
        self._wire.cookies.clear()
        return {**self._headers, "cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}

    async def get(self, path: str) -> Response:
        return await self._wire.get(path, headers=self._as_me())

    async def post(self, path: str, fields: Fields | None = None, file: tuple[str, bytes] | None = None) -> Response:
        files = {"file": file} if file else None
        return await self._wire.post(path, data=fields, files=files, headers=self._as_me(), follow_redirects=False)


class People:
    """The browsers of the holders of roles."""

    def __init__(self, runtime: Runtime, wire: AsyncTestClient[Litestar]) -> None:
        self._runtime = runtime
        self._wire = wire
        self._known: dict[str, Client] = {}

    async def __call__(self, duty: Duty, *, region: str = ROOT, login: str = "") -> Client:
        """Return the browser of a role's holder, who gets an account at the first call."""
        login = login or f"{duty.value}-{region.replace('/', '-')}"
        if login not in self._known:
            holder = await account(self._runtime, login=login, roles=(duty,), region=region, name=login)
            self._known[login] = Client(self._wire, await session_cookie(self._runtime, holder))
            await self._known[login].enter()
        return self._known[login]


@pytest.fixture
async def people(runtime: Runtime) -> AsyncIterator[People]:
    with application(runtime) as app:
        async with AsyncTestClient(app) as wire:
            yield People(runtime, wire)


async def post(client: Client, path: str, **fields: object) -> Response:
    return await client.post(path, fields)


def id_in(response: Response) -> UUID:
    """Return the id at the end of a redirect."""
    assert response.status_code == 303, response.text
    return UUID(response.headers["location"].split("/")[3].split("?")[0])


def hidden(html: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]*)"', html)


async def states(runtime: Runtime) -> dict[str, int]:
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        rows = await session.execute(select(ItemRow.state, func.count()).group_by(ItemRow.state))
        return {state: count for state, count in rows}  # noqa: C416


async def write(people: People) -> UUID:
    return id_in(await post(await people(Duty.AUTHOR), f"/bank/items/new?qualification={CODE}", **ITEM))


async def test_an_item_is_written_reviewed_and_published_by_three_people(people: People, runtime: Runtime) -> None:
    item = await write(people)
    for duty, act in ((Duty.AUTHOR, "submitted"), (Duty.REVIEWER, "approved"), (Duty.PUBLISHER, "published")):
        done = await post(await people(duty), f"/bank/items/{item}/act", act=act, version="1")
        assert done.status_code == 303, done.text
    shown = await (await people(Duty.AUTHOR)).get(f"/bank/items/{item}")
    assert await states(runtime) == {"published": 1}
    assert [word in shown.text for word in ("低压验电器使用前", "在有电设备上试验", "先确认验电器完好", "已发布")] == [
        True
    ] * 4


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"interaction": "judgement", "truth": "F"}, "错误"),
        ({"interaction": "multiple", "key": ["A", "B"]}, "A. 清洗"),
        (
            {"interaction": "multiple", "key": ["A", "B"], "weights": "A = 1\r\nB = 0.5\r\nothers = -0.5"},
            "其他答案各 -0.5 分",
        ),
        ({"figure": SIGN, "figure_text": "红色标志", "stem": "〔图1〕是什么标志?"}, 'alt="红色标志">是什么标志?'),
        ({"interaction": "text_entry", "variants": "36\r\n三十六"}, "三十六"),
        ({"interaction": "text_entry", "variants": "36 +- 0.5"}, "36±0.5"),
        ({"interaction": "order", "lines": "验电\r\n装设接地线\r\n悬挂标示牌"}, "3. 悬挂标示牌"),
        ({"interaction": "match", "lines": "36V -> 安全电压\r\n380V -> 线电压\r\n-> 相电压"}, "2. 380V — 线电压"),
        ({"interaction": "inline_choice", "stem": "应先____,再( )。", "lines": "验电|送电\r\n接地|离开"}, "(2) 接地"),
        ({"interaction": "hotspot", "lines": "临边无护栏 @ rect 10,10,40,30", "photo": scene().url}, "临边无护栏"),
        ({"interaction": "case", "lines": "原因?|*违章|天气\r\n措施?|*培训|*监护|放假"}, "(2) 监护"),
    ],
)
async def test_every_interaction_can_be_written(people: People, fields: dict[str, object], key: str) -> None:
    author = await people(Duty.AUTHOR)
    item = id_in(await post(author, f"/bank/items/new?qualification={CODE}", **(ITEM | fields)))
    shown = await author.get(f"/bank/items/{item}")
    assert key in shown.text
    again = await author.get(f"/bank/items/{item}/edit")
    for field in ("lines", "weights"):
        typed = str(fields.get(field, "")).replace("\r", "").replace("others", "其他")
        assert typed in unescape(again.text)


async def test_a_file_that_is_none_is_refused_and_the_others_are_still_there(people: People) -> None:
    author = await people(Duty.AUTHOR)
    sound = "data:audio/wav;base64," + b64encode(b"RIFF....").decode()
    fields = ITEM | {"figure": [SIGN, sound], "figure_text": ["红色标志", "警报"], "stem": "看〔图1〕听〔音2〕"}
    answer = await post(author, f"/bank/items/new?qualification={CODE}", **fields)
    assert (answer.status_code, "recording_unreadable" in answer.text) == (400, True)
    assert (answer.text.count('name="figure" value="data:'), "〔音2〕</b>" in answer.text) == (2, True)


async def test_a_faulty_item_comes_back_with_what_was_typed(people: People) -> None:
    author = await people(Duty.AUTHOR)
    answer = await post(author, f"/bank/items/new?qualification={CODE}", **(ITEM | {"key": ["C", "D"]}))
    assert answer.status_code == 400
    assert "key_without_option" in answer.text
    assert "低压验电器使用前应当先做什么?" in answer.text
    assert "在有电设备上试验" in answer.text


async def test_a_stale_editor_does_not_overwrite(people: People) -> None:
    item, author = await write(people), await people(Duty.AUTHOR)
    first = await post(author, f"/bank/items/{item}/edit", **(REVISED | {"node": "1.2"}))
    second = await post(author, f"/bank/items/{item}/edit", **(REVISED | {"node": "1.3"}))
    assert first.status_code == 303
    assert (second.status_code, "item_version" in second.text) == (409, True)


async def test_what_changed_between_versions_is_shown(people: People) -> None:
    item, author = await write(people), await people(Duty.AUTHOR)
    changed = REVISED | {"stem": "高压验电器使用前应当先做什么?"}
    await post(author, f"/bank/items/{item}/edit", **changed)
    shown = await author.get(f"/bank/items/{item}")
    assert ("<del>低</del><ins>高</ins>压验电器" in shown.text, "更正表述" in shown.text) == (True, True)


async def test_no_version_follows_without_a_word_why(people: People) -> None:
    item, author = await write(people), await people(Duty.AUTHOR)
    answer = await post(author, f"/bank/items/{item}/edit", **(REVISED | {"node": "1.2", "reason": " \n"}))
    assert (answer.status_code, "reason_required" in answer.text, "高压" in answer.text) == (400, True, False)
    assert "第 2 版" not in (await author.get(f"/bank/items/{item}")).text


async def test_a_reviewer_cannot_approve_a_version_that_was_not_shown(people: People, runtime: Runtime) -> None:
    item, author = await write(people), await people(Duty.AUTHOR)
    await post(author, f"/bank/items/{item}/edit", **(REVISED | {"node": "1.2"}))
    await post(author, f"/bank/items/{item}/act", act="submitted", version="2")
    answer = await post(await people(Duty.REVIEWER), f"/bank/items/{item}/act", act="approved", version="1")
    assert (answer.status_code, "items_changed" in answer.text) == (409, True)
    assert await states(runtime) == {"in_review": 1}


async def test_a_returned_item_is_on_its_author_s_desk_with_the_reason(people: People) -> None:
    item, author = await write(people), await people(Duty.AUTHOR)
    await post(author, f"/bank/items/{item}/act", act="submitted", version="1")
    fields = {"act": "returned", "version": "1", "reason": "依据已废止"}
    await post(await people(Duty.REVIEWER), f"/bank/items/{item}/act", **fields)
    desk = await author.get("/bank")
    assert "依据已废止" in desk.text


async def test_an_author_s_button_press_cannot_approve(people: People, runtime: Runtime) -> None:
    item, author = await write(people), await people(Duty.AUTHOR)
    await post(author, f"/bank/items/{item}/act", act="submitted", version="1")
    answer = await post(author, f"/bank/items/{item}/act", act="approved", version="1")
    assert answer.status_code == 403
    assert await states(runtime) == {"in_review": 1}


async def upload(client: Client, data: bytes, name: str, qualification: str = CODE) -> Response:
    return await client.post("/bank/import", {"qualification": qualification}, (name, data))


def kept_files(runtime: Runtime) -> list[Path]:
    return [path for path in (runtime.settings.files_folder / "questionbank").rglob("*") if path.is_file()]


async def test_an_upload_is_judged_and_written_only_when_confirmed(people: People, runtime: Runtime) -> None:
    author = await people(Duty.AUTHOR)
    batch = id_in(await upload(author, CSV.encode(), "题.csv"))
    report = await author.get(f"/bank/imports/{batch}")
    before, kept = await states(runtime), kept_files(runtime)
    confirmed = await post(author, f"/bank/imports/{batch}/confirm")
    again = await post(author, f"/bank/imports/{batch}/confirm")
    assert "第 4 行" in report.text
    assert "没有答案。" in report.text
    assert (before, confirmed.status_code) == ({}, 303)
    assert await states(runtime) == {"draft": 2}
    assert (again.status_code, "import_written" in again.text) == (409, True)
    assert sorted(path.name for path in kept) == ["checked", "file"]
    assert not any("挂接地线".encode() in path.read_bytes() for path in kept)
    assert DROP_FILE in await work_off(runtime)
    assert [path.name for path in kept_files(runtime)] == ["checked"]
    assert "第 4 行" in (await author.get(f"/bank/imports/{batch}")).text


async def test_a_duplicate_is_shown_beside_its_twin(people: People) -> None:
    item, author = await write(people), await people(Duty.AUTHOR)
    twin = "题目,选项A,选项B,选项C,答案\n低压验电器使用前应当先做什么,加热,清洗,在有电设备上试验,A\n"
    batch = id_in(await upload(author, twin.encode(), "题.csv"))
    report = await author.get(f"/bank/imports/{batch}?show=duplicate")
    assert f"/bank/items/{item}" in report.text
    assert "答案不同" in report.text


async def test_a_judgement_is_compared_without_letters(people: People) -> None:
    author = await people(Duty.AUTHOR)
    same = "高处作业必须系安全带,正确\n"
    batch = id_in(await upload(author, f"题目,答案\n{same}{same}".encode(), "题.csv"))
    report = (await author.get(f"/bank/imports/{batch}?show=duplicate")).text
    briefs = re.findall(r'<ul class="brief-options">(.*?)</ul>', report)
    assert briefs == ["<li>正确</li><li>错误</li>"] * 2


async def test_a_bank_that_changed_since_the_dry_run_asks_again(people: People, runtime: Runtime) -> None:
    author = await people(Duty.AUTHOR)
    first = id_in(await upload(author, CSV.encode(), "题.csv"))
    second = id_in(await upload(author, CSV.encode(), "题二.csv"))
    await post(author, f"/bank/imports/{first}/confirm")
    answer = await post(author, f"/bank/imports/{second}/confirm")
    assert (answer.status_code, "import_changed" in answer.text) == (409, True)
    assert await states(runtime) == {"draft": 2}
    retold = await author.get(f"/bank/imports/{second}?show=duplicate")
    assert "验电前应先做什么" in retold.text


async def test_words_that_changed_since_the_dry_run_are_shown_again(people: People, runtime: Runtime) -> None:
    author = await people(Duty.AUTHOR)
    batch = id_in(await upload(author, CSV.encode(), "题.csv"))
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        row = await session.get_one(ImportBatch, batch)
        key = f"{row.storage_key}/checked"
    seen = await get_sealed(runtime, key)
    await put_sealed(runtime, key, seen.replace("直接验电".encode(), "先行验电".encode()))
    answer = await post(author, f"/bank/imports/{batch}/confirm")
    assert (answer.status_code, "import_changed" in answer.text) == (409, True)
    assert await states(runtime) == {}


async def test_a_blueprint_goes_out_as_a_test_and_comes_back_as_a_draft(people: People, runtime: Runtime) -> None:
    bank = await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=6))
    author = await people(Duty.AUTHOR)
    page = f"/bank/blueprints/{bank.blueprint_id}/export"
    assert page in (await author.get("/bank/blueprints")).text
    package = await author.get(f"{page}?format=qti22")
    assert (package.status_code, package.headers["content-type"]) == (200, "application/zip")
    batch = id_in(await upload(author, package.content, "test.zip", OTHER))
    shown = (await author.get(f"/bank/imports/{batch}")).text
    assert "引用 18 题" in shown
    assert f"/bank/blueprints/new?batch={batch}&amp;test=1" in shown
    editor = (await author.get(f"/bank/blueprints/new?batch={batch}&test=1")).text
    assert [re.findall(rf'name="{name}" value="([^"]+)"', editor) for name in ("count", "marks")] == [
        ["4", "3", "2"],
        ["1", "1", "1.5"],
    ]
    assert 'value="小测验"' in editor
    assert (await author.get(f"/bank/blueprints/new?batch={batch}&test=2")).status_code == 404
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        (entry,) = (await session.scalars(select(AuditRow).where(AuditRow.act == "blueprint.exported"))).all()
    assert entry.facts["items"] == 18


async def test_an_unreadable_upload_leaves_nothing(people: People) -> None:
    author = await people(Duty.AUTHOR)
    answer = await upload(author, b'[{"title": "', "bad.json")
    empty = await upload(author, b"", "")
    desk = await author.get("/bank/import")
    assert (answer.status_code, "json_malformed" in answer.text) == (400, True)
    assert empty.status_code == 400
    assert "bad.json" not in desk.text


async def test_the_template_offers_words_that_the_import_reads(people: People) -> None:
    author = await people(Duty.AUTHOR)
    answer = await author.get(f"/bank/import/template.xlsx?qualification={CODE}")
    book = load_workbook(BytesIO(answer.content))
    page = book["试题"]
    offered = {str(each.sqref): each.formula1.strip('"').split(",") for each in page.data_validations.dataValidation}
    assert (len(offered["A2:A1048576"]), offered["K2:K1048576"]) == (len(Interaction), ["了解", "掌握", "熟练掌握"])
    for row, kind in enumerate(offered["A2:A1048576"], 2):
        page.cell(row, 1, kind)
        page.cell(row, 2, f"{kind}怎样填写?")
    filled = BytesIO()
    book.save(filled)
    batch = id_in(await upload(author, filled.getvalue(), "模板.xlsx"))
    report = (await author.get(f"/bank/imports/{batch}?show=refused")).text
    assert "没有答案" in report
    assert "无法识别" not in report


async def test_only_its_uploader_confirms_an_import(people: People, runtime: Runtime) -> None:
    batch = id_in(await upload(await people(Duty.AUTHOR), CSV.encode(), "题.csv"))
    other = await people(Duty.AUTHOR, login="another-author")
    assert (await post(other, f"/bank/imports/{batch}/confirm")).status_code == 403
    assert await states(runtime) == {}


async def test_a_batch_is_reviewed_and_published_whole(people: People, runtime: Runtime) -> None:
    author = await people(Duty.AUTHOR)
    batch = id_in(await upload(author, CSV.encode(), "题.csv"))
    await post(author, f"/bank/imports/{batch}/confirm")
    for duty, act in ((Duty.AUTHOR, "submitted"), (Duty.REVIEWER, "approved"), (Duty.PUBLISHER, "published")):
        client = await people(duty)
        [listed] = hidden((await client.get("/bank")).text, "listed")
        fields = {"act": act, "qualification": CODE, "batch": str(batch), "listed": listed}
        done = await post(client, "/bank/items/act-group", **fields)
        assert done.status_code == 303, done.text
    assert await states(runtime) == {"published": 2}


async def test_a_group_that_changed_is_not_acted_on(people: People, runtime: Runtime) -> None:
    await write(people)
    author = await people(Duty.AUTHOR)
    [listed] = hidden((await author.get("/bank")).text, "listed")
    await post(author, f"/bank/items/new?qualification={CODE}", **(ITEM | {"stem": "另一道题是什么?"}))
    fields = {"act": "submitted", "qualification": CODE, "listed": listed}
    assert (await post(author, "/bank/items/act-group", **fields)).status_code == 409
    assert await states(runtime) == {"draft": 2}


async def test_ticked_items_move_together(people: People, runtime: Runtime) -> None:
    await write(people)
    author = await people(Duty.AUTHOR)
    await post(author, f"/bank/items/new?qualification={CODE}", **(ITEM | {"stem": "另一道题是什么?"}))
    marks = hidden((await author.get("/bank/items")).text, "mark")
    done = await post(author, f"/bank/items/act?qualification={CODE}", act="submitted", mark=marks)
    assert (len(marks), done.status_code) == (2, 303)
    assert await states(runtime) == {"in_review": 2}


@pytest.mark.parametrize("act", ["drafted", "revised", "x"])
async def test_what_only_the_editor_does_has_no_button(people: People, runtime: Runtime, act: str) -> None:
    await write(people)
    author = await people(Duty.AUTHOR)
    marks = hidden((await author.get("/bank/items")).text, "mark")
    item_id = marks[0].partition(":")[0]
    for path, fields in (
        (f"/bank/items/{item_id}/act", {"version": "1"}),
        ("/bank/items/act", {"mark": marks}),
        ("/bank/items/act-group", {"qualification": CODE, "listed": "x"}),
    ):
        assert (await post(author, path, act=act, **fields)).status_code == 400, path
    assert await states(runtime) == {"draft": 1}


@pytest.mark.parametrize("mark", ["", "x", "x:1", "01a20ae8-19e6-764d-8bf3-15b6abb854b2:9"])
async def test_a_forged_mark_moves_nothing(people: People, runtime: Runtime, mark: str) -> None:
    await write(people)
    answer = await post(await people(Duty.AUTHOR), "/bank/items/act", act="submitted", mark=mark)
    assert answer.status_code in {404, 409}
    assert await states(runtime) == {"draft": 1}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=第1001号", 1),
        ("q=100%25", 0),
        ("interaction=multiple", 6),
        ("node=1", 24),
        ("node=1.1", 24),
        ("node=1.10", 0),
        ("state=draft", 0),
        ("qualification=officer.general", 0),
        ("batch=nonsense", 0),
    ],
)
async def test_the_list_finds_what_is_asked_for(people: People, runtime: Runtime, query: str, found: int) -> None:
    drafts, at = some_drafts(each=6), runtime.clock.now()
    await publish_items(runtime, makers(), qualification=CODE, drafts=drafts, at=at)
    page = await (await people(Duty.REVIEWER)).get(f"/bank/items?{query}")
    assert f"共 {found} 题" in page.text
    folded = query.startswith(("q=", "qualification=", "batch="))
    assert page.text.count('class="narrow-more" open') == (not folded)


async def test_the_list_is_paged_and_exported_as_shown(people: People, runtime: Runtime) -> None:
    drafts, at = some_drafts(each=20), runtime.clock.now()
    await publish_items(runtime, makers(), qualification=CODE, drafts=drafts, at=at)
    reviewer = await people(Duty.REVIEWER)
    first, second = [await reviewer.get(f"/bank/items?page={page}") for page in (1, 2)]
    export = await reviewer.get("/bank/items/export?interaction=judgement")
    assert [len(hidden(page.text, "mark")) for page in (first, second)] == [50, 30]
    assert export.headers["content-type"] == WORKBOOK


async def test_the_desk_names_gaps_by_chapter_and_cell(people: People, runtime: Runtime) -> None:
    await publish_bank(runtime, qualification=CODE, drafts=some_drafts(each=6))
    desk = await (await people(Duty.PUBLISHER)).get("/bank")
    assert "1 倍,偏少" in desk.text.replace("，", ",")
    assert "共 4 × 1" not in desk.text


BLUEPRINT = {
    "qualification": CODE,
    "title": "低压电工作业",
    "duration_min": "60",
    "pass_marks": "8",
    "node": ["*", "1.1"],
    "interaction": ["judgement", "choice"],
    "low": ["0", "0"],
    "high": ["100", "100"],
    "count": ["5", "5"],
    "marks": ["1", "1.5"],
}


async def test_a_blueprint_is_drafted_by_one_and_published_by_another(people: People, runtime: Runtime) -> None:
    await publish_items(runtime, makers(), qualification=CODE, drafts=some_drafts(each=6), at=runtime.clock.now())
    drafted = await post(await people(Duty.AUTHOR), "/bank/blueprints/new", **BLUEPRINT)
    publisher = await people(Duty.PUBLISHER)
    [action] = re.findall(r'action="(/bank/blueprints/[^"]+/publish)"', (await publisher.get("/bank/blueprints")).text)
    published = await post(publisher, action)
    shown = await publisher.get("/bank/blueprints")
    assert (drafted.status_code, published.status_code) == (303, 303)
    assert "10 题" in shown.text
    assert "12.5 分" in shown.text


async def test_a_blueprint_that_cannot_be_filled_says_which_cell(people: People, runtime: Runtime) -> None:
    await publish_items(runtime, makers(), qualification=CODE, drafts=some_drafts(each=6), at=runtime.clock.now())
    author = await people(Duty.AUTHOR)
    large = BLUEPRINT | {"count": ["5", "20"]}
    live = await post(author, "/bank/blueprints/check", **large)
    wrong = await post(author, "/bank/blueprints/check", **(large | {"count": ["5", "900"]}))
    assert (wrong.status_code, "blueprint_input" in wrong.text) == (200, True)
    await post(author, "/bank/blueprints/new", **large)
    listed = await (await people(Duty.PUBLISHER)).get("/bank/blueprints")
    assert "第 2 格需要 20 题" in live.text
    assert "第 2 格需要 20 题" in listed.text
    assert "/publish" not in listed.text


async def test_constraints_of_the_whole_form_are_typed_proven_shown_and_kept(people: People, runtime: Runtime) -> None:
    at = runtime.clock.now()
    ids = await publish_items(runtime, makers(), qualification=CODE, drafts=some_drafts(each=20), at=at)
    author = await people(Duty.AUTHOR)
    bound = BLUEPRINT | {
        "mean": "45",
        "mean_within": "5",
        "since": str(local_date(at)),
        "least": "2",
        "reliability": "0.9",
        "reliability_within": "0.05",
        "exposure": "60",
        "one_per_family": "true",
        "enemies": f"/bank/items/{ids[0]} {str(ids[1]).upper()}",
    }
    live = await post(author, "/bank/blueprints/check", **bound)
    impossible = await post(author, "/bank/blueprints/check", **(bound | {"mean": "95", "mean_within": "1"}))
    assert (await post(author, "/bank/blueprints/new", **bound)).status_code == 303
    again = (await author.get(f"/bank/blueprints/new?qualification={CODE}")).text
    listed = (await author.get("/bank/blueprints")).text
    [trial] = re.findall(r'href="(/bank/blueprints/[^"]+/trial)"', listed)
    assert "每份都满足全部约束" in live.text
    assert "mean_constraint" in impossible.text
    assert f"{ids[0]} {ids[1]}" in again
    assert "平均 45 ± 5" in listed
    assert "同一试题至多出现在 60% 的试卷上" in listed
    assert "信度不足" in (await author.get(trial)).text
    assert "这份细目表不能发布" in live.text
    report = (await author.get(f"{trial}.json")).json()
    assert (report["within"], report["target"]["mean"], report["reliability"]) == (0, 45, {"least": 90, "within": 5})
    assert all(form["on_target"] and not form["reliable"] for form in report["forms"])


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"count": ["5", "many"]}, "blueprint_input"),
        ({"marks": ["1", "0.001"]}, "blueprint_input"),
        ({"low": ["50", "0"], "high": ["40", "100"]}, "blueprint_input"),
        ({"marks": ["NaN", "1"]}, "blueprint_input"),
        ({"pass_marks": "999"}, "blueprint_head"),
        ({"title": " "}, "blueprint_head"),
        ({"duration_min": "-5"}, "blueprint_head"),
        ({"parallel": "13"}, "blueprint_head"),
        ({"mean": "101"}, "blueprint_constraint"),
        ({"spread": "10"}, "blueprint_constraint"),
        ({"reliability": "1.5"}, "blueprint_constraint"),
        ({"exposure": "0"}, "blueprint_constraint"),
        ({"exposure": "50", "parallel": "3"}, "blueprint_constraint"),
        ({"since": "2026-13-01", "least": "1"}, "blueprint_constraint"),
        ({"since": "2026-01-01", "least": "3", "most": "2"}, "blueprint_constraint"),
        ({"enemies": "\n0192f3a0-0000-7000-8000-000000000001"}, "blueprint_enemies"),
    ],
)
async def test_a_faulty_blueprint_comes_back_with_what_was_typed(
    people: People, fields: dict[str, object], code: str
) -> None:
    answer = await post(await people(Duty.AUTHOR), "/bank/blueprints/new", **(BLUEPRINT | fields))
    assert (answer.status_code, code in answer.text) == (400, True)
    assert 'value="1.1" selected' in answer.text


@pytest.mark.parametrize(
    "duty", [Duty.CENTRE, Duty.PROCTOR, Duty.REGULATOR, Duty.CANDIDATE, Duty.AUDITOR, Duty.CUSTODIAN]
)
@pytest.mark.parametrize("path", ["/bank", "/bank/items", "/bank/items/export", "/bank/import", "/bank/blueprints"])
async def test_the_bank_is_closed_to_everybody_else(people: People, duty: Duty, path: str) -> None:
    assert (await (await people(duty)).get(path)).status_code == 403


async def test_a_reviewer_neither_writes_nor_imports(people: People) -> None:
    reviewer = await people(Duty.REVIEWER)
    paths = (f"/bank/items/new?qualification={CODE}", "/bank/import", "/bank/blueprints/new")
    assert [(await reviewer.get(path)).status_code for path in paths] == [403] * 3


async def test_a_city_s_author_sees_the_province_s_bank_and_changes_nothing(people: People, runtime: Runtime) -> None:
    item = await write(people)
    city = await people(Duty.AUTHOR, region="33/3301")
    shown = await city.get(f"/bank/items/{item}")
    answer = await post(city, f"/bank/items/new?qualification={CODE}", **ITEM)
    assert (shown.status_code, answer.status_code) == (200, 403)
    assert await states(runtime) == {"draft": 1}
