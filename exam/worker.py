"""The background process: the same composition as the web, without pages."""

from exam.app import all_jobs, compose_runtime
from exam.core.config import Settings
from exam.core.db.roles import Role, role_url
from exam.core.jobs import build_app

CONCURRENCY = 4


async def run_worker(settings: Settings, *, until_empty: bool = False) -> None:
    """Run jobs until told to stop, or until none is left."""
    runtime = compose_runtime(settings)
    url = role_url(settings.database_url, runtime.secrets.roles, Role.APP).set(drivername="postgresql")
    app = build_app(runtime, all_jobs(), url.render_as_string(hide_password=False))
    try:
        async with app.open_async():
            await app.run_worker_async(
                concurrency=CONCURRENCY,
                wait=not until_empty,
                fetch_job_polling_interval=2,
                delete_jobs="successful",
                install_signal_handlers=not until_empty,
            )
    finally:
        await runtime.close()
