"""The enterprise's bulk check: the public rules row by row, a workbook back that runs nothing, limits, one audit line."""

import io
from collections.abc import AsyncIterator, Sequence

import openpyxl
import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select

from certs.bulk import MAX_ROWS, template_workbook
from certs.bulk_pages import PATH, PER_HOUR
from exam.core.audit.ledger import AuditRow
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.runtime import Runtime
from exam.core.sheets.writer import write_workbook
from exam.identity.sessions import COOKIE
from tests.builders.certs import BUREAU, NAME, ROOT, certified
from tests.builders.desks import session_of
from tests.builders.log import signing
from tests.builders.records import make_enterprise
from tests.builders.sitting import id_number
from tests.builders.web import browsing, wear
from tests.integration.test_log_signing import as_superuser

FORMULA = '=HYPERLINK("http://evil.example","x")'


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    """Give a browser whose allowance is untouched."""
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened:
        yield opened


async def enter(runtime: Runtime, client: AsyncClient) -> None:
    """Log in for an enterprise that employs none of the people it asks about."""
    enterprise = await make_enterprise(runtime)
    _, token = await session_of(runtime, role="enterprise", organisation=enterprise, second_factor=False)
    wear(client, {COOKIE: token})


async def upload(client: AsyncClient, rows: Sequence[Sequence[str]], *headings: str) -> Response:
    sheet = write_workbook(headings or ("姓名", "证书编号"), rows)
    data = {"_csrf_token": client.cookies["csrftoken"]}
    return await client.post(PATH, data=data, files={"file": ("people.xlsx", sheet)})


def cells(answer: Response) -> list[tuple[object, ...]]:
    assert answer.headers["content-disposition"].startswith("attachment"), answer.text
    return list(openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))


async def test_every_row_has_its_status_and_no_cell_runs(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    holder = await certified(runtime, clock)
    await enter(runtime, client)
    masked = f"T330***********{holder.number[-4:]}"
    unknown = "T" + id_number(777)
    answer = await upload(
        client,
        [(NAME, holder.number), ("李四", holder.number), (NAME, unknown), (NAME, "12"), (FORMULA, holder.number)],
    )
    heading, *rows = cells(answer)
    assert heading == ("行", "姓名", "证书编号", "状态", "项目", "有效期至", "发证机关", "说明")
    assert rows[0] == (2, NAME, masked, "有效", "低压电工作业", "2032-11-22", BUREAU, None)
    wrong, none = rows[1:3]
    assert wrong[3:] == none[3:] == ("未找到", None, None, None, None)
    assert rows[3][1:4] == (NAME, None, "没有核验")
    assert "编号格式" in str(rows[3][7])
    assert rows[4][1] == FORMULA
    book = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
    assert {cell.data_type for row in book.iter_rows() for cell in row if cell.value is not None} == {"s", "n"}
    assert holder.number[1:].encode() not in answer.content
    async with runtime.databases.session(ROOT) as session:
        entry = await session.scalar(select(AuditRow).where(AuditRow.act == "credential.bulk_checked"))
    assert entry is not None
    assert (b'"rows":5' in entry.leaf, b'"missed":4' in entry.leaf, holder.number.encode() in entry.leaf) == (
        True,
        True,
        False,
    )


async def test_a_row_that_the_log_does_not_prove_is_not_called_valid(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient, settings: Settings
) -> None:
    holder = await certified(runtime, clock)
    async with signing(runtime) as log:
        await log.turn()
    await enter(runtime, client)
    assert cells(await upload(client, [(NAME, holder.number)]))[1][3] == "有效"
    changed = "convert_to(replace(convert_from(leaf, 'UTF8'), 'credential.issued', 'credential.issued '), 'UTF8')"
    as_superuser(settings, f"update core_audit_entry set leaf = {changed} where act = 'credential.issued'")
    assert cells(await upload(client, [(NAME, holder.number)]))[1][3] == "无法证明"


async def test_what_cannot_be_checked_is_said_on_the_page(runtime: Runtime, client: AsyncClient) -> None:
    await enter(runtime, client)
    page = await client.get(PATH)
    assert (page.status_code, "核验并下载结果" in page.text) == (200, True)
    for answer, status, code in (
        (await upload(client, [("a", "b")], "甲", "乙"), 400, "bulk_columns"),
        (await upload(client, []), 400, "bulk_empty"),
        (await upload(client, [(NAME, "12")] * (MAX_ROWS + 1)), 413, "bulk_too_long"),
    ):
        assert (answer.status_code, code in answer.text) == (status, True)
    template = await client.get(f"{PATH}/template.xlsx")
    assert template.content == template_workbook()


async def test_an_enterprise_cannot_try_numbers_by_the_thousand(runtime: Runtime, client: AsyncClient) -> None:
    await enter(runtime, client)
    for _ in range(PER_HOUR):
        assert (await upload(client, [(NAME, "12")])).status_code == 200
    assert (await upload(client, [(NAME, "12")])).status_code == 429


async def test_a_batch_of_a_program_counts_question_by_question(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    holder = await certified(runtime, clock)
    questions = [{"qr": holder.qr_text}, {"public_id": "A" * 22}]
    told = await client.post("/api/verify/batch", json={"questions": questions})
    assert [each["status"] for each in told.json()] == ["valid", "not_found"]
    for wrong in ([], [{"public_id": "A" * 22}] * 51):
        assert (await client.post("/api/verify/batch", json={"questions": wrong})).status_code == 400
    same = [{"public_id": "B" * 22}] * 31
    assert (await client.post("/api/verify/batch", json={"questions": same})).status_code == 429
