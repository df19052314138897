"""The eighteen attacks of the claim: each does what its title says, and names the alarm that must follow."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from certs.api import suspend
from exam.cli.matrix.laboratory import YESTERDAY, Instance, note_something
from exam.cli.matrix.scenario import COUNTY, ROOT, staff
from exam.cli.signer import open_custody
from exam.core.audit.checkpoint import Checkpoint
from exam.core.audit.cosigning import cosigners_of
from exam.core.audit.entry import ActorKind, AuditEntry, canonical_bytes
from exam.core.audit.merkle import leaf_hash
from exam.core.audit.note import Ed25519NoteSigner, Note
from exam.core.audit.publication import CHECKPOINT, LogPublication
from exam.core.audit.tiles import Edge, extend
from exam.core.ids import new_id
from exam.core.storage import DirectoryStorage

BETTER_MARKS = "update grading_result set marks = least(marks + 500, 10000)"
FAKETIME = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
)


class Prevented(Exception):  # noqa: N818  # it is the good outcome
    """The attack was stopped where it was tried; the text says by what."""


Run = Callable[[Instance], Awaitable[LogPublication | None]]


class Attack(msgspec.Struct, frozen=True):
    """One row of the matrix; `alarm` is the kind of alarm that must follow, empty where it must be prevented."""

    id: int
    name: str
    alarm: str
    run: Run


async def as_application(instance: Instance) -> None:
    """Change marks under the account that serves the pages."""
    try:
        async with instance.runtime.databases.transaction(ROOT) as session:
            await session.execute(text(BETTER_MARKS))
    except DBAPIError as error:
        raise Prevented("database: permission denied") from error


async def as_superuser(instance: Instance) -> None:
    """Change marks as the database's superuser, triggers and all."""
    try:
        instance.superuser(BETTER_MARKS, replica=False)
    except psycopg.Error as error:
        raise Prevented("database: append-only trigger") from error


async def past_the_triggers(instance: Instance) -> None:
    """Change marks where no trigger speaks."""
    instance.superuser(BETTER_MARKS)


async def rewrite_everything(instance: Instance) -> None:
    """Change an entry, its copies, its hash, and every published tile: all that needs no key."""
    with psycopg.connect(instance.settings.database_url) as connection:
        connection.execute("set session_replication_role = replica")
        row = connection.execute("select id, leaf from core_audit_entry where act = 'result.made' limit 1").fetchone()
        body: dict[str, Any] = json.loads(row[1]) if row else {}
        body["facts"]["marks"] += 1
        leaf = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        facts = Jsonb(body["facts"])
        connection.execute(
            "update core_audit_entry set leaf = %s, facts = %s where id = %s", [leaf, facts, row[0] if row else None]
        )
        connection.execute(
            "update core_log_leaf set hash = %s where entry_id = %s", [leaf_hash(leaf), row[0] if row else None]
        )
        hashes = [each for (each,) in connection.execute("select hash from core_log_leaf order by index")]
    await instance.publication.write_tiles(extend(Edge(), hashes)[1])


async def delete_the_tail(instance: Instance) -> None:
    """Forget the last hundred entries and that they were ordered."""
    instance.superuser(
        "create temporary table tail as select * from core_log_leaf order by index desc limit 100",
        "delete from core_log_leaf where index in (select index from tail)",
        "delete from core_audit_words where entry_id in (select entry_id from tail)",
        "delete from core_audit_salt where entry_id in (select entry_id from tail)",
        "delete from core_audit_entry where id in (select entry_id from tail)",
    )


async def switch_triggers_off(instance: Instance) -> None:
    """Change marks between switching the triggers off and on."""
    instance.superuser(
        "alter table grading_result disable trigger all",
        BETTER_MARKS,
        "alter table grading_result enable trigger all",
        replica=False,
    )


async def insert_an_old_certificate(instance: Instance) -> None:
    """Forge a certificate of three years ago, with every table row that it would have."""
    instance.superuser(*_forged_certificate())


def _forged_certificate() -> list[str]:
    years_before = (
        f"update forged set id = '{new_id()}', public_id = 'Forged' || substr(public_id, 7), version = 9,"
        " status = 'superseded', issued_at = issued_at - interval '3 years', issued_on = issued_on - 1095,"
        " first_issued_on = first_issued_on - 1095, valid_from_on = valid_from_on - 1095"
    )
    its_own = (
        "update forged_event e set id = gen_random_uuid(), credential_id = f.id, region = f.region, at = f.issued_at"
        " from forged f"
    )
    return [
        "create temporary table forged as select * from certs_credential limit 1",
        years_before,
        "insert into certs_credential select * from forged",
        "create temporary table forged_event as select * from certs_credential_event where kind = 'issued' limit 1",
        its_own,
        "insert into certs_credential_event select * from forged_event",
    ]


async def append_a_back_dated_entry(instance: Instance) -> None:
    """Write the entry as well, at the end and under an old date, so that the signer takes it for an honest one."""
    entry = AuditEntry(
        id=new_id(),
        at=instance.runtime.clock.now() - timedelta(days=3),
        actor_kind=ActorKind.SYSTEM,
        actor=None,
        act="credential.issued",
        subject_kind="credential",
        subject=str(new_id()),
        region=COUNTY,
        facts={"version": 1},
        commitments={},
    )
    with psycopg.connect(instance.settings.database_url) as connection:
        connection.execute(
            "insert into core_audit_entry (id, at, actor_kind, act, subject_kind, subject, region, facts, leaf)"
            " values (%s, %s, 'system', %s, 'credential', %s, %s, %s, %s)",
            [entry.id, entry.at, entry.act, entry.subject, COUNTY, Jsonb(entry.facts), canonical_bytes(entry)],
        )


async def swap_answers(instance: Instance) -> None:
    """Give two candidates each other's answers."""
    one, other, spare = *instance.history.attempts[:2], new_id()
    table = "update delivery_response_revision set attempt_id ="
    # all answers are right: the swapped ones are made to differ first
    instance.superuser(
        f"update delivery_response_revision set response = '[\"A\"]' where attempt_id = '{one}' and slot = 1",
        f"{table} '{spare}' where attempt_id = '{one}'",
        f"{table} '{one}' where attempt_id = '{other}'",
        f"{table} '{other}' where attempt_id = '{spare}'",
    )


async def change_the_key(instance: Instance) -> None:
    """Exchange a form's scoring view after the exam, and the score that rests on it."""
    instance.superuser(
        "update questionbank_form set scoring_sealed = candidate_sealed, scoring_digest = candidate_digest"
        " where claimed_by is not null",
        BETTER_MARKS,
    )


async def put_yesterday_back(instance: Instance) -> None:
    """Put the database back to where it was before the last hundred entries."""
    instance.laboratory.copy(YESTERDAY, instance.database)


async def fork_for_the_auditor(instance: Instance) -> LogPublication:
    """Show the auditor another tree of the same size, under the log's own key."""
    shown = instance.settings.data_dir / "shown"
    shutil.copytree(instance.settings.data_dir / "files" / "tlog", shown / "tlog")
    forked = LogPublication(DirectoryStorage(shown))
    await forked.write({CHECKPOINT: await _signed_fork(instance, more=0)})
    return forked


async def sign_with_the_stolen_key(instance: Instance) -> None:
    """Publish a longer fork in the log's place; no witness has signed it."""
    await instance.stop_signer()
    await instance.publication.write({CHECKPOINT: await _signed_fork(instance, more=50)})


async def _signed_fork(instance: Instance, *, more: int) -> bytes:
    custody = open_custody(instance.settings)
    signer = Ed25519NoteSigner(custody.name, custody.private)
    size = custody.load().edge.size + more
    checkpoint = Checkpoint(custody.name, size, sha256(b"fork").digest())
    note = Note(checkpoint.text(), (signer.sign(checkpoint.text()),))
    if not more:
        for witness in cosigners_of(instance.policy, signer.key, instance.publication):
            if await witness.cosign(checkpoint, note):
                message = "a witness signed a fork"
                raise RuntimeError(message)
    return note.to_bytes()


async def stop_the_sequencer(instance: Instance) -> None:
    """Go on with business while nobody signs."""
    await instance.stop_signer()
    await note_something(instance)


async def replay_a_stale_head(instance: Instance) -> None:
    """Show an old head, rightly signed and witnessed, as the newest."""
    await instance.stop_signer()
    with psycopg.connect(instance.settings.database_url) as connection:
        row = connection.execute(
            "select note from core_log_checkpoint where witnessed order by size limit 1"
        ).fetchone()
    await instance.publication.write({CHECKPOINT: row[0] if row else b""})


async def drop_an_entry_before_it_is_ordered(instance: Instance) -> None:
    """Let an act happen and take its entry away before the signer sees it."""
    await instance.stop_signer()
    async with instance.runtime.databases.transaction(ROOT) as session:
        await suspend(
            session,
            staff("regulator", region="33/3301"),
            instance.history.credentials[0],
            reason="核查中",
            at=instance.runtime.clock.now(),
        )
    unordered = "not exists (select 1 from core_log_leaf l where l.entry_id = {})"
    instance.superuser(
        f"delete from certs_credential_event where {unordered.format('audit_id')}",
        f"delete from core_audit_entry where {unordered.format('id')}",
    )
    instance.start_signer()


def find_faketime() -> str | None:
    """Return Debian's libfaketime, None where it is not installed (`apt-get install faketime`)."""
    return next((each for each in FAKETIME if Path(each).exists()), None)


async def set_the_clock_back(instance: Instance) -> None:
    """Act in a process whose clock stands three days ago; this machine's own clock is left alone."""
    library = find_faketime()
    if library is None:
        raise FileNotFoundError(FAKETIME[0])
    environment = {
        **os.environ,
        "LD_PRELOAD": library,
        "FAKETIME": "-3d",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DATABASE_URL": instance.settings.database_url,
        "VALKEY_URL": instance.settings.valkey_url,
        "ANKAO_DATA_DIR": str(instance.settings.data_dir),
    }
    command = [sys.executable, "-m", "exam.cli.matrix.late", str(instance.history.credentials[0])]
    await asyncio.to_thread(subprocess.run, command, env=environment, check=True, timeout=60)


async def edit_the_file_on_disk(instance: Instance) -> None:
    """Stop the server, change bytes of a table's file, let the page checksums be made anew, start it again."""
    await instance.stop_signer()
    await instance.runtime.close()
    laboratory, url = instance.laboratory, instance.settings.database_url
    with psycopg.connect(url) as connection:
        connection.execute("checkpoint")
        row = connection.execute("select pg_relation_filepath('certs_credential'), holder_masked from certs_credential")
        path, name = row.fetchone() or ("", "")
    laboratory.postgres.stop()
    heap = laboratory.postgres.data / path
    surname = str(name)[0]
    other = "赵" if surname != "赵" else "钱"
    heap.write_bytes(heap.read_bytes().replace(str(name).encode(), (other + str(name)[1:]).encode()))
    laboratory.postgres.remake_checksums()
    laboratory.postgres.start()
    instance.start_signer()


ATTACKS = (
    Attack(1, "以应用账号修改成绩", "", as_application),
    Attack(2, "以超级用户修改成绩", "", as_superuser),
    Attack(3, "绕过触发器修改成绩", "result_changed", past_the_triggers),
    Attack(4, "修改后重算全部哈希", "root_differs", rewrite_everything),
    Attack(5, "删除末尾 100 条记录", "log_behind", delete_the_tail),
    Attack(6, "关闭触发器、修改、再打开", "result_changed", switch_triggers_off),
    Attack(7, "插入倒签日期的证书", "credential_not_logged", insert_an_old_certificate),
    Attack(8, "在末尾追加倒签日期的记录", "back_dated", append_a_back_dated_entry),
    Attack(9, "调换两名考生的作答", "answers_changed", swap_answers),
    Attack(10, "考后更换答案并改分", "forms_changed", change_the_key),
    Attack(11, "恢复旧备份", "log_behind", put_yesterday_back),
    Attack(12, "向审计员出示另一棵树", "root_differs", fork_for_the_auditor),
    Attack(14, "停止签名进程后继续业务", "entries_wait", stop_the_sequencer),
    Attack(15, "重放旧检查点", "head_stale", replay_a_stale_head),
    Attack(16, "入日志之前删除记录", "credential_status_differs", drop_an_entry_before_it_is_ordered),
    Attack(17, "盗用日志密钥签署分叉", "not_yet_witnessed", sign_with_the_stolen_key),
    Attack(18, "时钟倒拨三天", "back_dated", set_the_clock_back),
    # last: it stops the server that all the copies share
    Attack(13, "直接修改磁盘上的数据文件", "credential_changed", edit_the_file_on_disk),
)
