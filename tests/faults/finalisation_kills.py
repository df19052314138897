"""Processes that end attempts and die before each statement in turn, COMMIT included; a process of its own, for it forks."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from exam.app import compose_runtime
from exam.core.config import Settings, load_settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.log import configure_logging
from exam.delivery.attempts import submit_attempt
from exam.delivery.checkin import get_attempt_row
from exam.delivery.jobs import finalise_overdue
from exam.delivery.lease import Lease
from exam.worker import run_worker

FINISHED = 0
SOON = timedelta(minutes=1)
MOST = 400
"""More statements than any of these steps has: a step that never ends is a failure, not a long test."""

_TORN = """
select a.id::text from delivery_attempt a where
  (a.finalised_at is not null)::int <>
    (select count(*) from core_audit_entry e where e.act = 'attempt.finalised' and e.subject = a.id::text)
  or (a.finalised_at is not null)::int <>
    (select count(*) from core_event v where v.name = 'AttemptSubmitted' and v.aggregate = a.id::text)
  or (a.state in ('scored', 'released'))::int <> (select count(*) from grading_score s where s.attempt_id = a.id)
  or (a.state in ('scored', 'released'))::int <> (select count(*) from grading_result r where r.attempt_id = a.id)
"""
_SILENCE = "update jobs.procrastinate_workers set last_heartbeat = last_heartbeat - interval '5 minutes'"
_FORGIVEN = "update jobs.procrastinate_jobs set attempts = 0 where attempts > 1"
"""Each death stands for itself: a job that outlived its attempts would be given up, and rightly."""


class Killed(msgspec.Struct, frozen=True, kw_only=True):
    """One step: how many processes died in it, and what any of them left half done."""

    step: str
    kills: int
    torn: list[str]


async def hand_in(settings: Settings, attempt: UUID) -> None:
    """Hand in as the candidate does, whose terminal asks again after every death."""
    runtime = compose_runtime(settings)
    async with runtime.databases.transaction(NOTHING, Role.ANSWER) as session:
        row = await get_attempt_row(session, attempt)
        await submit_attempt(session, runtime, Lease(attempt, 1, "test-terminal"), row.starts_at + SOON)


async def overdue(settings: Settings, _attempt: UUID) -> None:
    """Do what the worker does each minute."""
    await finalise_overdue(compose_runtime(settings))


async def work(settings: Settings, _attempt: UUID) -> None:
    """Score, and all else that follows from the events, with the queue's own statements."""
    await run_worker(settings, until_empty=True)


Step = Callable[[Settings, UUID], Coroutine[Any, Any, None]]
STEPS: dict[str, Step] = {"hand_in": hand_in, "overdue": overdue, "work": work}


def main(attempt: UUID) -> None:
    """Take each step again and again, every time dying one statement later, until it comes to its end."""
    configure_logging(level=50)
    settings = load_settings()
    for name, step in STEPS.items():
        kills, torn = 0, list[str]()
        while _dies(settings, step, attempt, before=1 + kills):
            kills += 1
            torn += _left(settings)
            if kills > MOST:
                message = f"{name} does not come to its end"
                raise TimeoutError(message)
        sys.stdout.buffer.write(msgspec.json.encode(Killed(step=name, kills=kills, torn=torn)) + b"\n")
        sys.stdout.flush()


def _dies(settings: Settings, step: Step, attempt: UUID, *, before: int) -> bool:
    child = os.fork()
    if child == 0:
        _die_before(before)
        asyncio.run(step(settings, attempt))
        os._exit(FINISHED)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status != FINISHED:
        message = f"a step failed by itself: {status}"
        raise RuntimeError(message)
    return False


def _die_before(number: int) -> None:
    """Let this process die before its connections send their so-manieth statement."""
    send, sent = psycopg.AsyncConnection.wait, 0

    async def wait(self: psycopg.AsyncConnection[Any], *args: Any, **options: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return await send(self, *args, **options)

    psycopg.AsyncConnection.wait = wait  # type: ignore[method-assign]


def forgive_the_dead(settings: Settings) -> None:
    """Let the silence of dead workers be long enough to be noticed, and their jobs begin anew."""
    with psycopg.connect(settings.database_url, options="-csearch_path=public,jobs") as connection:
        connection.execute(_SILENCE)
        connection.execute(_FORGIVEN)


def _left(settings: Settings) -> list[str]:
    """Return the attempts that are half done, and have the dead worker noticed."""
    forgive_the_dead(settings)
    with psycopg.connect(settings.database_url) as connection:
        return [str(row[0]) for row in connection.execute(_TORN)]


if __name__ == "__main__":
    main(UUID(sys.argv[1]))
