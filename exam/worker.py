"""The background process: the same composition as the web, without pages."""

from procrastinate import App

from exam.app import all_jobs, compose_runtime
from exam.core.clock import Clock
from exam.core.config import Settings
from exam.core.db.roles import Role, role_url
from exam.core.jobs import build_app, defer_periodic, retry_orphans

CONCURRENCY = 4


async def run_worker(settings: Settings, *, until_empty: bool = False) -> None:
    """Run jobs until told to stop, or until none is left that is due."""
    runtime = compose_runtime(settings)
    url = role_url(settings.database_url, runtime.secrets.roles, Role.APP).set(drivername="postgresql")
    app = build_app(runtime, all_jobs(), url.render_as_string(hide_password=False))
    try:
        async with app.open_async():
            await retry_orphans(app)
            if until_empty:
                # a worker that finds nothing ends, though it has not yet looked at the clock
                await defer_periodic(app, runtime.clock.now())
            left, before = await _run(app, runtime.clock, until_empty=until_empty), None
            # the queue sees nothing to fetch while a job waits for the lock of one that is just running
            while until_empty and left and left != before:
                left, before = await _run(app, runtime.clock, until_empty=True), left
    finally:
        await runtime.close()


async def _run(app: App, clock: Clock, *, until_empty: bool) -> set[int | None]:
    """Run jobs; return those that are due and were left."""
    await app.run_worker_async(
        concurrency=CONCURRENCY,
        wait=not until_empty,
        fetch_job_polling_interval=2,
        delete_jobs="successful",
        install_signal_handlers=not until_empty,
    )
    todo = await app.job_manager.list_jobs_async(status="todo") if until_empty else ()
    return {job.id for job in todo if job.scheduled_at is None or job.scheduled_at <= clock.now()}
