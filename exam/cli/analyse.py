"""`ankao analyse`: looks at the candidates' pictures and writes down what a proctor should look at."""

import asyncio
import os
import signal
from contextlib import suppress

import rich_click as click
import uvloop

from exam.app import compose_runtime, run_analysis
from exam.core.config import load_settings
from exam.core.log import configure_logging

NICENESS = 5
"""Looking at pictures can wait; answers and packets cannot."""


@click.command()
def command() -> None:
    """Observe the video of running exams; start as many as there are processors to spare."""
    configure_logging()
    os.nice(NICENESS)
    settings = load_settings()

    async def analyse() -> None:
        runtime = compose_runtime(settings)
        task = asyncio.ensure_future(run_analysis(runtime))
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, task.cancel)
        try:
            with suppress(asyncio.CancelledError):
                await task
        finally:
            await runtime.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(analyse())
