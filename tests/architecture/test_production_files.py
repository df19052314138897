"""What deploy/production.md tells people to install fits the product that they install."""

import re
from pathlib import Path

import msgspec
import pytest

from exam.cli.main import COMMANDS
from exam.core.config import Profile, Settings, load_settings, variable_of
from exam.core.secrets import NEEDS

DEPLOY = Path("deploy")
SYSTEMD = DEPLOY / "systemd"


def test_every_line_of_the_environment_is_a_known_setting_within_its_bounds() -> None:
    lines = [line for line in (SYSTEMD / "ankao.env").read_text().splitlines() if line and not line.startswith("#")]
    environ = dict(line.split("=", 1) for line in lines)
    settings = load_settings(environ)
    assert (settings.profile, settings.seal) == (Profile.PRODUCTION, "custodians")
    assert environ.keys() <= {variable_of(field.name) for field in msgspec.structs.fields(Settings)}


@pytest.mark.parametrize("unit", sorted(SYSTEMD.glob("*.service")), ids=lambda path: path.name)
def test_a_unit_starts_a_command_under_a_user_of_its_own(unit: Path) -> None:
    said = unit.read_text()
    (command,) = re.findall(r"^ExecStart=\S+/ankao (\S+)$", said, re.MULTILINE)
    names = (
        re.findall(r"ankao@(\w+)\.service", (SYSTEMD / "ankao.target").read_text()) if command == "%i" else [command]
    )
    assert set(names) <= COMMANDS.keys() & NEEDS.keys()
    assert re.search(r"^User=ankao", said, re.MULTILINE)
    assert "NoNewPrivileges=yes" in said


def test_the_guide_names_commands_and_files_that_exist() -> None:
    guide = (DEPLOY / "production.md").read_text()
    for command in re.findall(r"(?:\$ankao|`ankao) ([a-z]+)", guide):
        assert command in COMMANDS, command
    for kind in re.findall(r"keys share --for (\w+)", guide):
        assert kind in NEEDS
    for path in re.findall(r"/opt/ankao/(deploy/\S+?)[ `\n]", guide):
        assert Path(path).exists(), path
