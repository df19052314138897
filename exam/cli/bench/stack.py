"""A scratch installation on loopback: durable PostgreSQL, Valkey and web processes in a temporary directory."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import SystemRandom
from types import MappingProxyType

import msgspec
import psycopg

from exam.cli.bench.preload import build_library
from exam.cli.bench.slow_disk import METHOD, require_slow
from exam.core.config import Profile, Settings
from exam.core.db.ground import migrate, prepare
from exam.core.embedded.postgres import EmbeddedPostgres
from exam.core.embedded.process import end, spawn
from exam.core.embedded.valkey import EmbeddedValkey
from exam.core.errors import DomainError, Kind
from exam.core.secrets import load_secrets

HOST = "127.0.0.1"
READY_PATIENCE_S = 180
PORTS = range(20_000, 32_000)
"""Below the range from which the kernel takes the client's own ports."""
SLOW_CONNECTIONS = "400"
"""What the peer of group commit may want on a slow disk."""
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


class NotDurableError(DomainError):
    """The scratch database would acknowledge what is not on disk, so that its figures would be worth nothing."""

    kind = Kind.UNAVAILABLE
    code = "not_durable"
    message = "基准数据库的 {setting} 为 {value},测得的数值没有意义。"


class ServerSilentError(DomainError):
    """A process of the scratch installation does not answer."""

    kind = Kind.UNAVAILABLE
    code = "server_silent"
    message = "基准进程没有启动:{log}"


class Server(msgspec.Struct, frozen=True):
    """One listening process."""

    pid: int
    port: int

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"


class Scratch:
    """A scratch installation; `server` starts processes over it."""

    def __init__(
        self, folder: Path, stack: ExitStack, *, slow_disk: bool, options: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.folder = folder
        self._stack = stack
        self._slow_disk = slow_disk
        self._added: dict[str, str] = {}
        slow = {"wal_sync_method": METHOD, "max_connections": SLOW_CONNECTIONS} if slow_disk else {}
        preloaded = {"LD_PRELOAD": str(build_library("slow_disk", folder))} if slow_disk else {}
        self._postgres = EmbeddedPostgres(folder / "pg", options={**options, **slow}, environment=preloaded)
        self._valkey = EmbeddedValkey(folder / "valkey")
        self.settings = Settings(
            profile=Profile.TEST,
            data_dir=folder,
            database_url=self._postgres.url(),
            valkey_url=self._valkey.url,
        )

    def start(self) -> None:
        """Start both services and bring the schema up to date; raises NotDurableError and DiskNotSlowError."""
        for service in (self._postgres, self._valkey):
            self._stack.callback(service.stop)
            service.start()
        require_durable(self.settings.database_url)
        if self._slow_disk:
            require_slow(self.settings.database_url)
        secrets = load_secrets(self.settings)
        prepare(self.settings.database_url, secrets)
        migrate(self.settings.database_url, secrets)

    def add_environment(self, **variables: str) -> None:
        """Give these to every process that is started from now on."""
        self._added |= variables

    @property
    def postgres_pid(self) -> int:
        return _pid(self._postgres.process)

    @property
    def valkey_pid(self) -> int:
        return _pid(self._valkey.process)

    @contextmanager
    def server(self, module: str, *words: str, ready: str) -> Iterator[Server]:
        """Run `python -m module words` on a free port, given as ANKAO_PORT, for as long as the block lasts."""
        port = free_port()
        with self.background(module, *words, port=port) as process:
            server = Server(process.pid, port)
            _wait_until_ready(server.url(ready), process, self._log(module))
            yield server

    @contextmanager
    def background(self, module: str, *words: str, port: int = 0) -> Iterator["subprocess.Popen[bytes]"]:
        """Run `python -m module words`, which listens on `port` or nowhere, for as long as the block lasts."""
        with self._log(module).open("ab") as log:
            process = spawn([sys.executable, "-m", module, *words], log=log, env=self._environment(port))
        try:
            yield process
        finally:
            end(process)

    def _log(self, module: str) -> Path:
        return self.folder / f"{module}.log"

    def _environment(self, port: int) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": self.settings.database_url,
            "VALKEY_URL": self.settings.valkey_url,
            "ANKAO_DATA_DIR": str(self.folder),
            "ANKAO_PROFILE": self.settings.profile.value,
            "ANKAO_HOST": HOST,
            "ANKAO_PORT": str(port or self.settings.port),
            "ANKAO_BASE_URL": f"http://{HOST}:{port}",
            **self._added,
        }


@contextmanager
def scratch(*, slow_disk: bool = False, options: Mapping[str, str] = MappingProxyType({})) -> Iterator[Scratch]:
    """Run a scratch installation for as long as the block lasts; `options` are settings of its PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="ankao-bench-") as folder, ExitStack() as stack:
        made = Scratch(Path(folder), stack, slow_disk=slow_disk, options=options)
        made.start()
        yield made


def require_durable(database_url: str) -> None:
    """Refuse a server that could lose what it has acknowledged."""
    with psycopg.connect(database_url) as connection:
        for setting, wanted in DURABLE.items():
            row = connection.execute("select current_setting(%s)", [setting]).fetchone()
            if row != (wanted,):
                raise NotDurableError(setting=setting, value=str(row))


def free_port() -> int:
    """Return a port nobody listens on."""
    for port in SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise ServerSilentError(log="no free port")


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + READY_PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  # our own loopback address
                return
        except OSError:
            time.sleep(0.1)
    raise ServerSilentError(log=log.read_text(errors="replace")[-2000:])


def _pid(process: "subprocess.Popen[bytes] | None") -> int:
    if process is None:
        raise ServerSilentError(log="postgres")
    return process.pid
