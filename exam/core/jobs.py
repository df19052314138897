"""Background jobs on procrastinate: deferred in the caller's transaction, run by the worker."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import procrastinate
from sqlalchemy.ext.asyncio import AsyncSession

if TYPE_CHECKING:
    from exam.core.runtime import Runtime

# deferring needs no pool of its own: every job is inserted over the connection of the transaction that asks for it
_DEFERRER = procrastinate.App(connector=procrastinate.PsycopgConnector())

JobHandler = Callable[..., Awaitable[None]]


class Job(msgspec.Struct, frozen=True):
    """One kind of background work: a stable dotted name, its handler, and a cron line where it runs by the clock.

    The handler is called as `handler(runtime, **args)` and owns its transactions; it must be safe to run twice.
    """

    name: str
    handler: JobHandler
    cron: str = ""
    attempts: int = 8


async def defer(
    session: AsyncSession,
    name: str,
    *,
    lock: str | None = None,
    at: datetime | None = None,
    **args: Any,
) -> None:
    """Enqueue a job that exists if and only if the caller's transaction commits."""
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    deferrer = _DEFERRER.configure_task(
        name,
        allow_unknown=True,
        lock=lock,
        schedule_at=at,
        connection=raw.driver_connection,
    )
    await deferrer.defer_async(**args)


def _bound(runtime: "Runtime", job: Job) -> Callable[..., Awaitable[None]]:
    async def run(**args: Any) -> None:
        args.pop("timestamp", None)
        await job.handler(runtime, **args)

    return run


def build_app(runtime: "Runtime", jobs: list[Job], conninfo: str) -> procrastinate.App:
    """Return the procrastinate application that the worker runs, every job bound to `runtime`."""
    connector = procrastinate.PsycopgConnector(
        conninfo=conninfo,
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
    return app
