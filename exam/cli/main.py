"""The `ankao` command: one file per group, each imported only when it is called."""

import gc
from importlib import import_module

import rich_click as click

from exam.core.errors import DomainError
from exam.web.i18n import fill

COMMANDS = {
    "up": "exam.cli.up",
    "web": "exam.cli.web",
    "worker": "exam.cli.worker",
    "media": "exam.cli.media",
    "analyse": "exam.cli.analyse",
    "signer": "exam.cli.signer",
    "witness": "exam.cli.witness",
    "migrate": "exam.cli.migrate",
    "init": "exam.cli.init",
    "settings": "exam.cli.settings",
    "audit": "exam.cli.audit",
    "keys": "exam.cli.keys",
    "bank": "exam.cli.bank",
    "judge": "exam.cli.judge",
    "simulate": "exam.cli.simulate",
    "bench": "exam.cli.bench.command",
    "demo": "exam.cli.demo",
    "live": "exam.cli.live",
    "verify": "exam.cli.verify",
    "training": "exam.cli.training",
    "exchange": "exam.cli.exchange",
}


class LazyGroup(click.RichGroup):
    """A group that imports a command's module when the command is named, so that `ankao --help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # the signature is click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        # hundreds of thousands of objects come, none of them garbage: looking for some takes a sixth of the time
        gc.disable()
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        gc.freeze()
        gc.enable()
        command.name = cmd_name  # the help lists a command by its own name, which click takes from the function
        return command


@click.command(cls=LazyGroup)
def cli() -> None:
    """Ankao 安考: training and examination server for work safety."""


def main() -> None:
    """Run the command; a domain error is a sentence and its code, not a traceback."""
    try:
        cli()
    except DomainError as error:
        click.echo(f"{fill(error.message, error.fields)} [{error.code}]", err=True)
        raise SystemExit(1) from error
