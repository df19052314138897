"""Background jobs on procrastinate: deferred in the caller's transaction, run by the worker."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import procrastinate
import psycopg
import structlog
from procrastinate.jobs import Status
from procrastinate.periodic import PeriodicDeferrer
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.db.liveness import is_lost

if TYPE_CHECKING:
    from exam.core.runtime import Runtime

# deferring needs no pool of its own: every job is inserted over the connection of the transaction that asks for it
_DEFERRER = procrastinate.App(connector=procrastinate.PsycopgConnector())

RETRY_ORPHANS = "core.retry_orphans"
DEAD_AFTER_S = 30
"""A worker that has not beaten for so long is dead: a living one does every ten seconds."""

JobHandler = Callable[..., Awaitable[None]]


class Job(msgspec.Struct, frozen=True):
    """One kind of background work: a stable dotted name, its handler, and a cron line where it runs by the clock.

    The handler is called as `handler(runtime, **args)` and owns its transactions; it must be safe to run twice.
    """

    name: str
    handler: JobHandler
    cron: str = ""
    attempts: int = 8


class Asked(msgspec.Struct, frozen=True):
    """One job to enqueue; those of one `lock` run one after the other."""

    name: str
    args: dict[str, Any]
    lock: str | None = None
    at: datetime | None = None


async def defer(
    session: AsyncSession,
    name: str,
    *,
    lock: str | None = None,
    at: datetime | None = None,
    **args: Any,
) -> None:
    """Enqueue a job that exists if and only if the caller's transaction commits."""
    await defer_all(session, [Asked(name, args, lock, at)])


async def defer_all(session: AsyncSession, asked: Sequence[Asked]) -> None:
    """Enqueue jobs, as `defer` does, in one statement."""
    if not asked:
        return
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    jobs = [
        _DEFERRER.configure_task(each.name, allow_unknown=True, lock=each.lock, schedule_at=each.at).make_new_job(
            **each.args
        )
        for each in asked
    ]
    await _DEFERRER.job_manager.batch_defer_jobs_async(jobs, connection=raw.driver_connection)


def _bound(runtime: "Runtime", job: Job) -> Callable[..., Awaitable[None]]:
    async def run(**args: Any) -> None:
        args.pop("timestamp", None)
        await job.handler(runtime, **args)

    return run


async def _without_transactions(connection: psycopg.AsyncConnection[Any]) -> None:
    """Each of the queue's statements is one call of a function and needs no transaction around it."""
    await connection.set_autocommit(True)


async def _refuse_lost(connection: psycopg.AsyncConnection[Any]) -> None:
    if is_lost(connection):
        await connection.close()  # else the pool would take it back as sound
        raise psycopg.OperationalError


def _pool(**options: Any) -> AsyncConnectionPool[Any]:
    """Return the queue's pool; its connections are checked without the statement that procrastinate would send."""
    return AsyncConnectionPool(**{**options, "check": _refuse_lost})


def build_app(runtime: "Runtime", jobs: list[Job], conninfo: str) -> procrastinate.App:
    """Return the procrastinate application that the worker runs, every job bound to `runtime`."""
    connector = procrastinate.PsycopgConnector(
        pool_factory=_pool,
        conninfo=conninfo,
        configure=_without_transactions,
        kwargs={"options": "-csearch_path=public,jobs"},
        min_size=1,
        max_size=6,
    )
    app = procrastinate.App(connector=connector)
    for job in jobs:
        retry = procrastinate.RetryStrategy(max_attempts=job.attempts, exponential_wait=2)
        task = app.task(name=job.name, retry=retry)(_bound(runtime, job))
        if job.cron:
            app.periodic(cron=job.cron, periodic_id=job.name)(task)
    _retry_orphans_each_minute(app)
    return app


def _retry_orphans_each_minute(app: procrastinate.App) -> None:
    async def run(timestamp: int) -> None:  # noqa: ARG001  # the queue says which minute it is
        await retry_orphans(app)

    app.periodic(cron="* * * * *", periodic_id=RETRY_ORPHANS)(app.task(name=RETRY_ORPHANS)(run))


async def defer_periodic(app: procrastinate.App, at: datetime) -> None:
    """Enqueue what the clock has made due, as the worker does by and by; a second call finds it enqueued."""
    deferrer = PeriodicDeferrer(app.periodic_registry)
    await deferrer.defer_jobs(deferrer.get_previous_tasks(at=at.timestamp()))


async def retry_orphans(app: procrastinate.App) -> None:
    """Give the jobs of dead workers back to the queue, where they would hold their locks for ever.

    A job that has outlived its attempts has failed: it may be what kills the workers.
    """
    jobs = app.job_manager
    for orphan in await jobs.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_S):
        task = app.tasks.get(orphan.task_name)
        strategy = task.retry_strategy if task else None
        limit = strategy.max_attempts if isinstance(strategy, procrastinate.RetryStrategy) else None
        structlog.get_logger().warning("job_orphaned", job=orphan.task_name, attempts=orphan.attempts)
        if limit is not None and orphan.attempts + 1 >= limit:
            await jobs.finish_job(orphan, status=Status.FAILED, delete_job=False)
        else:
            await jobs.retry_job(orphan)
