"""Importing question files: judged against the stored bank, written whole or not at all, exported without loss."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select

from exam.core.audit.ledger import AuditRow
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.core.sheets.errors import UnreadableFileError
from exam.identity.errors import RegionForbiddenError
from exam.identity.roles import Role as Duty
from exam.standards.errors import UnknownQualificationError
from questionbank.api import ImportReport, export_questions, import_questions
from questionbank.formats.errors import NoHeadingsError
from questionbank.formats.writer import FORMATS
from questionbank.items.exporting import ExportFormatError, list_newest
from questionbank.items.finding import ItemFilter
from questionbank.items.layouts import ColumnsError
from questionbank.items.models import ImportBatch, ImportLayout, ItemRow, ItemVersionRow
from questionbank.items.progress import Stage
from tests.builders.figures import picture_file
from tests.builders.identity import account, session_cookie
from tests.builders.questionbank import ROOT, maker, makers, publish_items, some_drafts
from tests.builders.web import wear
from tests.builders.word import docx, drawing, paragraph

CODE = "special.1.2"
OTHER = "officer.general"
HEAD = "题目,选项A,选项B,选项C,选项D,答案\n"
FIRST = "使用梯子登高作业时梯子与地面的夹角应为多少,30度,60度,75度,90度,B\n"
NEAR = "使用梯子登高作业时梯子与地面的夹角应当为多少,30度,60度,75度,90度,B\n"
SECOND = "低压验电器使用前应当先做什么,清洗,在有电设备上试验,加热,浸油,B\n"
NO_KEY = "绝缘手套多久试验一次,半年,一年,两年,五年,\n"


async def bring_in(
    runtime: Runtime, text: str, *, dry_run: bool = False, who: Principal | None = None, code: str = CODE
) -> ImportReport:
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        data = (HEAD + text).encode()
        return await import_questions(session, runtime, who or maker("author"), data, "题.csv", code, dry_run=dry_run)


async def count_items(runtime: Runtime) -> int:
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        return await session.scalar(select(func.count()).select_from(ItemRow)) or 0


async def test_accepted_rows_become_drafts_of_the_author(runtime: Runtime) -> None:
    author = maker("author")
    report = await bring_in(runtime, FIRST + SECOND + NO_KEY, who=author)
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        rows = (await session.scalars(select(ItemRow).order_by(ItemRow.import_row))).all()
    assert (report.accepted, report.duplicate, report.refused, report.written) == (2, 0, 1, True)
    assert [(row.state, row.author_id, row.import_id) for row in rows] == [("draft", author.account, report.batch)] * 2
    assert [row.import_row for row in rows] == [2, 3]


async def test_a_dry_run_tells_the_same_and_writes_nothing(runtime: Runtime) -> None:
    dry = await bring_in(runtime, FIRST + FIRST + NO_KEY, dry_run=True)
    assert (dry.accepted, dry.duplicate, dry.refused, dry.written, dry.batch) == (1, 1, 1, False, None)
    assert await count_items(runtime) == 0
    wet = await bring_in(runtime, FIRST + FIRST + NO_KEY)
    assert wet.rows == dry.rows


async def test_what_the_bank_holds_already_is_a_duplicate_with_its_twin(runtime: Runtime) -> None:
    await bring_in(runtime, FIRST)
    report = await bring_in(runtime, SECOND + FIRST)
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        twin = await session.scalar(select(ItemRow.id).where(ItemRow.stem.startswith("使用梯子")))
    assert [row.verdict for row in report.rows] == ["accepted", "duplicate"]
    assert report.rows[1].other_item == str(twin)


async def test_another_qualification_may_hold_the_same_item(runtime: Runtime) -> None:
    await bring_in(runtime, FIRST)
    report = await bring_in(runtime, FIRST, code=OTHER)
    assert report.accepted == 1


async def test_a_near_twin_is_stored_and_points_at_what_it_resembles(runtime: Runtime) -> None:
    await bring_in(runtime, FIRST)
    report = await bring_in(runtime, NEAR)
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        first, near = (await session.scalars(select(ItemRow).order_by(ItemRow.id))).all()
    assert (report.accepted, report.near_duplicate) == (1, 1)
    assert near.similar_to == first.id


async def test_a_near_twin_within_the_file_points_at_the_earlier_row(runtime: Runtime) -> None:
    await bring_in(runtime, FIRST + SECOND + NEAR)
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        rows = (await session.scalars(select(ItemRow).order_by(ItemRow.import_row))).all()
    assert [row.similar_to for row in rows] == [None, None, rows[0].id]


async def test_one_import_is_one_audit_entry(runtime: Runtime) -> None:
    report = await bring_in(runtime, FIRST + SECOND)
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        entries = (await session.scalars(select(AuditRow))).all()
    assert [(entry.act, entry.subject) for entry in entries] == [("items.imported", str(report.batch))]
    assert entries[0].facts["accepted"] == 2


async def test_a_broken_file_leaves_nothing_behind(runtime: Runtime, outside_data: Path) -> None:
    data = (outside_data / "banks" / "malformed.json").read_bytes()
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        with pytest.raises(UnreadableFileError):
            await import_questions(session, runtime, maker("author"), data, "malformed.json", CODE, dry_run=False)
    assert await count_items(runtime) == 0


async def test_only_an_author_imports(runtime: Runtime) -> None:
    with pytest.raises(RegionForbiddenError):
        await bring_in(runtime, FIRST, who=maker("reviewer"))
    with pytest.raises(RegionForbiddenError):
        await bring_in(runtime, FIRST, who=maker("author", region="33/3301"))


async def test_an_unknown_qualification_is_refused(runtime: Runtime) -> None:
    with pytest.raises(UnknownQualificationError):
        await bring_in(runtime, FIRST, code="special.99.99")


@pytest.mark.parametrize(
    ("name", "accepted", "duplicate", "refused"),
    [("低压电工_202001.json", 620, 2, 6), ("省级低压电工作业.xlsx", 724, 8, 2), ("电工选择_gb18030.csv", 623, 460, 1)],
)
async def test_banks_of_the_field_come_in(
    runtime: Runtime, outside_data: Path, name: str, accepted: int, duplicate: int, refused: int
) -> None:
    data = (outside_data / "banks" / name).read_bytes()
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        report = await import_questions(session, runtime, maker("author"), data, name, CODE, dry_run=False)
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        stored = await session.scalar(select(func.count()).where(ItemRow.import_id == report.batch))
        batch = await session.get_one(ImportBatch, report.batch)
    assert (report.accepted, report.duplicate, report.refused) == (accepted, duplicate, refused)
    assert (stored, batch.state) == (accepted, "written")


@pytest.mark.parametrize("fmt", ["xlsx", "json", "qti3", "qti22", "moodle"])
async def test_an_exported_bank_comes_back_item_for_item(runtime: Runtime, fmt: str) -> None:
    people, at = makers(), runtime.clock.now()
    await publish_items(runtime, people, qualification=CODE, drafts=some_drafts(each=8), at=at)
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        export = await export_questions(session, people.author, qualification=CODE, fmt=fmt, region=ROOT, at=at)
        report = await import_questions(
            session, runtime, people.author, export.data, f"bank{FORMATS[fmt].suffix}", OTHER, dry_run=False
        )
        before, after = [await list_newest(session, ItemFilter(qualification=code)) for code in (CODE, OTHER)]
        digests = select(func.count(ItemVersionRow.digest.distinct()))
        distinct = await session.scalar(digests)
    assert (export.items, report.accepted, report.refused) == (32, 32, 0)
    assert before == after
    assert distinct == 32


async def test_an_export_is_logged_and_wants_a_known_format(runtime: Runtime) -> None:
    who, at = maker("publisher"), runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
        await export_questions(session, who, qualification=CODE, fmt="json", region=ROOT, at=at)
        with pytest.raises(ExportFormatError):
            await export_questions(session, who, qualification=CODE, fmt="pdf", region=ROOT, at=at)
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        assert await session.scalar(select(AuditRow.act)) == "items.exported"


async def test_a_document_with_pictures_is_looked_at_and_brought_in_with_them(
    client: AsyncClient, runtime: Runtime
) -> None:
    author = await account(runtime, login="author", roles=(Duty.AUTHOR,), region=ROOT, name="张命题")
    wear(client, await session_cookie(runtime, author))
    lost = drawing("rId2")
    data = docx(
        paragraph("一、单选题"),
        paragraph("1. 标志", drawing("rId1", words="红牌"), "的含义是(A)。"),
        paragraph("A.", drawing("rId1"), "  B.禁止"),
        paragraph("2. 标志", lost, "的含义是(A)。"),
        paragraph("A.指令  B.禁止"),
        files={"word/media/red.png": picture_file("red")},
        relations={"rId1": "media/red.png", "rId2": "media/lost.emf"},
    )
    fields = {"_csrf_token": client.cookies["csrftoken"]}
    sent = await client.post("/bank/import", data=fields | {"qualification": CODE}, files={"file": ("图.docx", data)})
    batch = sent.headers["location"]
    assert "题目用到的文件“media/lost.emf”不在文件里。" in (await client.get(batch)).text
    shown = (await client.get(f"{batch}?show=accepted")).text
    picture = re.search(r'<img[^>]* src="(data:image/jpeg;base64,[^"]+)"[^>]*>', shown)
    assert picture
    assert (shown.count(picture[1]), "红牌" in picture[0]) == (3, True)  # stem, option, key
    assert (await client.post(f"{batch}/confirm", data=fields)).status_code == 303
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        (item,) = await session.scalars(select(ItemRow.id))
    assert picture[1] in (await client.get(f"/bank/items/{item}")).text


STRANGE = "序,考点原文,甲,乙,丙,丁,参照,备注\n"


async def test_what_columns_mean_is_said_once(client: AsyncClient, runtime: Runtime) -> None:
    author = await account(runtime, login="author", roles=(Duty.AUTHOR,), region=ROOT, name="张命题")
    wear(client, await session_cookie(runtime, author))

    async def post(
        path: str, files: Mapping[str, tuple[str, bytes]] | None = None, **fields: str | list[str]
    ) -> Response:
        return await client.post(path, data={"_csrf_token": client.cookies["csrftoken"], **fields}, files=files)

    async def upload(text: str) -> str:
        sent = await post("/bank/import", {"file": ("题.csv", text.encode())}, qualification=CODE)
        return sent.headers["location"]

    batch = await upload(STRANGE + "1," + FIRST.strip() + ",旧题\n")
    assert "没有认出" in (await client.get(batch)).text
    titles = STRANGE.strip().split(",")
    wanted = ["", "stem", "A", "B", "C", "D", "key", ""]
    wrong = await post(f"{batch}/columns", title=titles, field=["stem", *wanted[1:]])
    right = await post(f"{batch}/columns", title=titles, field=wanted)
    assert (wrong.status_code, right.status_code) == (400, 303)
    assert "导入 1 题" in (await client.get(batch)).text
    assert (await post(f"{batch}/confirm")).status_code == 303
    # the same titles in another order: what was said holds
    again = await upload(
        "丁,丙,乙,甲,参照,考点原文,备注,序\n浸油,加热,在有电设备上试验,清洗,C,低压验电器使用前先做什么,,2\n"
    )
    shown = (await client.get(again)).text
    assert "没有认出" not in shown
    assert "在有电设备上试验" in shown
    async with runtime.databases.session(Scope(region="34"), Role.BANK) as session:
        assert (await session.scalars(select(ImportLayout.heads))).all() == []


async def test_a_program_says_what_columns_mean_and_may_leave_the_rest_to_their_titles(runtime: Runtime) -> None:
    data = ("题目,选项A,选项B,选项C,选项D,评分参照\n" + FIRST).encode()

    async def bring(columns: Mapping[str, str], *, dry_run: bool) -> ImportReport:
        async with runtime.databases.transaction(Scope(region=ROOT), Role.BANK) as session:
            return await import_questions(
                session, runtime, maker("author"), data, "题.csv", CODE, dry_run=dry_run, columns=columns
            )

    for unsaid in ({}, {"评分参照": "marks"}):
        with pytest.raises((NoHeadingsError, ColumnsError)):
            await bring(unsaid, dry_run=True)
    dry = await bring({"评分参照": "key"}, dry_run=True)
    assert [(column.title, column.field) for column in dry.columns][-2:] == [("选项D", "D"), ("评分参照", "key")]
    with pytest.raises(NoHeadingsError):
        await bring({}, dry_run=True)
    assert (await bring({"评分参照": "key"}, dry_run=False)).accepted == 1
    assert (await bring({}, dry_run=True)).duplicate == 1


async def test_a_page_that_waits_hears_how_far_its_import_has_come(client: AsyncClient, runtime: Runtime) -> None:
    author = await account(runtime, login="author", roles=(Duty.AUTHOR,), region=ROOT, name="张命题")
    wear(client, await session_cookie(runtime, author))
    token = "0a" * 16

    async def post(path: str, data: bytes | None = None) -> Response:
        fields = {"_csrf_token": client.cookies["csrftoken"], "progress": token}
        files = None if data is None else {"file": ("题.csv", data)}
        more = {} if data is None else {"qualification": CODE}
        return await client.post(path, data=fields | more, files=files)

    checked = await post("/bank/import", (HEAD + FIRST).encode())
    place = checked.json()["location"]
    told = (await client.get(f"/bank/import/progress/{token}")).json()
    assert told["stage"] in {stage.value for stage in Stage}
    assert set(told) == {"stage", "done", "total"}
    refused = await post("/bank/import", b"")
    assert (refused.status_code, "file_empty" in refused.text) == (400, True)
    large = await post(
        "/bank/import", bytes(13 * 1024 * 1024)
    )  # of a bank with pictures, far above a form's usual size
    assert (large.status_code, "binary_file" in large.text) == (400, True)
    written = await post(f"{place}/confirm")
    assert (written.status_code, written.json(), "done" in written.cookies) == (200, {"location": place}, True)
    assert await count_items(runtime) == 1
    other = await account(runtime, login="other", roles=(Duty.AUTHOR,), region=ROOT, name="李命题")
    wear(client, await session_cookie(runtime, other))
    assert (await client.get(f"/bank/import/progress/{token}")).json() == {"stage": "", "done": 0, "total": 0}
