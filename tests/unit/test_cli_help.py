"""`ankao --help` names every command, and each command says by which name it was called."""

import pytest
from click.testing import CliRunner

from exam.cli.main import COMMANDS, cli


def test_help_lists_every_command_by_its_name() -> None:
    told = CliRunner().invoke(cli, ["--help"])
    assert told.exit_code == 0
    listed = {line.strip("│ ").split()[0] for line in told.output.splitlines() if line.startswith("│ ")}
    assert set(COMMANDS) <= listed


@pytest.mark.parametrize("name", ["up", "bank", "verify"])
def test_the_usage_line_names_the_command(name: str) -> None:
    told = CliRunner().invoke(cli, [name, "--help"])
    assert told.exit_code == 0
    assert f"cli {name} [" in told.output
