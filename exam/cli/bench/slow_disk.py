"""A slow disk for the scratch database alone: `slow_disk.c`, preloaded, adds 2 ms to each flush of its log."""

import time

import psycopg

from exam.core.errors import DomainError, Kind

DELAY_S = 0.002
METHOD = "fdatasync"
"""The value of `wal_sync_method` under which PostgreSQL flushes its log through the call that the library replaces."""
PROBES = 5


class DiskNotSlowError(DomainError):
    """A commit came back sooner than the delay, so that it was not flushed through the replaced call."""

    kind = Kind.UNAVAILABLE
    code = "disk_not_slow"
    message = "慢磁盘没有生效:提交只用了 {ms} 毫秒。"


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
