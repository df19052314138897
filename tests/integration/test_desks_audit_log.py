"""The log as people and programs fetch it: public files, the auditor's page, proofs of an entry and of a hand-in."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient

from exam.core.audit.checkpoint import open_checkpoint
from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.audit.policy import parse_policy
from exam.core.audit.proof import check_proof, parse_proof
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.sessions import COOKIE
from tests.builders.desks import candidate_session, session_of
from tests.builders.grading import examined
from tests.builders.log import note_acts, signing
from tests.builders.web import browsing
from tests.integration.test_log_signing import as_superuser


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    async with browsing(runtime) as opened:
        _, token = await session_of(runtime, role="auditor", region="33")
        opened.cookies.set(COOKIE, token)
        yield opened


async def signed(runtime: Runtime) -> None:
    async with signing(runtime) as log:
        await log.turn()


async def note_hand_in(runtime: Runtime, attempt: UUID) -> None:
    async with runtime.databases.transaction(Scope(region="33")) as session:
        facts: dict[str, Fact] = {"digest": "00", "answered": 9}
        at, subject = runtime.clock.now(), ("attempt", attempt)
        await record(session, SYSTEM, "attempt.finalised", subject, at=at, region="33", facts=facts)


async def test_strangers_can_follow_the_log(runtime: Runtime) -> None:
    await note_acts(runtime, 300)
    await signed(runtime)
    async with browsing(runtime) as stranger:
        policy = parse_policy((await stranger.get("/log/policy")).text)
        answer = await stranger.get("/log/checkpoint")
        assert answer.headers["cache-control"] == "public, max-age=2"
        checkpoint, _ = open_checkpoint(answer.content, policy.logs[0].key)
        assert checkpoint.size == 300
        full, partial = await stranger.get("/log/tile/0/000"), await stranger.get("/log/tile/0/001.p/44")
        assert (len(full.content), len(partial.content)) == (8192, 44 * 32)
        assert "immutable" in full.headers["cache-control"]
        assert (await stranger.get("/log/tile/0/001.p/12")).content == partial.content[: 12 * 32]
        for missing in ("0/001", "0/001.p/45", "1/000.p/2", "7/000.p/1", "0/1", "../secrets.json"):
            assert (await stranger.get(f"/log/tile/{missing}")).status_code == 404


async def test_before_the_first_head_there_is_nothing_to_fetch(runtime: Runtime, client: AsyncClient) -> None:
    assert (await client.get("/log/checkpoint")).status_code == 404
    page = (await client.get("/audit/log")).text
    assert "签名进程没有运行" in page
    (entry,) = await note_acts(runtime, 1)
    assert "还没有进入已签署的日志" in (await client.get(f"/audit/entries/{entry}")).text
    assert (await client.get(f"/audit/entries/{entry}/proof")).status_code == 404


async def test_an_entrys_page_shows_its_proof_and_sends_it(runtime: Runtime, client: AsyncClient) -> None:
    (entry, *_) = await note_acts(runtime, 3)
    await signed(runtime)
    page = (await client.get(f"/audit/entries/{entry}")).text
    assert page.count("相符") == 3
    assert "没有外部见证方签名" in page
    proof = parse_proof((await client.get(f"/audit/entries/{entry}/proof")).content)
    assert proof.leaf is not None
    check_proof(proof, proof.leaf, parse_policy((await client.get("/log/policy")).text))


async def test_an_entry_changed_after_it_was_signed_shows_on_its_page(
    runtime: Runtime, client: AsyncClient, settings: Settings
) -> None:
    (entry, *_) = await note_acts(runtime, 3)
    await signed(runtime)
    bent = "convert_to(replace(convert_from(leaf, 'UTF8'), 'done', 'gone'), 'UTF8')"
    as_superuser(settings, f"update core_audit_entry set leaf = {bent}, act = 'thing.gone' where id = '{entry}'")
    page = (await client.get(f"/audit/entries/{entry}")).text
    # digest and copies were changed with it and agree with each other: the log alone knows
    assert (page.count("相符"), page.count("不符")) == (2, 1)


async def test_the_page_tells_what_is_wrong(
    runtime: Runtime, client: AsyncClient, settings: Settings, clock: FrozenClock
) -> None:
    await note_acts(runtime, 4)
    await signed(runtime)
    assert "没有告警" in (await client.get("/audit/log")).text
    await note_acts(runtime, 2)
    as_superuser(settings, "delete from core_log_leaf where index = 3")
    clock.advance(timedelta(minutes=5))
    page = (await client.get("/audit/log")).text
    for sentence in ("只有 3 条,而已签署到 4 条", "没有新的检查点", "等待入日志过久"):
        assert sentence in page.replace("，", ",")


async def test_nobody_but_the_auditor_opens_the_page(runtime: Runtime) -> None:
    async with browsing(runtime) as client:
        _, token = await session_of(runtime, role="regulator", region="33")
        client.cookies.set(COOKIE, token)
        assert (await client.get("/audit/log")).status_code == 403


async def test_a_candidate_carries_the_proof_of_the_hand_in_home(runtime: Runtime, clock: FrozenClock) -> None:
    exam = await examined(runtime, clock, right=[9, 9])
    mine, other = exam.registrations
    async with browsing(runtime) as client:
        client.cookies.set(COOKIE, await candidate_session(runtime, mine))
        assert (await client.get(f"/me/registrations/{mine.id}/receipt")).status_code == 404
        await note_hand_in(runtime, exam.attempts[0])
        await signed(runtime)
        content = (await client.get(f"/me/registrations/{mine.id}/receipt")).content
        proof = parse_proof(content)
        assert proof.leaf is not None
        assert str(exam.attempts[0]).encode() in proof.leaf
        under = check_proof(proof, proof.leaf, parse_policy((await client.get("/log/policy")).text))
        assert under.checkpoint.size > proof.index
        assert (await client.get(f"/me/registrations/{other.id}/receipt")).status_code == 404
