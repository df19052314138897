"""Real PostgreSQL and Valkey for the tests: one cluster per run and worker, one migrated template, cheap copies."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from exam.core.config import Profile, Settings
from exam.core.db.ground import migrate, prepare
from exam.core.embedded.postgres import FAST_AND_LOSSY, EmbeddedPostgres
from exam.core.embedded.valkey import EmbeddedValkey
from exam.core.ids import new_token
from exam.core.secrets import FILE_NAME, load_secrets

TEMPLATE = "ankao_template"
MEMORY = "/dev/shm"  # noqa: S108  # a fresh private directory is made in it
ROOM_BYTES = 4 * 1024**3


class Services:
    """A cluster with a migrated template database, and a Valkey; `settings()` hands out a fresh database."""

    def __init__(self, folder: Path, *, lossy: bool) -> None:
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder / "pg", options=FAST_AND_LOSSY if lossy else {})
        self.valkey = EmbeddedValkey(folder / "valkey")
        self._admin = os.environ.get("DATABASE_URL")
        self._valkey = os.environ.get("VALKEY_URL")
        self.secrets = load_secrets(self._settings(""))

    def _settings(self, database_url: str, data_dir: Path | None = None) -> Settings:
        return Settings(
            profile=Profile.TEST,
            data_dir=data_dir or self.folder,
            database_url=database_url,
            valkey_url=self._valkey or self.valkey.url,
            pool_size=5,
            checkpoint_interval_s=0.05,
        )

    def start(self) -> None:
        if not self._admin:
            self.postgres.start()
        if not self._valkey:
            self.valkey.start()
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute("select pg_advisory_lock(4108)")
            connection.execute(f"drop database if exists {TEMPLATE}")
            connection.execute(f"create database {TEMPLATE}")
            prepare(self._url(TEMPLATE), self.secrets)
            migrate(self._url(TEMPLATE), self.secrets)

    def _url(self, database: str) -> str:
        if not self._admin:
            return self.postgres.url(database)
        base, _, query = self._admin.partition("?")
        return f"{base.rsplit('/', 1)[0]}/{database}" + (f"?{query}" if query else "")

    def stop(self) -> None:
        self.postgres.stop()
        self.valkey.stop()

    @contextmanager
    def database(self) -> Iterator[Settings]:
        """Copy the template into a fresh database with a data directory of its own, and drop both afterwards."""
        name = "t_" + new_token().replace("-", "_").lower()
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            copy = sql.SQL("create database {} template {} strategy file_copy")
            connection.execute(copy.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
        data_dir = self.folder / name
        data_dir.mkdir(mode=0o700)
        # roles belong to the cluster, and so do the secrets that their passwords are made of
        shutil.copy(self.folder / FILE_NAME, data_dir / FILE_NAME)
        try:
            yield self._settings(self._url(name), data_dir)
        finally:
            shutil.rmtree(data_dir, ignore_errors=True)
            with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _memory() -> str | None:
    """Return the file system in memory, where a copy of the template takes a third of the time; None without room."""
    try:
        free = shutil.disk_usage(MEMORY).free
    except OSError:
        return None
    return MEMORY if free > ROOM_BYTES and os.access(MEMORY, os.W_OK) else None


@contextmanager
def running_services(*, lossy: bool = True) -> Iterator[Services]:
    """Run a private cluster and Valkey for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="ankao-test-", dir=_memory() if lossy else None) as folder:
        services = Services(Path(folder), lossy=lossy)
        try:
            services.start()
            yield services
        finally:
            services.stop()
