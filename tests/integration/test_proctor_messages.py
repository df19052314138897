"""A message to a candidate or a room has a category like every act's reason: kept, in the ledger, told in words."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text

from exam.core.audit.ledger import AuditRow, AuditWords
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.runtime import Runtime
from exam.delivery.api import get_attempt
from exam.web.i18n import Catalogue
from proctor.desk.reasons import CANNED_MESSAGES, REASONS, reason_words, terminal_words, told_reasons
from proctor.incidents.state import Disposition
from tests.builders.attempts import attempts_in_progress
from tests.builders.sitting import COUNTY
from tests.builders.web import browsing
from tests.integration.test_incidents import reported, staff

KEPT = text("select reason, text from delivery_message where attempt_id = :id order by sent_at, id")


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    await runtime.valkey.flushdb()
    async with browsing(runtime) as opened:
        yield opened


async def _kept(runtime: Runtime, attempt: UUID) -> list[tuple[str, str]]:
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        return [(row.reason, row.text) for row in await session.execute(KEPT, {"id": attempt})]


async def _ask(client: AsyncClient, path: str, **body: str) -> tuple[int, str]:
    """Send an act as a program does; return the status and the code of a refusal."""
    headers = {"accept": "application/json", "x-csrftoken": client.cookies["csrftoken"]}
    answer = await client.post(f"/api/proctor/{path}", json=body, headers=headers)
    return answer.status_code, answer.json().get("code", "")


async def test_a_message_without_a_known_category_is_refused_to_pages_and_programs(
    client: AsyncClient, runtime: Runtime
) -> None:
    [attempt] = await attempts_in_progress(runtime, 1, slots=2)
    async with runtime.databases.transaction(Scope(region=COUNTY)) as session:
        row = await get_attempt(session, attempt, now=runtime.clock.now())
    desk = await staff(client, runtime, "proctor")
    room = f"/proctor/sittings/{row.sitting_id}/rooms/{row.room_id}"
    for path in (f"/proctor/attempts/{attempt}/message", f"{room}/message"):
        for reason in ("", "incident_warning", "network_failed"):
            status, page = await desk.act(path, text="请坐好。", reason=reason)
            assert status == 400
            assert "reason_missing" in page
    for path in (f"attempts/{attempt}/message", f"rooms/{row.room_id}/message"):
        assert await _ask(client, path, text="请坐好。") == (400, "reason_missing")
    assert await _kept(runtime, attempt) == []

    assert (await desk.act(f"/proctor/attempts/{attempt}/message", text="请坐好。", reason="discipline"))[0] == 303
    assert (await desk.act(f"{room}/message", text="还有一刻钟。", reason="notice"))[0] == 303
    assert await _ask(client, f"attempts/{attempt}/message", text="鼠标已换。", reason="equipment") == (200, "")
    assert await _ask(client, f"rooms/{row.room_id}/message", text="马上来。", reason="help") == (200, "")
    sent = [("discipline", "请坐好。"), ("notice", "还有一刻钟。"), ("equipment", "鼠标已换。"), ("help", "马上来。")]
    assert sorted(await _kept(runtime, attempt)) == sorted(sent)
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        said = select(AuditWords.words).join(AuditRow, AuditRow.id == AuditWords.entry_id)
        noted = await session.scalars(said.where(AuditRow.act == "attempt.messaged", AuditWords.name == "reason"))
        assert sorted(noted) == sorted(reason for reason, _ in sent)


async def test_a_ready_sentence_is_sent_as_its_code_and_worded_by_whoever_reads_it(
    client: AsyncClient, runtime: Runtime
) -> None:
    desk, attempt, _ = await reported(client, runtime)
    said = {"reason": "discipline", "text": "Please sit upright and face the screen."}
    assert (await desk.act(f"/proctor/attempts/{attempt}/message", **said, ready="sit_upright"))[0] == 303
    assert (await desk.act(f"/proctor/attempts/{attempt}/message", **said, ready="no_such"))[0] == 303
    _, *sent = await _kept(runtime, attempt)
    assert sent == [("discipline", "请坐正,面向屏幕。"), ("discipline", said["text"])]
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        codes = text("select ready from delivery_message where attempt_id = :id order by sent_at, id")
        assert list(await session.scalars(codes, {"id": attempt})) == ["phone_or_reference", "sit_upright", ""]
    drawer, record = [await desk.see(f"/proctor/attempts/{attempt}/{page}") for page in ("drawer", "record")]
    assert ("</b> 请坐正，面向屏幕。" in drawer, f"</b> {said['text']}" in drawer) == (True, True)
    assert "考场纪律 · 请坐正，面向屏幕。" in record
    client.cookies.set("lang", "en")
    drawer, record = [await desk.see(f"/proctor/attempts/{attempt}/{page}") for page in ("drawer", "record")]
    assert drawer.count(f"</b> {said['text']}") == 2
    assert f"Order in the room · {said['text']}" in record
    page = (await client.get("/terminal")).text
    assert f'<span data-reason="ready/sit_upright">{said["text"]}</span>' in page


async def test_its_category_stands_in_words_in_the_drawer_on_the_record_and_in_the_bundle(
    client: AsyncClient, runtime: Runtime
) -> None:
    desk, attempt, path = await reported(client, runtime)
    await desk.act(f"/proctor/attempts/{attempt}/message", text="请坐好。", reason="discipline")
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        old = "insert into delivery_message (id, attempt_id, region, reason, text, ready, needs_ack, sent_at)"
        await session.execute(
            text(f"{old} select gen_random_uuid(), id, region, '', '旧消息', '', true, now() from delivery_attempt")
        )
    drawer = await desk.see(f"/proctor/attempts/{attempt}/drawer")
    assert "<b>考场纪律</b> 请坐好。" in drawer
    assert "</b> 旧消息" not in drawer
    assert "监考员发消息 · 考场纪律" in await desk.see(f"/proctor/attempts/{attempt}/record")
    status, _ = await desk.act(f"{path}/bundle")
    assert status == 200
    bundle = (await client.post(f"{path}/bundle", data={"_csrf_token": client.cookies["csrftoken"]})).content
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        entries = json.loads(archive.read("timeline.json"))
    told = {(each["reason"], each["ready"], each["note"]) for each in entries if each["lane"] == "messages"}
    reported_as = (reason_words("messaged", "incident_reported"), "使用手机、资料或其他工具作弊", "")
    assert told == {reported_as, ("考场纪律", "", "请坐好。"), ("", "", "旧消息")}


async def test_who_sits_there_still_reads_what_a_decision_on_an_incident_is_about(
    client: AsyncClient, runtime: Runtime
) -> None:
    _, attempt, path = await reported(client, runtime)
    second, third = await staff(client, runtime, "second"), await staff(client, runtime, "third")
    await second.act(f"{path}/review", finding="doubtful", review="看不清")
    await third.act(f"{path}/dispose", disposition="no_finding", decision="说明")
    sent = [reason for reason, _ in await _kept(runtime, attempt)]
    assert sent == ["incident_reported", "incident_no_finding"]
    assert {("messaged", reason) for reason in sent} <= {(done, code) for done, code, _ in told_reasons()}


def test_every_reason_has_english_and_every_ready_sentence_a_category() -> None:
    english = Catalogue(["proctor"]).english
    assert {("messaged", f"incident_{each}") for each in Disposition} <= {
        (done, code) for done, code, _ in told_reasons()
    }
    assert [words for _, _, words in terminal_words() if words not in english] == []
    assert {reason for _, reason, _ in CANNED_MESSAGES} <= {code for code, _ in REASONS["message"]}
