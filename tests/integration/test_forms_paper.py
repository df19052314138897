"""A form on paper with its key: dealt for nobody's sitting, by a publisher with a reason, on the ledger."""

import io

from httpx import AsyncClient
from pypdf import PdfReader
from sqlalchemy import func, select

from exam.core.audit.ledger import AuditRow
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.runtime import Runtime
from exam.identity.roles import Role as Duty
from questionbank.forms.models import FormRow
from tests.builders.identity import account, session_cookie
from tests.builders.questionbank import ROOT, publish_bank, some_drafts
from tests.builders.web import send, wear


async def test_a_publisher_prints_a_pilot_with_its_key(client: AsyncClient, runtime: Runtime) -> None:
    bank = await publish_bank(runtime, qualification="special.1.2", drafts=some_drafts(each=8, token="𠀀"))
    page = f"/bank/blueprints/{bank.blueprint_id}"
    author = await account(runtime, login="author", roles=(Duty.AUTHOR,), region=ROOT, name="张命题")
    wear(client, await session_cookie(runtime, author))
    assert f"{page}/paper" not in (await client.get(f"{page}/trial")).text
    assert (await send(client, f"{page}/paper", {"reason": "试测"})).status_code == 403
    publisher = await account(runtime, login="publisher", roles=(Duty.PUBLISHER,), region=ROOT, name="王发布")
    wear(client, await session_cookie(runtime, publisher))
    assert f"{page}/paper" in (await client.get(f"{page}/trial")).text
    assert (await send(client, f"{page}/paper", {"reason": " "})).status_code == 400
    printed = await send(client, f"{page}/paper", {"reason": "两所学校纸面试测"})
    pages = [each.extract_text() for each in PdfReader(io.BytesIO(printed.content)).pages]
    key = next(at for at, text in enumerate(pages) if "小测验 答案" in text)
    paper, keys = "".join(pages[:key]), "".join(pages[key:])
    assert "9 题,共 10 分,30 分钟" in paper
    assert "解析" not in paper
    assert keys.count("解析:") == 9
    # a character that the face lacks is told as one, and the sheet is printed
    assert "〓" in keys
    async with runtime.databases.session(Scope(region=ROOT), Role.BANK) as session:
        assert await session.scalar(select(func.count()).select_from(FormRow)) == 0
    async with runtime.databases.session(Scope(region=ROOT)) as session:
        (entry,) = (await session.scalars(select(AuditRow).where(AuditRow.act == "form.printed"))).all()
    assert (entry.act, entry.facts["items"]) == ("form.printed", 9)
    assert str(entry.facts["number"]) in pages[0]
