"""Settings come typed and bounded from the environment, and a wrong one is named with its bound."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from exam.cli.main import cli
from exam.cli.settings import describe_settings
from exam.core.config import Profile, Settings, SettingsError, load_settings, variable_of


def _refusal(**environ: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ)
    return str(refused.value.fields["reason"])


def test_an_empty_environment_gives_the_defaults() -> None:
    assert load_settings({}) == msgspec.structs.replace(Settings(), data_dir=Path("var").resolve())


def test_values_are_converted() -> None:
    settings = load_settings(
        {
            "ANKAO_PROFILE": "production",
            "ANKAO_PORT": "80",
            "ANKAO_DATA_DIR": "/srv/ankao",
            "DATABASE_URL": "postgresql:///ankao?host=/run/postgresql",
            "ANKAO_CHECKPOINT_INTERVAL_S": "0.5",
        },
    )
    assert (settings.profile, settings.port, settings.data_dir) == (Profile.PRODUCTION, 80, Path("/srv/ankao"))
    assert (settings.database_url[:10], settings.checkpoint_interval_s) == ("postgresql", 0.5)


def test_an_empty_variable_is_an_absent_one() -> None:
    assert load_settings({"ANKAO_PORT": ""}).port == Settings().port


@pytest.mark.parametrize(
    ("variable", "value", "bound"),
    [
        ("ANKAO_PORT", "0", "whole number from 1 to 65535"),
        ("ANKAO_PORT", "65536", "whole number from 1 to 65535"),
        ("ANKAO_PORT", "eighty", "whole number from 1 to 65535"),
        ("ANKAO_PORT", "8000.5", "whole number from 1 to 65535"),
        ("ANKAO_PROFILE", "prod", "one of demo, test, production"),
        ("ANKAO_SESSION_IDLE_MIN", "4", "whole number from 5 to 480"),
        ("ANKAO_HASH_THREADS", "1e9", "whole number from 1 to 16"),
        ("ANKAO_ANSWER_QUEUE", "15", "whole number from 16 to 100000"),
        ("ANKAO_CHECKPOINT_INTERVAL_S", "nan", "number from 0.01 to 60"),
        ("ANKAO_CHECKPOINT_INTERVAL_S", "inf", "number from 0.01 to 60"),
        ("ANKAO_SEAL_ALGORITHM", "des", "one of aes-256-gcm, sm4-gcm"),
        ("ANKAO_HOST", "two words", "host name or address"),
        ("ANKAO_BASE_URL", "exam.example", "http(s)://host[:port]"),
        ("ANKAO_ROOT_REGION", "浙江", "path of region codes"),
        ("ANKAO_LOG_ORIGIN", "a log", "text without spaces and +"),
    ],
)
def test_a_wrong_value_is_named_with_its_bound(variable: str, value: str, bound: str) -> None:
    assert _refusal(**{variable: value}) == f"{variable} is {value!r} and must be: {bound}"


@pytest.mark.parametrize("variable", ["DATABASE_URL", "VALKEY_URL"])
def test_a_wrong_address_is_named_without_its_password(variable: str) -> None:
    reason = _refusal(**{variable: "mysql://root:hunter2@db/exam"})
    assert reason.startswith(f"{variable} must be: ")
    assert "hunter2" not in reason


def test_all_faults_are_named_at_once() -> None:
    reason = _refusal(ANKAO_PORT="x", ANKAO_POOL_SIZE="0", ANKAO_MEDIA_FIRST_PORT="50000")
    assert [fault.split()[0] for fault in reason.split("; ")] == [
        "ANKAO_PORT",
        "ANKAO_POOL_SIZE",
        "ANKAO_MEDIA_LAST_PORT",
    ]


def test_every_setting_is_bounded_and_documented() -> None:
    described = describe_settings()
    assert {each.variable for each in described} == {variable_of(name) for name in Settings.__struct_fields__}
    for each in described:
        assert each.meaning.endswith("."), f"{each.variable}: write a sentence below the setting"
        assert "None" not in each.bounds, f"{each.variable}: give it both bounds"
    free = [field.name for field in msgspec.structs.fields(Settings) if field.type is str]
    assert free == [], "a text setting has a pattern and a title"


def test_the_command_prints_the_table() -> None:
    printed = CliRunner().invoke(cli, ["settings", "--json"])
    rows = msgspec.json.decode(printed.output)["settings"]
    assert [row for row in rows if row["variable"] == "ANKAO_HASH_THREADS"] == [
        {
            "variable": "ANKAO_HASH_THREADS",
            "bounds": "whole number from 1 to 16",
            "default": "2",
            "meaning": "Threads that may compute argon2id at once; log-ins must not starve answers.",
        },
    ]
    lines = CliRunner().invoke(cli, ["settings"]).output.splitlines()
    assert "ANKAO_HASH_THREADS [2]  whole number from 1 to 16" in lines
