"""`ankao demo`: the demo province, with a history that simulated candidates have made."""

import asyncio
from pathlib import Path

import rich_click as click

from exam.cli.context import command_runtime, connected_settings, read_services
from exam.cli.demonstration.history import make_history
from exam.cli.demonstration.province import build_province
from exam.cli.simulation.staff import NoDemoError
from exam.core.config import Profile


@click.command()
@click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory of `ankao up` [var].")
@click.option("--history/--no-history", default=True, help="Also let simulated candidates sit exams.")
def command(data_dir: Path | None, *, history: bool) -> None:
    """Build what the demo province lacks; safe to run again."""
    settings = connected_settings(data_dir)
    if settings.profile is not Profile.DEMO:
        raise NoDemoError

    async def build() -> None:
        async with command_runtime(data_dir) as runtime:
            await build_province(runtime)

    asyncio.run(build())
    if history:
        asyncio.run(make_history(settings, read_services(settings.data_dir)))
