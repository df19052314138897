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
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql

from exam.core.config import Profile, Settings
from exam.core.db.ground import migrate, prepare
from exam.core.embedded.postgres import FAST_AND_LOSSY, EmbeddedPostgres
from exam.core.embedded.valkey import EmbeddedValkey
from exam.core.ids import new_token
from exam.core.keyring import FILE_NAME as RING_NAME
from exam.core.keyring import load_keyring
from exam.core.secrets import FILE_NAME, load_secrets

TEMPLATE = f"ankao_template_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
OWN_DATABASES = ["postgres", r"ankao\_template\_%", r"t\_%"]
SHARED = "ANKAO_TEST_SHARED"
"""Names the directory of what all workers on one server share."""
MEMORY = "/dev/shm"  # noqa: S108  # a fresh private directory is made in it
ROOM_BYTES = 4 * 1024**3
COPY = sql.SQL("create database {} template {} strategy file_copy")
DROP = sql.SQL("drop database {} with (force)")


@dataclass(frozen=True)
class World:
    """A test's own database and files in a cluster that nobody else writes to."""

    server: str
    name: str
    settings: Settings
    born: int
    """The transaction that comes first after the copy."""

    @staticmethod
    def of(settings: Settings) -> World | None:
        """Return the world of settings that a test has taken as they are, or None."""
        world = _worlds.get(settings.database_url)
        return world if world and world.settings == settings else None

    @property
    def folder(self) -> Path:
        return self.settings.data_dir.parent

    def is_untouched(self) -> bool:
        """Say whether nothing has been written since the copy; what another database wrote counts as well."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            return _next_transaction(connection) == self.born

    def keep(self, name: str) -> bool:
        """Copy the world as it is; False when somebody is still connected to it."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            if self._is_in_use(connection):
                return False
            connection.execute(COPY.format(sql.Identifier(name), sql.Identifier(self.name)))
        shutil.copytree(self.settings.data_dir, self.folder / name)
        return True

    def put_back(self, name: str) -> bool:
        """Make the world what was kept under the name; False when somebody is still connected to it."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            if self._is_in_use(connection):
                return False
            connection.execute(DROP.format(sql.Identifier(self.name)))
            connection.execute(COPY.format(sql.Identifier(self.name), sql.Identifier(name)))
        shutil.rmtree(self.settings.data_dir)
        shutil.copytree(self.folder / name, self.settings.data_dir)
        return True

    def _is_in_use(self, connection: psycopg.Connection[tuple[object, ...]]) -> bool:
        query = "select count(*) from pg_stat_activity where datname = %s"
        return connection.execute(query, [self.name]).fetchone() != (0,)


_worlds: dict[str, World] = {}


def _next_transaction(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    (number,) = connection.execute("select pg_snapshot_xmax(pg_current_snapshot())::text").fetchone() or ("0",)
    return int(str(number))


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
        load_keyring(self._settings(""))

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
        data_dir = self.folder / name
        data_dir.mkdir(mode=0o700)
        # roles belong to the cluster, and so do the secrets that their passwords are made of; kept worlds share a ring
        for file in (FILE_NAME, RING_NAME):
            shutil.copy(self.folder / file, data_dir / file)
        settings = self._settings(self._url(name), data_dir)
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(COPY.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
            if not self._admin:
                born = _next_transaction(connection)
                _worlds[settings.database_url] = World(self._url("postgres"), name, settings, born)
        try:
            yield settings
        finally:
            _worlds.pop(settings.database_url, None)
            shutil.rmtree(data_dir, ignore_errors=True)
            with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
                connection.execute(DROP.format(sql.Identifier(name)))


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
            connection.execute(DROP.format(sql.Identifier(name)))


def database_url(server: str, name: str) -> str:
    """Return the URL of another database of a server."""
    base, _, query = server.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
