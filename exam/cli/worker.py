"""`ankao worker`: events, documents and scheduled work."""

import asyncio

import rich_click as click

from exam.core.config import load_settings
from exam.core.log import configure_logging
from exam.worker import run_worker


@click.command()
@click.option("--until-empty", is_flag=True, help="Stop when no job is left.")
def command(*, until_empty: bool) -> None:
    """Run background jobs."""
    configure_logging()
    asyncio.run(run_worker(load_settings(), until_empty=until_empty))
