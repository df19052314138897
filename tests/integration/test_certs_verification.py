"""Public verification over HTTP: the right word, masked facts, one answer for all misses, limits, nothing to enumerate."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from certs.controllers import PER_ADDRESS, PER_TARGET, QUERIES_PER_ADDRESS
from certs.keys import load_signer
from certs.qr import decode_payload, encode_payload
from certs.signing import KeyRing
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.ids import new_token
from exam.core.runtime import Runtime
from tests.builders.certs import BUREAU, NAME, ROOT, certified
from tests.builders.documents import payload, signer
from tests.builders.sitting import ELECTRICIAN, id_number
from tests.builders.web import browsing, send

JSON = {"accept": "application/json"}
WORD = re.compile(r'<h1 id="word">([^<]+)</h1>')


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    """Give a stranger's browser whose allowance is untouched."""
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened:
        yield opened


def _word(answer: Response) -> str:
    found = WORD.search(answer.text)
    assert found, answer.text
    return found[1]


async def _ask(client: AsyncClient, question: Mapping[str, str]) -> dict[str, Any]:
    answer = await client.post("/api/verify", json=question, headers=JSON)
    assert answer.status_code == 200, answer.text
    decoded: dict[str, Any] = answer.json()
    return decoded


async def _upload(client: AsyncClient, content: bytes) -> Response:
    data = {"_csrf_token": client.cookies["csrftoken"]}
    return await client.post("/verify/file", data=data, files={"file": ("c.pdf", content, "application/pdf")})


async def _change(runtime: Runtime, statement: str) -> None:
    async with runtime.databases.transaction(ROOT) as session:
        await session.execute(text(statement))


async def test_the_printed_address_answers_in_one_word(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    holder = await certified(runtime, clock)
    answer = await client.get(holder.qr_text.removeprefix(runtime.settings.base_url))
    assert (answer.status_code, _word(answer)) == (200, "有效")
    for shown in ("张*", "低压电工作业", BUREAU, "2026-11-23", "2032-11-22", "相符", "还没有入日志"):
        assert shown in answer.text
    for hidden in (holder.number, holder.number[1:], NAME, holder.public_id):
        assert hidden not in answer.text


@pytest.mark.parametrize("qualification", ["principal.general", "officer.general"])
async def test_a_code_is_genuine_whose_number_is_a_serial(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient, qualification: str
) -> None:
    holder = await certified(runtime, clock, qualification=qualification)
    assert _word(await send(client, "/verify", {"code": holder.qr_text})) == "有效"


async def test_text_and_public_id_are_taken_in_the_one_field(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    holder = await certified(runtime, clock)
    for typed in (holder.qr_text, holder.qr_text[holder.qr_text.index("AK1.") :], f" {holder.public_id}\n"):
        assert _word(await send(client, "/verify", {"code": typed})) == "有效"


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("update certs_credential set status = 'suspended'", "已暂停"),
        ("update certs_credential set status = 'revoked'", "已撤销"),
        ("update certs_credential set status = 'annulled'", "已注销"),
        ("update certs_credential set status = 'superseded'", "已换证"),
    ],
)
async def test_every_state_has_its_word(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient, statement: str, word: str
) -> None:
    holder = await certified(runtime, clock)
    await _change(runtime, statement)
    assert _word(await send(client, "/verify", {"code": holder.qr_text})) == word
    answer = await _ask(client, {"qr": holder.qr_text})
    assert (answer["valid"], answer["status"]) == (False, statement.split("'")[1])


async def test_the_status_is_as_of_now(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    holder = await certified(runtime, clock)
    clock.advance(timedelta(days=6 * 366))
    assert _word(await send(client, "/verify", {"code": holder.qr_text})) == "已过期"


async def test_a_forgery_is_invalid_whatever_it_says(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    await certified(runtime, clock)
    forged = encode_payload(payload(valid_until=payload().valid_until), signer(9), base_url="https://cert.gov.example")
    assert _word(await send(client, "/verify", {"code": forged})) == "无效"
    answer = await _ask(client, {"qr": forged})
    assert (answer["valid"], answer["status"], answer["signature"]) == (False, "forged", "unknown_key")
    assert answer["credentials"] == []


async def test_no_changed_letter_of_the_code_passes(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    holder = await certified(runtime, clock)
    code = holder.qr_text[holder.qr_text.index("AK1.") :]
    for at in range(4, len(code), 11):
        await runtime.valkey.flushdb()
        changed = code[:at] + ("A" if code[at] != "A" else "B") + code[at + 1 :]
        answer = await client.post("/api/verify", json={"qr": changed}, headers=JSON)
        assert answer.status_code == 400 or answer.json()["valid"] is False


async def test_a_true_signature_without_a_record_is_not_found(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    await certified(runtime, clock)
    stray = encode_payload(payload(public_id=new_token()), load_signer(runtime.settings))
    answer = await _ask(client, {"qr": stray})
    assert (answer["valid"], answer["status"], answer["signature"]) == (False, "not_found", "good")


async def test_a_register_that_says_otherwise_than_the_paper_is_told(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    holder = await certified(runtime, clock)
    key = load_signer(runtime.settings)
    said = decode_payload(holder.qr_text, KeyRing([key.pinned_as("x")])).payload
    longer = msgspec.structs.replace(said, valid_until=said.valid_until + timedelta(days=365))
    answer = await _ask(client, {"qr": encode_payload(longer, key)})
    assert (answer["valid"], answer["status"], answer["reasons"]) == (False, "altered", ["register_differs"])


async def test_name_and_number_answer_all_of_a_persons_items(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    holder = await certified(runtime, clock)
    for number in (holder.number, holder.number[1:], holder.number.lower()):
        asked = await send(client, "/query", {"name": f" {NAME} ", "number": number})
        assert _word(asked) == "有效"
        assert holder.number[1:] not in asked.text
        assert NAME not in asked.text
    answer = await _ask(client, {"name": NAME, "number": holder.number})
    assert [each["qualification"] for each in answer["credentials"]] == [ELECTRICIAN]
    assert answer["number_masked"] == f"T330***********{holder.number[-4:]}"


async def test_unknown_number_and_wrong_name_get_the_same_bytes(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    holder = await certified(runtime, clock)
    wrong_name = {"name": "李四", "number": holder.number}
    unknown = {"name": NAME, "number": "T" + id_number(777)}
    pages = [(await send(client, "/query", asked)).text for asked in (wrong_name, unknown)]
    assert pages[0] == pages[1]
    assert await _ask(client, wrong_name) == await _ask(client, unknown)
    assert (await _ask(client, unknown))["status"] == "not_found"


async def test_every_answer_has_the_same_keys(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    holder = await certified(runtime, clock)
    forged = encode_payload(payload(), signer(9))
    questions = ({"qr": holder.qr_text}, {"public_id": new_token()}, {"qr": forged})
    shapes = {frozenset(await _ask(client, question)) for question in questions}
    assert len(shapes) == 1
    assert {"valid", "status", "reasons", "number_masked", "log"} <= shapes.pop()


async def test_an_address_never_asks_by_name(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    holder = await certified(runtime, clock)
    page = await client.get("/query", params={"name": NAME, "number": holder.number})
    assert WORD.search(page.text) is None
    assert holder.number not in page.text


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({}, "nothing_asked"),
        ({"qr": "AK1.AAAA", "public_id": "x"}, "nothing_asked"),
        ({"qr": "https://example.org"}, "qr_malformed"),
        ({"name": "张三", "number": "12"}, "credential_number"),
        ({"name": "", "number": "T" + id_number(1)}, "name_empty"),
        ({"name": "张三", "number": "T" + id_number(1), "more": 1}, "bad_request"),
    ],
)
async def test_malformed_questions_are_refused_with_a_code(
    client: AsyncClient, question: Mapping[str, str], code: str
) -> None:
    answer = await client.post("/api/verify", json=question, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


async def test_what_was_typed_stays_beside_its_error(client: AsyncClient) -> None:
    code = await send(client, "/verify", {"code": "AK1.不是码"})
    assert (code.status_code, "AK1.不是码" in code.text, "不是有效的证书二维码" in code.text) == (400, True, True)
    query = await send(client, "/query", {"name": "张三", "number": "12"})
    assert (query.status_code, 'value="张三"' in query.text, 'value="12"' in query.text) == (400, True, True)


async def test_forms_of_other_sites_are_refused(client: AsyncClient) -> None:
    assert (await client.post("/query", data={"name": "张三", "number": "12"})).status_code == 403


async def test_the_issued_file_is_known_by_its_bytes(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    holder = await certified(runtime, clock)
    answer = await _upload(client, holder.pdf)
    assert (_word(answer), "与发证时逐字节一致" in answer.text) == ("有效", True)
    assert "覆盖整个文件" in answer.text
    assert "省级系统的发证记录" in answer.text


async def test_a_changed_file_is_no_original(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    holder = await certified(runtime, clock)
    for at in (20, len(holder.pdf) // 2, len(holder.pdf) - 3):
        changed = holder.pdf[:at] + bytes([holder.pdf[at] ^ 1]) + holder.pdf[at + 1 :]
        told = await _upload(client, changed)
        assert _word(told) in {"不是原件", "未找到"}
        assert "覆盖整个文件" not in told.text
    assert _word(await _upload(client, holder.pdf + b"\n")) == "不是原件"


async def test_hostile_uploads_are_answered_and_not_parsed(client: AsyncClient) -> None:
    deep = b"%PDF-1.7\n" + b"[" * 200_000
    bomb = b"%PDF-1.7\n/Length 9999 /Subtype /application#2Fjson /Type /EmbeddedFile\n>>\nstream\n" + b"\0" * 99_999
    assert _word(await _upload(client, deep)) == "未找到"
    assert _word(await _upload(client, bomb)) == "未找到"
    not_pdf = await _upload(client, b"MZ\0\0")
    assert (not_pdf.status_code, "请选择证书的 PDF 或 OFD 文件" in not_pdf.text) == (400, True)
    too_large = await _upload(client, b"%PDF-1.7\n" + b"0" * (5 * 1024 * 1024))
    assert (too_large.status_code, "超过 5 MB" in too_large.text) == (413, True)


async def test_one_address_asks_by_name_only_so_often(client: AsyncClient) -> None:
    for number in range(QUERIES_PER_ADDRESS):
        asked = {"name": "张三", "number": "T" + id_number(number)}
        assert (await client.post("/api/verify", json=asked, headers=JSON)).status_code == 200
    refused = await client.post("/api/verify", json={"name": "张三", "number": "T" + id_number(99)}, headers=JSON)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    page = await send(client, "/query", {"name": "张三", "number": "T" + id_number(99)})
    assert (page.status_code, page.headers["retry-after"], "请稍后再查" in page.text) == (429, "60", True)


async def test_one_credential_is_asked_for_only_so_often(runtime: Runtime, client: AsyncClient) -> None:
    assert PER_TARGET < PER_ADDRESS
    wanted = new_token()
    for _ in range(PER_TARGET):
        assert (await _ask(client, {"public_id": wanted}))["status"] == "not_found"
    refused = await client.post("/api/verify", json={"public_id": wanted}, headers=JSON)
    assert refused.status_code == 429
    assert (await _ask(client, {"public_id": new_token()}))["status"] == "not_found"
    keys = await runtime.valkey.keys("rate:verify-target:*")
    assert not any(wanted in key for key in keys)


async def test_a_limit_for_names_says_nothing_about_numbers(runtime: Runtime, client: AsyncClient) -> None:
    await client.post("/api/verify", json={"name": "张三", "number": "T" + id_number(3)}, headers=JSON)
    keys = await runtime.valkey.keys("*")
    assert keys
    assert not any(id_number(3) in key for key in keys)


@pytest.mark.parametrize(
    "table", ["certs_credential", "certs_credential_event", "certs_key", "certs_v_public", "identity_person"]
)
async def test_the_public_role_reads_no_table(runtime: Runtime, table: str) -> None:
    async with runtime.databases.session(NOTHING, Role.PUBLIC) as session:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await session.execute(text(f"select * from {table}"))


async def test_the_public_functions_tell_masked_facts_only(runtime: Runtime, clock: FrozenClock) -> None:
    holder = await certified(runtime, clock)
    query = text("select * from certs_public_by_id(:wanted)")
    async with runtime.databases.session(NOTHING, Role.PUBLIC) as session:
        row = (await session.execute(query, {"wanted": holder.public_id})).mappings().one()
    told = str(dict(row))
    assert {"number_sealed", "number_index", "query_index", "person_id", "id"}.isdisjoint(row)
    assert holder.number[1:] not in told
    assert NAME not in told


async def test_pages_and_sheet_stay_below_fifty_kilobytes(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    holder = await certified(runtime, clock)
    for page in (await client.get("/verify"), await send(client, "/verify", {"code": holder.qr_text})):
        assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        sizes = [len((await client.get(asset)).content) for asset in assets]
        assert len(sizes) == 2
        assert len(page.content) + sum(sizes) < 50_000
        assert "<script" not in page.text
        assert 'href="/draws"' in page.text


async def test_english_pages_speak_english_throughout(
    runtime: Runtime, clock: FrozenClock, client: AsyncClient
) -> None:
    holder = await certified(runtime, clock)
    client.cookies.set("lang", "en")
    refused = await send(client, "/query", {"name": "Li Wei", "number": "12"})
    pages = [
        (await client.get("/verify")).text,
        (await client.get("/query")).text,
        (await client.get("/verify/keys")).text,
        (await send(client, "/verify", {"code": holder.qr_text})).text,
        (await _upload(client, holder.pdf)).text,
        (await send(client, "/verify", {"code": new_token()})).text,
        refused.text,
    ]
    for page in pages:
        own_words = page.replace(BUREAU, "").replace("张*", "").replace("中文", "")
        assert re.findall(r"[\u4e00-\u9fff]+", own_words) == []


async def test_the_key_file_verifies_what_was_issued(runtime: Runtime, clock: FrozenClock, client: AsyncClient) -> None:
    holder = await certified(runtime, clock)
    ring = KeyRing.from_json((await client.get("/verify/keys.json")).content)
    assert decode_payload(holder.qr_text, ring).issuer == BUREAU
