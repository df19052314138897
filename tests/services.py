"""Real PostgreSQL and Valkey for the tests: one migrated template, cheap copies.

Each worker of a run has a private cluster, or all share the servers that DATABASE_URL and VALKEY_URL name; those must be
there for tests alone, for the roles of the product get the tests' passwords.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql

from exam.core.config import Profile, Settings
from exam.core.db.ground import migrate, prepare
from exam.core.embedded.postgres import FAST_AND_LOSSY, EmbeddedPostgres
from exam.core.embedded.valkey import EmbeddedValkey
from exam.core.ids import new_token
from exam.core.secrets import FILE_NAME, load_secrets

TEMPLATE = f"ankao_template_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
OWN_DATABASES = ["postgres", r"ankao\_template\_%", r"t\_%"]
SHARED = "ANKAO_TEST_SHARED"
"""Names the directory of what all workers on one server share."""
MEMORY = "/dev/shm"  # noqa: S108  # a fresh private directory is made in it
ROOM_BYTES = 4 * 1024**3


class Services:
    """A cluster with a migrated template database, and a Valkey; `settings()` hands out a fresh database."""

    def __init__(self, folder: Path, *, lossy: bool) -> None:
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder / "pg", options=FAST_AND_LOSSY if lossy else {})
        self.valkey = EmbeddedValkey(folder / "valkey")
        # whoever examines durability needs a server whose settings are known
        self._admin = os.environ.get("DATABASE_URL") if lossy else None
        self._valkey = os.environ.get("VALKEY_URL") if lossy else None
        if self._admin:
            share_secrets(self._admin, folder)
        self.secrets = load_secrets(self._settings(""))

    def _settings(self, database_url: str, data_dir: Path | None = None) -> Settings:
        return Settings(
            profile=Profile.TEST,
            data_dir=data_dir or self.folder,
            database_url=database_url,
            valkey_url=self.valkey_url,
            pool_size=5,
            checkpoint_interval_s=0.05,
        )

    def start(self) -> None:
        if not self._admin:
            self.postgres.start()
        if not self._valkey:
            self.valkey.start()
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            if self._admin:
                _require_scratch(connection)
            connection.execute("select pg_advisory_lock(4108)")
            connection.execute(f"drop database if exists {TEMPLATE}")
            connection.execute(f"create database {TEMPLATE}")
            prepare(self._url(TEMPLATE), self.secrets)
            migrate(self._url(TEMPLATE), self.secrets)

    def _url(self, database: str) -> str:
        return database_url(self._admin, database) if self._admin else self.postgres.url(database)

    def stop(self) -> None:
        self.postgres.stop()
        self.valkey.stop()

    @property
    def valkey_url(self) -> str:
        """Workers that share a server have a database each; a Redis has sixteen."""
        worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
        return f"{self._valkey}?db={int(worker) % 15}" if self._valkey else self.valkey.url

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


def share_secrets(server: str, folder: Path) -> None:
    """Give a data directory the secrets of all runs on a server: roles, and so their passwords, belong to the cluster."""
    name = f"ankao-test-{os.getuid()}-{sha256(server.encode()).hexdigest()[:16]}"
    shared = Path(os.environ.get(SHARED) or Path(tempfile.gettempdir()) / name)
    shared.mkdir(mode=0o700, exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        load_secrets(Settings(profile=Profile.TEST, data_dir=shared))
    shutil.copy(shared / FILE_NAME, folder / FILE_NAME)


def _require_scratch(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Refuse a server that holds anything else than what tests have made."""
    query = "select datname from pg_database where not datistemplate and datname not like all(%s) order by datname"
    foreign = [str(name) for (name,) in connection.execute(query, [OWN_DATABASES])]
    if foreign:
        message = f"DATABASE_URL names a server that holds {foreign}; tests change its roles and want one of their own"
        raise RuntimeError(message)


def memory() -> str | None:
    """Return the file system in memory, where a copy of the template takes a third of the time; None without room."""
    try:
        free = shutil.disk_usage(MEMORY).free
    except OSError:
        return None
    return MEMORY if free > ROOM_BYTES and os.access(MEMORY, os.W_OK) else None


@contextmanager
def running_services(*, lossy: bool = True) -> Iterator[Services]:
    """Run a private cluster and Valkey for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="ankao-test-", dir=memory() if lossy else None) as folder:
        services = Services(Path(folder), lossy=lossy)
        try:
            services.start()
            yield services
        finally:
            services.stop()


@contextmanager
def servers_of_installation(data_dir: Path) -> Iterator[dict[str, str]]:
    """Give a whole installation what the environment must say: nothing, or a fresh database on the servers of the run."""
    admin = os.environ.get("DATABASE_URL")
    if not admin:
        yield {}
        return
    data_dir.mkdir(mode=0o700, parents=True)
    share_secrets(admin, data_dir)
    name = "t_" + new_token().replace("-", "_").lower()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        yield {"DATABASE_URL": database_url(admin, name), "VALKEY_URL": f"{os.environ['VALKEY_URL']}?db=15"}
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def database_url(server: str, name: str) -> str:
    """Return the URL of another database of a server."""
    base, _, query = server.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
