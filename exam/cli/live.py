"""`ankao live`: a room of simulated candidates before their cameras, for a demo's wall."""

import asyncio
from pathlib import Path

import rich_click as click

from exam.cli.context import connected_settings
from exam.cli.demonstration.live_room import play_room
from exam.cli.simulation.staff import NoDemoError
from exam.core.config import Profile
from exam.core.log import configure_logging


@click.command()
@click.option("--seats", type=click.IntRange(1, 30), default=6, show_default=True)
@click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory of `ankao up` [var].")
def command(seats: int, data_dir: Path | None) -> None:
    """Hold one sitting with live video, from registration to the last hand-in."""
    configure_logging()
    settings = connected_settings(data_dir)
    if settings.profile is not Profile.DEMO:
        raise NoDemoError
    asyncio.run(play_room(settings, seats))
