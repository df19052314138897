"""A slow disk for the scratch database alone: a library that adds 2 ms to each flush of its log."""

import shutil
import subprocess
import time
from importlib.resources import files
from pathlib import Path

import psycopg

from exam.core.errors import DomainError, Kind

DELAY_S = 0.002
METHOD = "fdatasync"
"""The value of `wal_sync_method` under which PostgreSQL flushes its log through the call that the library replaces."""
PROBES = 5


class NoCompilerError(DomainError):
    """The library is shipped as source and nothing here can compile it."""

    kind = Kind.UNAVAILABLE
    code = "no_compiler"
    message = "这台机器没有 C 编译器(cc),无法模拟慢磁盘。请先安装:apt-get install gcc libc6-dev"


class DiskNotSlowError(DomainError):
    """A commit came back sooner than the delay, so that it was not flushed through the replaced call."""

    kind = Kind.UNAVAILABLE
    code = "disk_not_slow"
    message = "慢磁盘没有生效:提交只用了 {ms} 毫秒。"


def build_slow_disk(folder: Path) -> Path:
    """Compile the library into `folder` and return it; raises NoCompilerError."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise NoCompilerError
    source, library = folder / "slow_disk.c", folder / "slow_disk.so"
    source.write_text((files("exam.cli.bench") / source.name).read_text(encoding="utf-8"), encoding="utf-8")
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        raise NoCompilerError(error=done.stderr.decode(errors="replace")[-500:])
    library.chmod(0o755)  # the database may run as another user
    return library


def require_slow(database_url: str) -> None:
    """Refuse a database whose commits do not take the delay; raises DiskNotSlowError."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        fastest = min(_commit_s(connection) for _ in range(PROBES))
    if fastest < DELAY_S:
        raise DiskNotSlowError(ms=round(fastest * 1000, 2))


def _commit_s(connection: "psycopg.Connection[tuple[object, ...]]") -> float:
    """Return how long a transaction takes that writes to the log and nothing else."""
    before = time.perf_counter()
    connection.execute("select pg_logical_emit_message(true, 'bench', '')")
    return time.perf_counter() - before
