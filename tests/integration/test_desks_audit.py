"""The auditor's desk: finds entries of the region, shows the leaf they were hashed from, and records the look itself."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from exam.core.audit.ledger import record
from exam.core.clock import FrozenClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import SYSTEM, Principal
from exam.core.runtime import Runtime
from exam.desks.audit_search import AuditFilter, check_entry, get_entry, list_entries
from exam.identity.sessions import COOKIE
from tests.builders.desks import session_of
from tests.builders.sitting import COUNTY
from tests.builders.web import browsing

ROOT = Scope(region="33")


@pytest.fixture
async def client(runtime: Runtime) -> AsyncIterator[AsyncClient]:
    async with browsing(runtime) as opened:
        _, token = await session_of(runtime, role="auditor", region="33")
        opened.cookies.set(COOKIE, token)
        yield opened


async def _note(runtime: Runtime, act: str, *, region: str = COUNTY, by: Principal = SYSTEM, what: str = "a-1") -> UUID:
    async with runtime.databases.transaction(ROOT) as session:
        return await record(
            session, by, act, ("thing", what), at=runtime.clock.now(), region=region, facts={"count": 3, "note": "注"}
        )


async def _acts(runtime: Runtime, scope: Scope = ROOT, **wanted: Any) -> list[str]:
    async with runtime.databases.session(scope) as session:
        entries, _ = await list_entries(session, AuditFilter(**wanted))
    return [entry.act for entry in entries]


async def test_search_narrows_by_act_subject_and_actor(runtime: Runtime) -> None:
    account, _ = await session_of(runtime, role="centre")
    await _note(runtime, "thing.made")
    await _note(runtime, "thing.moved", what="a-2")
    await _note(runtime, "other.made", by=Principal(account=account))
    assert await _acts(runtime, act="thing.") == ["thing.moved", "thing.made"]
    assert await _acts(runtime, act="thing.made") == ["thing.made"]
    assert await _acts(runtime, subject="a-2") == ["thing.moved"]
    assert await _acts(runtime, actor="李明") == ["other.made"]
    assert await _acts(runtime, actor=str(account)) == ["other.made"]
    assert await _acts(runtime, actor="nobody") == []


async def test_days_are_shanghai_days_and_both_count(runtime: Runtime, clock: FrozenClock) -> None:
    today = (clock.now() + timedelta(hours=8)).date()
    await _note(runtime, "day.one")
    clock.advance(timedelta(days=1))
    await _note(runtime, "day.two")
    assert await _acts(runtime, first_on=today, last_on=today) == ["day.one"]
    assert await _acts(runtime, first_on=today + timedelta(days=1)) == ["day.two"]


async def test_entries_of_other_regions_are_out_of_sight(runtime: Runtime) -> None:
    entry = await _note(runtime, "thing.made", region="33/3302")
    assert await _acts(runtime, Scope(region=COUNTY)) == []
    assert await _acts(runtime, Scope(region="33/3302")) == ["thing.made"]
    async with browsing(runtime) as client:
        _, token = await session_of(runtime, role="auditor", region=COUNTY)
        client.cookies.set(COOKIE, token)
        assert (await client.get(f"/audit/entries/{entry}")).status_code == 404


async def test_pages_follow_each_other_without_gap(runtime: Runtime) -> None:
    for n in range(5):
        await _note(runtime, f"thing.n{n}")
    async with runtime.databases.session(ROOT) as session:
        first, more = await list_entries(session, AuditFilter(act="thing."), limit=3)
        rest, end = await list_entries(session, AuditFilter(act="thing."), before=first[-1].position, limit=3)
    assert ([e.act for e in first], more) == (["thing.n4", "thing.n3", "thing.n2"], True)
    assert ([e.act for e in rest], end) == (["thing.n1", "thing.n0"], False)


async def test_each_look_is_itself_an_entry_without_what_was_typed(client: AsyncClient, runtime: Runtime) -> None:
    await _note(runtime, "thing.made")
    answer = await client.get("/audit", params={"act": "thing.", "actor": "李明"})
    assert answer.status_code == 200
    async with runtime.databases.session(ROOT) as session:
        ((look,), _) = await list_entries(session, AuditFilter(act="audit.searched"))
    assert (look.facts["act"], look.facts["shown"]) == ("thing.", 0)
    assert "李明" not in look.leaf_text


async def test_entry_page_shows_leaf_and_digest_and_is_recorded(client: AsyncClient, runtime: Runtime) -> None:
    entry_id = await _note(runtime, "thing.made")
    page = (await client.get(f"/audit/entries/{entry_id}")).text
    async with runtime.databases.session(ROOT) as session:
        entry = await get_entry(session, entry_id)
    assert entry.digest in page
    assert page.count("相符") == 2
    assert await _acts(runtime, act="audit.read") == ["audit.read"]


async def test_words_that_were_changed_beside_their_commitment_show(client: AsyncClient, runtime: Runtime) -> None:
    entry_id = await _note(runtime, "thing.made")
    assert "<dd>注</dd>" in (await client.get(f"/audit/entries/{entry_id}")).text
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("update core_audit_words set words = '另一说法'"))
    page = (await client.get(f"/audit/entries/{entry_id}")).text
    assert "另一说法" in page
    assert (page.count("相符"), page.count("不符")) == (1, 1)


async def test_column_changed_beside_its_leaf_shows(client: AsyncClient, runtime: Runtime) -> None:
    entry_id = await _note(runtime, "thing.made")
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        await session.execute(text("alter table core_audit_entry disable trigger core_audit_entry_append_only"))
        await session.execute(text("update core_audit_entry set act = 'thing.bent' where id = :id"), {"id": entry_id})
    async with runtime.databases.session(ROOT) as session:
        check = check_entry(await get_entry(session, entry_id))
    assert (check.digest_holds, check.copies_agree) == (True, False)
    assert "不符" in (await client.get(f"/audit/entries/{entry_id}")).text


async def test_export_holds_what_the_search_found_and_is_recorded(client: AsyncClient, runtime: Runtime) -> None:
    await _note(runtime, "thing.made")
    await _note(runtime, "other.made")
    lines = (await client.get("/audit/entries.csv", params={"act": "thing."})).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "thing.made" in lines[1]
    assert await _acts(runtime, act="audit.exported") == ["audit.exported"]


async def test_malformed_filter_is_answered_on_the_page(client: AsyncClient) -> None:
    answer = await client.get("/audit", params={"first": "gestern"})
    assert answer.status_code == 400
    assert "筛选条件有误" in answer.text


async def test_nobody_but_the_auditor_reads_entries(runtime: Runtime) -> None:
    async with browsing(runtime) as client:
        _, token = await session_of(runtime, role="regulator", region="33")
        client.cookies.set(COOKIE, token)
        assert (await client.get("/audit")).status_code == 403
