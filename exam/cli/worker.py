"""`ankao worker`: events, documents and scheduled work."""

import asyncio

import rich_click as click
import uvloop

from exam.core.config import load_settings
from exam.core.log import configure_logging
from exam.worker import run_worker


@click.command()
@click.option("--until-empty", is_flag=True, help="Stop when no job is left.")
def command(*, until_empty: bool) -> None:
    """Run background jobs."""
    configure_logging()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_worker(load_settings(), until_empty=until_empty))
