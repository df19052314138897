"""The log over the entries: contiguous, complete whatever the order of commits, consistent, and silent once betrayed."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from exam.core.audit import sequencing
from exam.core.audit.errors import LogBehindError, LogRewrittenError
from exam.core.audit.ledger import record
from exam.core.audit.merkle import check_consistency
from exam.core.audit.proof import check_proof
from exam.core.audit.sequencing import Sequencer
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING, Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from tests.builders.log import leaf_of, new_signer, note_acts, signing

HERE = Scope(region="33")


def as_superuser(settings: Settings, *statements: str) -> None:
    """Change what triggers guard, as a database administrator can."""
    with psycopg.connect(settings.database_url) as connection:
        connection.execute("set session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.encode())


async def proves(runtime: Runtime, entries: list[UUID]) -> set[int]:
    """Check every entry's proof against the log's own policy and return the indexes."""
    async with signing(runtime) as log:
        policy, newest = log.signer.policy, await log.publication.newest()
        assert newest is not None
        indexes = set()
        for entry in entries:
            index, leaf = await leaf_of(runtime, entry)
            check_proof(await log.publication.prove(index, newest), leaf, policy)
            indexes.add(index)
    return indexes


async def test_every_entry_is_a_leaf_with_a_proof(runtime: Runtime) -> None:
    entries = []
    async with signing(runtime) as log:
        for count in (1, 3, 300, 2):
            entries += await note_acts(runtime, count)
            assert (await log.turn()).checkpoint.size == len(entries)
    assert await proves(runtime, [*entries[:5], *entries[250:260], *entries[-3:]]) >= {0, 255, 256, 305}


async def test_published_heads_are_consistent(runtime: Runtime) -> None:
    async with signing(runtime) as log:
        heads = []
        for count in (2, 0, 255, 1, 700):
            await note_acts(runtime, count)
            heads.append((await log.turn()).checkpoint)
        for old in heads:
            for new in heads[heads.index(old) :]:
                path = await log.publication.consistency(old.size, new.size)
                check_consistency(old.size, old.root, new.size, new.root, path)


async def test_an_entry_that_commits_late_is_not_lost(runtime: Runtime) -> None:
    """Its position was drawn first and becomes visible last, after any number of turns."""
    async with signing(runtime) as log, runtime.databases.session(HERE) as slow:
        late = await record(slow, SYSTEM, "thing.late", ("thing", "0"), at=runtime.clock.now(), region="33")
        early = []
        for _ in range(6):
            early += await note_acts(runtime, 2)
            await log.turn()
        await slow.commit()
        assert (await log.turn()).checkpoint.size == 13
    assert await proves(runtime, [*early, late]) == set(range(13))


async def test_what_is_rolled_back_leaves_no_gap(runtime: Runtime) -> None:
    async with signing(runtime) as log:
        await note_acts(runtime, 1)
        async with runtime.databases.session(HERE) as session:
            await record(session, SYSTEM, "thing.undone", ("thing", "0"), at=runtime.clock.now(), region="33")
            await session.rollback()
        entries = await note_acts(runtime, 1)
        assert (await log.turn()).checkpoint.size == 2
    assert await proves(runtime, entries) == {1}


async def test_settled_positions_are_passed_over(runtime: Runtime) -> None:
    async with signing(runtime) as log:
        await note_acts(runtime, 5)
        for _ in range(40):
            await log.turn()
            if log.signer._sequencer._settled >= 5:
                break
            await asyncio.sleep(0.2)  # transactions of other databases on the server hold it up too
        assert log.signer._sequencer._settled >= 5
        await note_acts(runtime, 2)
        assert (await log.turn()).checkpoint.size == 7


async def test_many_writers_are_not_held_up_and_none_is_left_out(runtime: Runtime) -> None:
    entries: list[UUID] = []

    async def write() -> None:
        for _ in range(15):
            entries.extend(await note_acts(runtime, 2))

    async with signing(runtime) as log:
        writers = [asyncio.create_task(write()) for _ in range(4)]
        while not all(task.done() for task in writers):
            await log.turn()
        assert (await log.turn()).checkpoint.size == 120
    assert await proves(runtime, entries) == set(range(120))


async def test_a_turn_ends_though_entries_never_cease(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, batches = Sequencer._batch, 0

    async def busy(self: Sequencer, connection: AsyncConnection, at: datetime) -> int:
        nonlocal batches
        batches += 1
        assert batches < 10, "the turn goes on for as long as somebody writes"
        count = await batch(self, connection, at)
        await note_acts(runtime, 1)
        return count

    monkeypatch.setattr(Sequencer, "_batch", busy)
    monkeypatch.setattr(sequencing, "BATCH", 2)
    await note_acts(runtime, 3)
    async with signing(runtime) as log:
        assert (await log.turn()).checkpoint.size >= 3


async def test_a_signer_that_starts_again_goes_on_where_it_was(runtime: Runtime) -> None:
    async with signing(runtime) as log:
        await note_acts(runtime, 300)
        first = (await log.turn()).checkpoint
    async with signing(runtime) as log:
        await note_acts(runtime, 300)
        second = (await log.turn()).checkpoint
        path = await log.publication.consistency(first.size, second.size)
    check_consistency(first.size, first.root, second.size, second.root, path)


async def test_a_head_is_noted_when_it_changes_and_once_a_minute(runtime: Runtime, clock: FrozenClock) -> None:
    async with signing(runtime) as log:
        for step in (0, 10, 10, 50, 1):
            clock.advance(timedelta(seconds=step))
            await log.turn()
        await note_acts(runtime, 1)
        await log.turn()
    async with runtime.databases.session(NOTHING) as session:
        rows = await session.execute(text("select size from core_log_checkpoint order by published_at"))
    assert [row.size for row in rows] == [0, 0, 1]


async def test_a_second_signer_stands_by(runtime: Runtime) -> None:
    await note_acts(runtime, 1)
    async with signing(runtime) as log:
        await log.connection.execute(text("select pg_advisory_lock(4109)"))
        other = asyncio.create_task(new_signer(runtime).run())
        await asyncio.sleep(0.3)
        other.cancel()
        assert await log.publication.newest() is None


async def test_deleted_leaves_stop_the_signer(runtime: Runtime, settings: Settings) -> None:
    async with signing(runtime) as log:
        await note_acts(runtime, 5)
        await log.turn()
        as_superuser(settings, "delete from core_log_leaf where index >= 3")
        with pytest.raises(LogBehindError) as stopped:
            await log.turn()
    assert stopped.value.fields == {"size": 3, "signed": 5}


async def test_a_tail_that_was_replaced_stops_the_signer(runtime: Runtime, settings: Settings) -> None:
    async with signing(runtime) as log:
        await note_acts(runtime, 5)
        await log.turn()
        as_superuser(settings, "update core_log_leaf set hash = sha256('x') where index = 4")
        with pytest.raises(LogRewrittenError) as stopped:
            await log.turn()
    assert stopped.value.fields == {"index": 4}


async def test_an_entry_changed_before_it_was_signed_stops_the_signer(runtime: Runtime, settings: Settings) -> None:
    await note_acts(runtime, 5)
    async with signing(runtime) as log:
        await log.signer._sequencer.sequence(log.connection, at=runtime.clock.now())
        as_superuser(settings, "update core_audit_entry set leaf = leaf || ' '")
        with pytest.raises(LogRewrittenError) as stopped:
            await log.turn()
    assert stopped.value.fields == {"index": 0}


async def test_the_alarm_is_published_and_taken_back(runtime: Runtime, settings: Settings) -> None:
    await note_acts(runtime, 2)
    async with signing(runtime) as log:
        await log.turn()
        as_superuser(
            settings, "create table kept as select * from core_log_leaf", "delete from core_log_leaf where index = 1"
        )
        running = asyncio.create_task(new_signer(runtime).run())
        await until(runtime, b"log_behind")
        as_superuser(settings, "insert into core_log_leaf select * from kept where index = 1")
        await until(runtime, b"null")
        running.cancel()


async def until(runtime: Runtime, wanted: bytes) -> None:
    async with asyncio.timeout(10), signing(runtime) as log:
        while wanted not in (await log.publication.find("tlog/alarm") or b""):  # noqa: ASYNC110  # a file has no event
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("role", [Role.APP, Role.BANK, Role.ANSWER, Role.PUBLIC])
async def test_only_the_ledgers_role_orders_entries(runtime: Runtime, role: Role) -> None:
    (entry,) = await note_acts(runtime, 1)
    async with runtime.databases.session(NOTHING, role) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            await session.execute(
                text("insert into core_log_leaf values (0, :entry, sha256('x'), now())"), {"entry": entry}
            )


@pytest.mark.parametrize("index", [1, 5])
async def test_the_database_refuses_a_gap(runtime: Runtime, index: int) -> None:
    (entry,) = await note_acts(runtime, 1)
    async with runtime.databases.session(NOTHING, Role.LEDGER) as session:
        with pytest.raises(DBAPIError, match="does not follow"):
            await session.execute(
                text("insert into core_log_leaf values (:index, :entry, sha256('x'), now())"),
                {"index": index, "entry": entry},
            )
