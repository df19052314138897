"""A signer killed at any moment never signs two heads that contradict each other, and loses no entry."""

import asyncio
import os
import sys
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from exam.app import compose_runtime
from exam.core.audit.checkpoint import Checkpoint, parse_checkpoint
from exam.core.audit.ledger import AuditRow
from exam.core.audit.merkle import check_consistency
from exam.core.audit.models import LogCheckpoint
from exam.core.audit.note import parse_note
from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.runtime import Runtime
from tests.builders.log import Signing, note_acts, signing
from tests.services import running_services

KILLS = int(os.environ.get("ANKAO_KILLS", "12"))
"""200 and more by the environment."""
SEED = int(os.environ.get("ANKAO_SEED", "20261127"))
ROOT = Path(__file__).resolve().parent.parent.parent


async def killed(settings: Settings, runtime: Runtime) -> set[Checkpoint]:
    """Let signers be killed while entries go on being written; return every head they signed or published."""
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "VALKEY_URL": settings.valkey_url,
        "ANKAO_DATA_DIR": str(settings.data_dir),
        "ANKAO_PROFILE": "test",
        "ANKAO_CHECKPOINT_INTERVAL_S": "0.01",
        "OPENBLAS_NUM_THREADS": "1",  # it forks: a thread of a library would be missing in the child
    }
    command = [sys.executable, "-m", "tests.faults.signer_kills", str(KILLS), str(SEED)]
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    working = asyncio.create_task(process.communicate())
    while not working.done():
        await note_acts(runtime, 3)
    told, complained = await working
    assert process.returncode == 0, complained.decode()[-4000:]
    lines = told.splitlines()
    return {parse_checkpoint(parse_note(msgspec.json.decode(line, type=str).encode()).text) for line in lines}


async def consistent_pairs(log: Signing, heads: set[Checkpoint]) -> int:
    """Check each pair of heads; raises ProofError for one that contradicts another."""
    pairs = list(combinations(sorted(heads, key=lambda each: each.size), 2))
    for old, new in pairs:
        path = await log.publication.consistency(old.size, new.size)
        check_consistency(old.size, old.root, new.size, new.root, path)
    return len(pairs)


@pytest.mark.slow
async def test_every_pair_of_heads_is_consistent_after_kills() -> None:
    print(f"seed {SEED}, kills {KILLS}")  # noqa: T201  # a failure must be repeatable
    with running_services(lossy=False) as services, services.database() as settings:
        runtime = compose_runtime(settings)
        heads = await killed(settings, runtime)
        async with signing(runtime) as log:
            last = (await log.turn()).checkpoint
            async with runtime.databases.session(NOTHING, Role.LEDGER) as session:
                rows = await session.execute(select(LogCheckpoint.size, LogCheckpoint.root))
                heads |= {Checkpoint(last.origin, size, root) for size, root in rows}
                entries = (await session.execute(select(func.count()).select_from(AuditRow))).scalar_one()
            assert last.size == entries
            assert len({head.size for head in heads}) == len(heads)
            assert await consistent_pairs(log, heads) > KILLS
        await runtime.close()
