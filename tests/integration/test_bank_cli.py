"""`ankao bank`: one JSON object, honest exit codes, files in and out."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from exam.cli.bank import command
from exam.core.config import Settings
from questionbank.formats.writer import FORMATS

CODE = "special.1.2"
GOOD = "题目,选项A,选项B,答案\n验电前应先做什么,试验验电器,直接验电,A\n挂接地线前应先做什么,验电,拆线,A\n没有答案的题,甲,乙,\n"


@pytest.fixture
def running(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name the test's services as the environment of a command would."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("VALKEY_URL", settings.valkey_url)
    monkeypatch.setenv("ANKAO_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("ANKAO_PROFILE", "test")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "题库.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments])


@pytest.mark.usefixtures("running")
def test_import_prints_one_json_object(file: Path) -> None:
    done = call("import", file, "--qualification", CODE, "--json")
    report = msgspec.json.decode(done.stdout)
    assert done.exit_code == 0
    assert (report["accepted"], report["duplicate"], report["refused"], report["written"]) == (2, 0, 1, True)
    assert report["unsupported"] == {}
    assert [(row["number"], row["verdict"], row["code"]) for row in report["rows"]] == [
        (2, "accepted", ""),
        (3, "accepted", ""),
        (4, "refused", "key_missing"),
    ]
    assert report["rows"][2]["message"] == "没有答案。"


@pytest.mark.usefixtures("running")
def test_a_dry_run_writes_nothing(file: Path) -> None:
    dry = [call("import", file, "--qualification", CODE, "--dry-run", "--json") for _ in range(2)]
    reports = [msgspec.json.decode(each.stdout) for each in dry]
    assert [(each["accepted"], each["written"]) for each in reports] == [(2, False)] * 2


@pytest.mark.usefixtures("running")
def test_a_refused_file_ends_with_one_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "题.json"
    path.write_text('[{"title": "半', encoding="utf-8")
    done = call("import", path, "--qualification", CODE, "--json")
    told = msgspec.json.decode(done.stdout)
    assert done.exit_code == 1
    assert (told["code"], told["accepted"], told["written"]) == ("json_malformed", 0, False)
    assert "语法错误" in told["message"]


@pytest.mark.usefixtures("running")
def test_an_unknown_qualification_ends_with_one(file: Path) -> None:
    done = call("import", file, "--qualification", "special.99.99")
    assert done.exit_code == 1
    assert "qualification_unknown" in done.stderr


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("fmt", ["xlsx", "qti3", "moodle"])
def test_an_export_is_a_file_that_comes_back_as_duplicates(file: Path, tmp_path: Path, fmt: str) -> None:
    call("import", file, "--qualification", CODE, "--json")
    output = tmp_path / f"bank{FORMATS[fmt].suffix}"
    done = call("export", "--qualification", CODE, "--format", fmt, "-o", output, "--json")
    again = msgspec.json.decode(call("import", output, "--qualification", CODE, "--json").stdout)
    assert msgspec.json.decode(done.stdout)["items"] == 2
    assert (again["accepted"], again["duplicate"]) == (0, 2)


@pytest.mark.usefixtures("running")
def test_words_for_people_name_the_refused_rows(file: Path) -> None:
    done = call("import", file, "--qualification", CODE, "--dry-run")
    assert "接受 2" in done.stdout
    assert "第 4 行  没有答案。" in done.stdout
