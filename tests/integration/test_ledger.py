"""The audit ledger: canonical, append-only, scoped by region; examined as ankao_app."""

from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from exam.core.audit.entry import Fact, commit_to
from exam.core.audit.ledger import AuditRow, AuditSalt, AuditWords, record
from exam.core.crypto import digest
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime

HERE = Scope(region="33/3301")


async def _record(runtime: Runtime, region: str = "33/3301/330106") -> UUID:
    async with runtime.databases.transaction(HERE) as session:
        return await record(
            session,
            SYSTEM,
            "thing.done",
            ("thing", "1"),
            at=runtime.clock.now(),
            region=region,
            facts={"n": 1},
            personal={"name": "张三丰"},
        )


async def test_leaf_holds_commitments_and_no_personal_value(runtime: Runtime) -> None:
    entry = await _record(runtime)
    async with runtime.databases.session(HERE) as session:
        row = await session.get_one(AuditRow, entry)
    assert row.leaf_digest == digest(row.leaf)
    assert "张三丰".encode() not in row.leaf
    assert b'"commitments":{"name":"' in row.leaf


async def test_what_people_write_stays_out_of_the_leaf_and_in_its_region(runtime: Runtime) -> None:
    """A reason may name somebody: the leaf is for ever, the words are not (DESIGN.md §6.10)."""
    said: dict[str, Fact] = {"reason": "张三丰的身份证", "note": "", "state": "paused"}
    async with runtime.databases.transaction(HERE) as session:
        entry = await record(
            session, SYSTEM, "thing.paused", ("thing", "1"), at=runtime.clock.now(), region="33/3301", facts=said
        )
    async with runtime.databases.session(HERE) as session:
        row = await session.get_one(AuditRow, entry)
        kept = (await session.scalars(select(AuditWords))).one()
        salt = await session.get_one(AuditSalt, (entry, "reason"))
    assert "张三丰".encode() not in row.leaf
    assert row.facts == {"note": "", "state": "paused"}
    assert kept.words == said["reason"]
    assert commit_to(kept.words, salt.salt).encode() in row.leaf
    async with runtime.databases.session(Scope(region="33/3302")) as session:
        assert (await session.scalars(select(AuditWords))).all() == []


@pytest.mark.parametrize("scope", [NOTHING, Scope(region="33/3302"), Scope(region="33/330"), Scope(region="")])
async def test_other_regions_see_no_entry(runtime: Runtime, scope: Scope) -> None:
    await _record(runtime)
    async with runtime.databases.session(scope) as session:
        assert (await session.scalars(select(AuditRow))).all() == []


async def test_reused_connection_without_scope_sees_nothing(runtime: Runtime) -> None:
    await _record(runtime)
    async with runtime.databases.session(HERE) as session:
        assert (await session.scalars(select(AuditRow))).all()
    async with runtime.databases.engine(Role.APP).connect() as connection:
        found = await connection.execute(text("select count(*) from core_audit_entry"))
        assert found.scalar_one() == 0


@pytest.mark.parametrize("statement", ["update core_audit_entry set act = 'x'", "delete from core_audit_entry"])
async def test_app_role_cannot_change_entries(runtime: Runtime, statement: str) -> None:
    await _record(runtime)
    async with runtime.databases.session(HERE) as session:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await session.execute(text(statement))
