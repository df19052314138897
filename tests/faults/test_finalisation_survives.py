"""An attempt whose finalising process dies at any statement is finalised and scored exactly once (TRUST.md A10)."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest
from sqlalchemy import select

from exam.app import compose_runtime
from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.delivery.attempts import list_revisions, revision_of
from exam.delivery.models import Attempt
from exam.delivery.receipt import hand_in_digest
from tests.builders.grading import Examined
from tests.faults.finalisation_kills import Killed
from tests.faults.stage import time_is_over

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT_S = 600
"""It only ends what hangs: hundreds of processes die here one after the other, on machines that do other work."""
RIGHT = (9, 7, 5)
EARNED = (10_00, 7_00, 5_00)
"""What these answers come to where nobody dies, in marks of the small form; a result has ten times as many."""

_ONCE = (
    "select attempt_id::text, marks, version from grading_score",
    "select attempt_id::text, marks, version from grading_result",
    "select subject from core_audit_entry where act = 'attempt.finalised'",
    "select subject from core_audit_entry where act = 'attempt.scored'",
    "select task_name from jobs.procrastinate_jobs",
)


def kill(settings: Settings, attempt: UUID) -> list[Killed]:
    environment = {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "VALKEY_URL": settings.valkey_url,
        "ANKAO_DATA_DIR": str(settings.data_dir),
        "ANKAO_PROFILE": "test",
        "OPENBLAS_NUM_THREADS": "1",  # it forks: a thread of a library would be missing in the child
    }
    command = [sys.executable, "-m", "tests.faults.finalisation_kills", str(attempt)]
    result = subprocess.run(
        command, env=environment, cwd=ROOT, check=False, capture_output=True, text=True, timeout=LIMIT_S
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return [msgspec.json.decode(line, type=Killed) for line in result.stdout.splitlines()]


async def digests(settings: Settings, exam: Examined) -> list[tuple[bytes | None, bytes]]:
    """Return of each attempt the digest that it got and the one that its revisions come to."""
    runtime = compose_runtime(settings)
    found = []
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        for attempt in exam.attempts:
            stored = await session.scalar(select(Attempt.response_digest).where(Attempt.id == attempt))
            revisions = [revision_of(row) for row in await list_revisions(session, attempt)]
            found.append((stored, hand_in_digest(attempt, revisions)))
    await runtime.close()
    return found


@pytest.mark.slow
def test_death_at_every_statement_leaves_each_attempt_finalised_and_scored_once(settings: Settings) -> None:
    exam = asyncio.run(time_is_over(settings, right=RIGHT))
    steps = kill(settings, exam.attempts[0])
    assert [(each.step, each.torn) for each in steps] == [("hand_in", []), ("overdue", []), ("work", [])]
    assert min(each.kills for each in steps) > 12
    for stored, due in asyncio.run(digests(settings, exam)):
        assert stored == due
    known = [str(attempt) for attempt in exam.attempts]
    with psycopg.connect(settings.database_url) as connection:
        found = [sorted(connection.execute(query).fetchall()) for query in _ONCE]
    assert found[:2] == [
        sorted((attempt, marks * scale, 1) for attempt, marks in zip(known, EARNED, strict=True)) for scale in (1, 10)
    ]
    assert found[2:] == [sorted((attempt,) for attempt in known)] * 2 + [[]]
