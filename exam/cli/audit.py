"""`ankao audit`: what can be proven afterwards."""

import rich_click as click

from exam.cli.draw import draw


@click.group()
def command() -> None:
    """Prove from the records that nothing was changed unnoticed."""


command.add_command(draw)
