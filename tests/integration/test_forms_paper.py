"""A form on paper with its key, of a pilot or of a sitting that is over: by a publisher with a reason, on the ledger."""

import io
import zipfile

from httpx import AsyncClient
from pypdf import PdfReader
from sqlalchemy import func, select

from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.identity.roles import Role as Duty
from questionbank.formats.reader import read_questions
from questionbank.forms.models import FormRow
from questionbank.forms.printing import PaperKind
from tests.builders.figures import figured_draft
from tests.builders.grading import close_and_score, examined
from tests.builders.identity import account, session_cookie
from tests.builders.questionbank import ROOT, publish_bank, some_drafts
from tests.builders.web import send, wear


async def test_a_publisher_prints_a_pilot_with_its_key(client: AsyncClient, runtime: Runtime) -> None:
    drafts = [figured_draft(each) for each in some_drafts(each=8, token="𠀀")]
    bank = await publish_bank(runtime, qualification="special.1.2", drafts=drafts)
    page = f"/bank/blueprints/{bank.blueprint_id}"
    author = await account(runtime, login="author", roles=(Duty.AUTHOR,), region=ROOT, name="张命题")
    wear(client, await session_cookie(runtime, author))
    assert f"{page}/paper" not in (await client.get(f"{page}/trial")).text
    assert (await send(client, f"{page}/paper", {"reason": "试测"})).status_code == 403
    publisher = await account(runtime, login="publisher", roles=(Duty.PUBLISHER,), region=ROOT, name="王发布")
    wear(client, await session_cookie(runtime, publisher))
    shown = (await client.get(f"{page}/trial")).text
    assert (f"{page}/paper" in shown, "未设目标" in shown, "在允许偏差内" in shown) == (True, True, False)
    assert (await send(client, f"{page}/paper", {"reason": " "})).status_code == 400
    printed = await send(client, f"{page}/paper", {"reason": "两所学校纸面试测"})
    pages = [each.extract_text() for each in PdfReader(io.BytesIO(printed.content)).pages]
    key = next(at for at, text in enumerate(pages) if "小测验 答案" in text)
    paper, keys = "".join(pages[:key]), "".join(pages[key:])
    assert "9 题，共 10 分，30 分钟" in paper
    assert "解析" not in paper
    assert (paper.count("在考试终端上听"), "R = U/I" in keys, "〔" in paper + keys) == (3, True, False)
    assert keys.count("解析：") == 9
    # a character that the face lacks is told as one, and the sheet is printed
    assert "〓" in keys
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        assert await session.scalar(select(func.count()).select_from(FormRow)) == 0
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        (entry,) = (await session.scalars(select(AuditRow).where(AuditRow.act == "form.printed"))).all()
    assert (entry.act, entry.facts["items"]) == ("form.printed", 9)
    assert str(entry.facts["number"]) in pages[0]
    sheet = next(text for text in pages if "小测验 答题卡" in text)
    assert ("准考证号" in sheet, sheet.count("[√] [×]"), sheet.count("[A] [B] [C] [D]")) == (True, 4, 5)


async def test_a_form_that_was_sat_is_taken_out_once_its_key_is_open(
    client: AsyncClient, runtime: Runtime, clock: FrozenClock
) -> None:
    exam = await examined(runtime, clock, right=[9])
    author = await account(runtime, login="author", roles=(Duty.AUTHOR,), region=ROOT, name="张命题")
    wear(client, await session_cookie(runtime, author))
    assert (await client.get("/bank/forms")).status_code == 403
    publisher = await account(runtime, login="publisher", roles=(Duty.PUBLISHER,), region=ROOT, name="王发布")
    wear(client, await session_cookie(runtime, publisher))
    paper = f"/bank/forms/{exam.sitting_id}/paper"
    early = await send(client, paper, {"place": "1", "reason": "归档", "kind": "docx"})
    assert (early.status_code, "form_still_sealed" in early.text) == (409, True)
    await close_and_score(runtime, exam)
    assert paper in (await client.get("/bank/forms")).text
    assert (await send(client, paper, {"place": "1", "reason": " ", "kind": "docx"})).status_code == 400
    assert (await send(client, paper, {"place": "999", "reason": "归档", "kind": "docx"})).status_code == 404
    files = {kind: await send(client, paper, {"place": "1", "reason": "归档", "kind": kind}) for kind in PaperKind}
    assert [each.status_code for each in files.values()] == [200] * 4
    async with runtime.databases.session(exam.scope) as session:
        entries = (await session.scalars(select(AuditRow).where(AuditRow.act == "form.reprinted"))).all()
    numbers = {str(entry.facts["kind"]): str(entry.facts["number"]) for entry in entries}
    assert len(set(numbers.values())) == 4
    pages = [each.extract_text() for each in PdfReader(io.BytesIO(files[PaperKind.PDF].content)).pages]
    assert all(f"王发布 {numbers['pdf']}" in page for page in pages)
    with zipfile.ZipFile(io.BytesIO(files[PaperKind.WORD].content)) as archive:
        body, head = (archive.read(f"word/{name}.xml").decode() for name in ("document", "header1"))
    assert f"王发布 {numbers['docx']}" in head
    assert (body.count("解析："), body.count("w:pageBreakBefore"), "准考证号" in body) == (9, 2, True)
    read = read_questions(files[PaperKind.QTI3].content, "form.zip")
    assert [(len(test.sections), sum(sum(part.marks) for part in test.sections)) for test in read.tests] == [(3, 1000)]
