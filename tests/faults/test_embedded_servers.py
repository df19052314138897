"""The embedded PostgreSQL starts wherever it may, and says why where it may not."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from exam.core.embedded import process
from exam.core.embedded.postgres import FAST_AND_LOSSY, NOBODY_NAME, EmbeddedPostgres, PostgresStartError


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a directory for a cluster, in one that only its owner may enter."""
    with tempfile.TemporaryDirectory(prefix="ankao-pg-") as private:
        yield Path(private) / "pg"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_user_namespaces_runs_it_as_nobody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_unshare", tuple)
    postgres = EmbeddedPostgres(folder, options=FAST_AND_LOSSY)
    try:
        postgres.start()
        with psycopg.connect(postgres.url()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert postgres.process is not None
        assert Path(f"/proc/{postgres.process.pid}").owner() == NOBODY_NAME
        assert Path(f"/proc/{postgres.process.pid}").group() != "root"
    finally:
        postgres.stop()


def test_a_cluster_that_cannot_be_made_names_its_log(folder: Path) -> None:
    broken = EmbeddedPostgres(folder, binaries=Path("/nonexistent"))
    with pytest.raises(PostgresStartError) as refused:
        broken.initialise()
    assert "nonexistent" in Path(str(refused.value.fields["log"])).read_text(encoding="utf-8")
