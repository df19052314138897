"""`ankao audit`: what can be proven afterwards."""

import rich_click as click

from exam.cli.draw import draw
from exam.cli.matrix.command import matrix
from exam.cli.monitor import monitor, verify
from exam.cli.scores import scores


@click.group()
def command() -> None:
    """Prove from the records that nothing was changed unnoticed."""


command.add_command(draw)
command.add_command(scores)
command.add_command(verify)
command.add_command(monitor)
command.add_command(matrix)
