"""`ankao up` is started again and again over one data directory, and whatever became of it before never blocks it."""

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from tests.flows.installation import Installation
from tests.services import running_services

pytestmark = pytest.mark.slow


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Return a directory that does not exist yet, under a path short enough for the sockets in it."""
    with tempfile.TemporaryDirectory(prefix="ankao-up-") as folder:
        yield Path(folder) / "var"


async def _mark(installation: Installation) -> None:
    async with (
        installation.runtime() as runtime,
        runtime.databases.transaction(NOTHING, Role.OWNER) as session,
    ):
        await session.execute(text("create table mark as select 42 as value"))


async def _marked(installation: Installation) -> int:
    async with (
        installation.runtime() as runtime,
        runtime.databases.transaction(NOTHING, Role.OWNER) as session,
    ):
        return int(await session.scalar(text("select value from mark")) or 0)


async def test_a_killed_supervisor_blocks_no_further_start(data_dir: Path) -> None:
    first = Installation(data_dir)
    first.wait_until_ready()
    await _mark(first)
    refused = first.ankao("up", "--port", str(first.port))
    assert (refused.returncode, "[already_running]" in refused.stderr) == (1, True)
    os.kill(first.process.pid, signal.SIGKILL)
    second = Installation(data_dir, port=first.port)
    second.wait_until_ready()
    assert await _marked(second) == 42
    assert second.interrupt() == 0
    assert second.left_over() == []
    first.process.wait()


def test_servers_that_the_environment_names_are_used_and_left_running(data_dir: Path) -> None:
    with running_services() as servers, servers.database() as settings:
        names = {"DATABASE_URL": settings.database_url, "VALKEY_URL": settings.valkey_url}
        data_dir.mkdir(mode=0o700)
        (data_dir / "secrets.json").write_bytes((settings.data_dir / "secrets.json").read_bytes())
        installation = Installation(data_dir, names)
        installation.wait_until_ready()
        assert not {"postgres", "valkey"} & {path.name for path in data_dir.iterdir()}
        assert installation.interrupt() == 0
        assert installation.left_over() == []
        with servers.database():
            pass  # the cluster still serves


def test_a_foreign_program_on_the_port_is_named_before_anything_starts(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        port = foreign.getsockname()[1]
        refused = Installation(data_dir, port=port)
        assert refused.process.wait(60) == 1
    assert f"127.0.0.1:{port} 已被其他程序占用" in refused.console()
    assert not (data_dir / "postgres").exists()


def test_a_data_directory_that_cannot_be_written_is_named(data_dir: Path) -> None:
    data_dir.write_text("a file")
    refused = Installation(data_dir)
    assert refused.process.wait(60) == 1
    assert f"数据目录 {data_dir} 无法写入" in refused.console()
