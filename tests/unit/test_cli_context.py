"""What the supervisor notes for the commands beside it."""

from pathlib import Path

from exam.cli.context import FILE_NAME, note_services, read_services
from exam.core.config import Settings


def test_a_reader_finds_the_old_note_or_the_new_one_whole(tmp_path: Path) -> None:
    assert read_services(tmp_path) == {}
    note_services(Settings(data_dir=tmp_path, base_url="http://127.0.0.1:1"))
    with (tmp_path / FILE_NAME).open(encoding="utf-8") as reader:
        note_services(Settings(data_dir=tmp_path, base_url="http://127.0.0.1:2"))
        assert "http://127.0.0.1:1" in reader.read()
    assert read_services(tmp_path)["base_url"] == "http://127.0.0.1:2"
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
