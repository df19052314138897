"""The monitor over a whole exam: silent while everything is as it was logged, and loud about each kind of change."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from exam.core.audit.monitor import Monitor, Report
from exam.core.audit.publication import CHECKPOINT, LogPublication
from exam.core.audit.sequencing import Sequencer
from exam.core.audit.tiles import TILE_BYTES, Tile
from exam.core.clock import FrozenClock
from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.delivery.attempts import finalise
from exam.delivery.checkin import get_attempt_row
from exam.delivery.state import Act
from tests.builders.certs import ROOT, Certified, credential_of, make_authority, pass_practical, release
from tests.builders.grading import close_and_score, examined, work_off
from tests.builders.log import Signing, note_acts, signing
from tests.integration.test_log_signing import as_superuser


@pytest.fixture
async def log(runtime: Runtime) -> AsyncIterator[Signing]:
    async with signing(runtime) as opened:
        yield opened


@pytest.fixture
async def holder(runtime: Runtime, clock: FrozenClock, log: Signing) -> Certified:
    """Let two candidates pass, hand in by the product's own verb, and one be certified; sign it all."""
    await make_authority(runtime)
    exam = await examined(runtime, clock, right=[9, 7], finish="in_progress")
    for attempt in exam.attempts:
        async with runtime.databases.transaction(ROOT) as session:
            row = await get_attempt_row(session, attempt, lock=True)
            await finalise(session, runtime, row, Act.SUBMIT, SYSTEM)
    await close_and_score(runtime, exam)
    await release(runtime, exam)
    await work_off(runtime)
    await pass_practical(runtime, exam)
    await work_off(runtime)
    await log.turn()
    return await credential_of(runtime, exam)


TABLES = (
    *("grading_result", "grading_score", "grading_release", "certs_credential", "certs_credential_event"),
    *("delivery_response_revision", "delivery_attempt", "questionbank_form", "questionbank_draw"),
    *("core_audit_entry", "core_log_leaf"),
)


def monitor_of(runtime: Runtime) -> Monitor:
    return Monitor(runtime, runtime.settings.data_dir / "monitor", LogPublication(runtime.storage))


def codes(report: Report) -> set[str]:
    return {alarm.code for alarm in report.alarms}


@pytest.mark.usefixtures("holder")
async def test_an_honest_exam_raises_no_alarm(runtime: Runtime, log: Signing) -> None:
    assert (await monitor_of(runtime).look()).alarms == ()
    await note_acts(runtime, 4)
    assert (await monitor_of(runtime).look()).alarms == ()
    await log.turn()
    report = await monitor_of(runtime).look()
    assert (report.alarms, report.size) == ((), report.signed)


async def test_scores_whose_entries_wait_raise_no_alarm(runtime: Runtime, clock: FrozenClock, log: Signing) -> None:
    await note_acts(runtime, 1)
    await log.turn()
    await close_and_score(runtime, await examined(runtime, clock, right=[9]))
    assert [alarm for alarm in (await monitor_of(runtime).look()).alarms if alarm.code.startswith("score_")] == []


async def test_entries_that_are_ordered_before_their_tiles_are_out_raise_no_alarm(
    runtime: Runtime, log: Signing
) -> None:
    """The signer commits the order first: whoever looks in between sees more leaves than tiles."""
    await note_acts(runtime, 200)
    await log.turn()
    await note_acts(runtime, 400)
    await Sequencer().sequence(log.connection, at=runtime.clock.now())
    assert (await monitor_of(runtime).look()).alarms == ()
    await log.turn()
    assert (await monitor_of(runtime).look()).alarms == ()
    await log.publication.write_tiles({Tile(0, 1): bytes(TILE_BYTES)})
    assert codes(await monitor_of(runtime).look()) == {"tile_changed"}


CHANGES = {
    "update grading_result set marks = 9900": {"result_changed"},
    "update grading_score set marks = marks - 100": {"score_changed"},
    "delete from grading_release where result_id = (select min(result_id::text)::uuid from grading_release)": {
        "release_gone"
    },
    "update certs_credential set valid_until_on = valid_until_on + 365": {"credential_changed"},
    "update certs_credential set status = 'revoked'": {"credential_status_differs"},
    "update certs_credential set pdf_digest = sha256('x')": {"credential_document_differs"},
    "delete from certs_credential_event where kind = 'pdf_made'": {"credential_history_differs"},
    "update delivery_response_revision set response = '[\"A\"]'": {"answers_changed"},
    "update delivery_attempt set response_digest = sha256('x')": {"hand_in_changed"},
    "update questionbank_form set scoring_digest = 'x'": {"forms_changed"},
    "update questionbank_draw set seed_commitment = 'x'": {"draw_changed"},
    "update core_audit_entry set region = '34'": {"entry_copy_changed"},
    "update core_audit_entry set leaf = leaf || ' ' where position = 3": {"entry_changed"},
    "delete from core_audit_entry where position = 3": {"entry_missing"},
    "update core_log_leaf set hash = sha256('x') where index = 2": {"entry_changed", "root_differs", "tile_changed"},
    "delete from core_log_leaf where index > 5": {"log_behind"},
}


@pytest.mark.usefixtures("holder")
async def test_every_kind_of_change_is_found(runtime: Runtime, settings: Settings) -> None:
    """One database, and each change taken back before the next: the alarms are exactly those of the change."""
    looking = monitor_of(runtime)
    assert (await looking.look()).alarms == ()
    for statement, expected in CHANGES.items():
        table = next(name for name in TABLES if f" {name} " in f" {statement} ")
        generated = {"grading_result": "origin_id", "core_audit_entry": "leaf_digest"}.get(table)
        as_superuser(settings, f"create table kept as select * from {table}")
        if generated:
            as_superuser(settings, f"alter table kept drop column {generated}")
        as_superuser(settings, statement)
        found = codes(await looking.look())
        assert expected <= found, statement
        names = column_names(settings)
        override = "overriding system value" if table == "core_audit_entry" else ""
        restore = f"insert into {table} ({names}) {override} select {names} from kept"
        as_superuser(settings, f"delete from {table}", restore, "drop table kept")
        assert (await looking.look()).alarms == (), statement


def column_names(settings: Settings) -> str:
    with psycopg.connect(settings.database_url) as connection:
        query = "select column_name from information_schema.columns where table_name = 'kept' order by ordinal_position"
        return ", ".join(f'"{row[0]}"' for row in connection.execute(query))


@pytest.mark.usefixtures("holder")
async def test_a_look_that_goes_on_reads_what_is_new_and_forgets_no_alarm(
    runtime: Runtime, settings: Settings, log: Signing, clock: FrozenClock
) -> None:
    monitor = monitor_of(runtime)
    first = await monitor.look(whole=False)  # there is nothing to go on from: it is whole
    assert (first.alarms, first.whole_at) == ((), first.at)
    as_superuser(settings, "update core_audit_entry set region = '34' where position = 3")
    await note_acts(runtime, 3)
    await log.turn()
    clock.advance(timedelta(seconds=60))
    second = await monitor.look(whole=False)
    assert (second.alarms, second.whole_at, second.size) == ((), first.at, first.size + 3)
    await note_acts(runtime, 1)
    await log.turn()
    as_superuser(settings, f"update core_audit_entry set region = '34' where position = {second.size}")
    assert codes(await monitor.look(whole=False)) == {"entry_copy_changed"}
    await note_acts(runtime, 1)
    await log.turn()
    assert len((await monitor.look(whole=False)).alarms) == 1
    assert len((await monitor.look()).alarms) == 2


async def test_a_stale_head_is_noticed_by_whoever_saw_a_newer_one(runtime: Runtime, log: Signing) -> None:
    await note_acts(runtime, 3)
    await log.turn()
    old = await log.publication.find(CHECKPOINT)
    await note_acts(runtime, 2)
    await log.turn()
    assert codes(await monitor_of(runtime).look()) == set()
    await log.publication.write({CHECKPOINT: old or b""})
    assert codes(await monitor_of(runtime).look()) == {"head_stale"}


async def test_an_entry_that_claims_an_earlier_time_is_noticed(
    runtime: Runtime, log: Signing, clock: FrozenClock
) -> None:
    await note_acts(runtime, 3)
    await log.turn()
    assert (await monitor_of(runtime).look()).alarms == ()
    clock.advance(timedelta(hours=1))
    await log.turn()
    assert (await monitor_of(runtime).look()).alarms == ()
    clock.advance(timedelta(days=-3))
    await note_acts(runtime, 1, act="credential.issued_late")
    await log.turn()
    clock.advance(timedelta(days=3))
    assert codes(await monitor_of(runtime).look()) == {"back_dated"}


async def test_entries_that_wait_too_long_are_noticed(runtime: Runtime, log: Signing, clock: FrozenClock) -> None:
    await log.turn()
    await note_acts(runtime, 2)
    clock.advance(timedelta(minutes=3))
    assert codes(await monitor_of(runtime).look()) == {"entries_wait"}


async def test_another_policy_than_the_pinned_one_convinces_nobody(
    runtime: Runtime, log: Signing, tmp_path: Path
) -> None:
    await log.turn()
    await monitor_of(runtime).look()
    other = await log.publication.find(CHECKPOINT)
    await log.publication.write({CHECKPOINT: (other or b"").replace("— ".encode(), "— x".encode())})
    assert "head_not_signed" in codes(await monitor_of(runtime).look())
    assert tmp_path


@pytest.mark.parametrize("table", ["core_audit_entry", "grading_result", "certs_credential", "core_log_leaf"])
async def test_the_monitor_writes_nothing(runtime: Runtime, table: str) -> None:
    async with runtime.databases.session(NOTHING, Role.MONITOR) as session:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await session.execute(text(f"delete from {table}"))


async def test_the_monitor_reads_nothing_sealed(runtime: Runtime) -> None:
    async with runtime.databases.session(NOTHING, Role.MONITOR) as session:
        with pytest.raises(ProgrammingError, match="permission denied"):
            await session.execute(text("select number_sealed from certs_credential"))
