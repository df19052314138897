"""The queue after a worker has died: its jobs come back, unless they have outlived their attempts."""

import asyncio

import psycopg
import pytest
from procrastinate.periodic import PeriodicDeferrer

from exam.app import all_jobs
from exam.core.config import Settings
from exam.core.db.roles import Role, role_url
from exam.core.db.scope import Scope
from exam.core.jobs import Job, build_app, defer, retry_orphans
from exam.core.runtime import Runtime
from exam.worker import run_worker

DONE: list[str] = []
ATTEMPTS = 3


async def _do(_runtime: Runtime, *, thing: str) -> None:
    DONE.append(thing)


def _orphan(settings: Settings, *, attempts: int, silent_s: int) -> None:
    """Let a worker have taken the first job and then been silent for so long."""
    with psycopg.connect(settings.database_url, options="-csearch_path=public,jobs") as connection:
        connection.execute(
            "with worker as (insert into procrastinate_workers (last_heartbeat)"
            " values (now() - make_interval(secs => %s)) returning id)"
            " update procrastinate_jobs set status = 'doing', attempts = %s, worker_id = (select id from worker)"
            " where id = (select min(id) from procrastinate_jobs)",
            [silent_s, attempts],
        )


@pytest.mark.parametrize(
    ("attempts", "silent_s", "done", "left"),
    [
        (0, 60, ["first", "second"], []),
        (0, 5, [], ["doing", "todo"]),
        (ATTEMPTS - 1, 60, ["second"], ["failed"]),
    ],
    ids=["its worker is dead", "its worker lives", "it may be what kills the workers"],
)
async def test_a_job_whose_worker_died_no_longer_holds_its_lock(
    runtime: Runtime, settings: Settings, attempts: int, silent_s: int, done: list[str], left: list[str]
) -> None:
    DONE.clear()
    async with runtime.databases.transaction(Scope()) as session:
        for thing in ("first", "second"):
            await defer(session, "test.do", lock="one", thing=thing)
    _orphan(settings, attempts=attempts, silent_s=silent_s)
    url = role_url(settings.database_url, runtime.secrets.roles, Role.APP).set(drivername="postgresql")
    app = build_app(runtime, [Job("test.do", _do, attempts=ATTEMPTS)], url.render_as_string(hide_password=False))
    async with app.open_async():
        await retry_orphans(app)
        for _ in range(2):
            await app.run_worker_async(wait=False, delete_jobs="successful", install_signal_handlers=False)
    assert done == DONE
    with psycopg.connect(settings.database_url) as connection:
        query = "select status::text from jobs.procrastinate_jobs where task_name = 'test.do' order by id"
        assert [row[0] for row in connection.execute(query)] == left


async def test_a_worker_that_runs_until_nothing_is_left_has_done_what_the_clock_made_due(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_late(_self: PeriodicDeferrer) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(PeriodicDeferrer, "worker", too_late)
    await run_worker(settings, until_empty=True)
    with psycopg.connect(settings.database_url, options="-csearch_path=public,jobs") as connection:
        deferred = {row[0] for row in connection.execute("select task_name from procrastinate_periodic_defers")}
        left = list(connection.execute("select task_name from procrastinate_jobs where status <> 'succeeded'"))
    assert {job.name for job in all_jobs() if job.cron in {"* * * * *", "*/5 * * * *"}} <= deferred
    assert left == []
