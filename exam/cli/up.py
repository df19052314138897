"""`ankao up`: everything on one machine, supervised."""

import asyncio
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import msgspec
import rich_click as click
from rich.console import Console

from exam.app import compose_runtime
from exam.cli.context import note_services
from exam.cli.demonstration.printing import print_logins, print_tickets
from exam.cli.demonstration.province import build_province
from exam.cli.demonstration.witness import demo_policy, demo_witness
from exam.cli.simulation.staff import LOGINS_FILE
from exam.core.clock import SystemClock
from exam.core.config import Profile, Settings, load_settings
from exam.core.db.ground import migrate, prepare
from exam.core.embedded.postgres import EmbeddedPostgres
from exam.core.embedded.process import end, end_all, short_socket, spawn
from exam.core.embedded.valkey import EmbeddedValkey
from exam.core.errors import DomainError, Kind
from exam.core.secrets import load_secrets
from exam.records.api import Span, before, period_of

RESTART_PAUSE_S = 1.0
READY_PATIENCE_S = 180
PORT_PATIENCE_S = 12.0
PROCESSES = ("web", "signer", "worker", "media", "analyse")
"""The commands that are supervised wherever anything is, each a process of its own."""


class AlreadyRunningError(DomainError):
    """Another supervisor works on this data directory."""

    kind = Kind.CONFLICT
    code = "already_running"
    message = "数据目录 {data_dir} 上已有一个 ankao up 在运行。"


class DataDirectoryError(DomainError):
    """The data directory cannot be made or written."""

    code = "data_directory"
    message = "数据目录 {data_dir} 无法写入:{reason}。请检查它属于哪个用户,或用 --data-dir 另选一个。"


class PortTakenError(DomainError):
    """Another program listens where the web process should."""

    kind = Kind.CONFLICT
    code = "port_taken"
    message = "{host}:{port} 已被其他程序占用,请用 --port 另选一个端口。"


class Stop(Exception):  # noqa: N818  # it is a request, not an error
    """The person wants the supervisor to end."""


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = (data_dir / "supervisor.lock").open("w")
    except OSError as error:
        raise DataDirectoryError(data_dir=str(data_dir), reason=error.strerror or "") from error
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(data_dir=str(data_dir)) from error
        yield  # the lock goes with the process, however it ends


def _require_port(settings: Settings) -> None:
    """Wait a little for the port: a web process whose supervisor was killed may need a moment to end."""
    until = time.monotonic() + PORT_PATIENCE_S
    family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
    while True:
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                if time.monotonic() > until:
                    raise PortTakenError(host=settings.host, port=settings.port) from error
                time.sleep(0.2)
            else:
                return


def _start_services(stack: ExitStack, settings: Settings) -> Settings:
    """Start what the environment does not name, and return the settings with both URLs."""
    if not settings.database_url:
        postgres = EmbeddedPostgres(settings.data_dir / "postgres")
        stack.callback(postgres.stop)
        postgres.start()
        settings = msgspec.structs.replace(settings, database_url=postgres.url())
    if not settings.valkey_url:
        valkey = EmbeddedValkey(settings.data_dir / "valkey")
        stack.callback(valkey.stop)
        valkey.start()
        settings = msgspec.structs.replace(settings, valkey_url=valkey.url)
    return settings


def _environment(settings: Settings) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": settings.database_url,
        "VALKEY_URL": settings.valkey_url,
        "ANKAO_DATA_DIR": str(settings.data_dir),
        "ANKAO_PROFILE": settings.profile.value,
        "ANKAO_HOST": settings.host,
        "ANKAO_PORT": str(settings.port),
        "ANKAO_BASE_URL": settings.base_url,
        "ANKAO_WITNESS_POLICY": str(settings.witness_policy),
        "ANKAO_SIGNING_SOCKET": str(settings.signing_socket),
        "ANKAO_REPORTS_SINCE": settings.reports_since,
    }


def _demo_since() -> str:
    """Return from when on a demo asks for reports: for a quarter, so that some are late."""
    return before(period_of(Span.QUARTER, SystemClock().now())).first_on.isoformat()


def _signing_socket(settings: Settings) -> Path:
    """Return where the signer listens, unless a setting says it: its own folder, which may be too long for a socket."""
    if settings.signing_socket != Path():
        return settings.signing_socket
    settings.signer_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return short_socket(settings.signer_folder / "desk.sock")


class Supervised:
    """One process of the product; started again when it dies."""

    def __init__(self, name: str, settings: Settings, *options: str) -> None:
        self.name = name
        self._options = options
        self._environment = _environment(settings)
        self._log = settings.data_dir / "log" / f"{name}.log"
        self._log.parent.mkdir(exist_ok=True)
        self.process = self._spawn()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return spawn([sys.executable, "-m", "exam.cli", self.name, *self._options], log=log, env=self._environment)

    def tend(self) -> None:
        if self.process.poll() is not None:
            time.sleep(RESTART_PAUSE_S)
            self.process = self._spawn()


def _ready(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(
            f"http://{settings.host}:{settings.port}/health/ready", timeout=2
        ) as answer:  # our own address
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False


def _wait_until_ready(settings: Settings, processes: list[Supervised]) -> bool:
    until = time.monotonic() + READY_PATIENCE_S
    while time.monotonic() < until:
        if _ready(settings):
            return True
        for process in processes:
            process.tend()
        time.sleep(0.1)
    return False


def _raise_stop(_number: int, _frame: FrameType | None) -> None:
    raise Stop


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port of the web process [8000].")
@click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Where everything is kept [var].")
def command(port: int | None, data_dir: Path | None) -> None:
    """Start database, Valkey and every process on this machine; Ctrl-C stops them.

    Further settings come from the environment: `ankao settings` lists them.
    """
    console = Console()
    settings = load_settings()
    settings = msgspec.structs.replace(settings, port=port or settings.port)
    if "ANKAO_BASE_URL" not in os.environ:
        settings = msgspec.structs.replace(settings, base_url=f"http://{settings.host}:{settings.port}")
    if data_dir:
        settings = msgspec.structs.replace(settings, data_dir=data_dir.resolve())
    signal.signal(signal.SIGTERM, _raise_stop)
    try:
        with _only_one(settings.data_dir), ExitStack() as stack:
            _require_port(settings)
            _run(stack, settings, console)
    except (KeyboardInterrupt, Stop):
        console.print("已停止。Stopped.")


def _run(stack: ExitStack, settings: Settings, console: Console) -> None:
    os.umask(0o077)  # photographs, certificates and logs are nobody else's on this machine
    settings = _start_services(stack, settings)
    secrets = load_secrets(settings)
    prepare(settings.database_url, secrets)
    migrate(settings.database_url, secrets)
    settings = msgspec.structs.replace(settings, signing_socket=_signing_socket(settings))
    note_services(settings)
    if settings.profile is Profile.DEMO and settings.witness_policy == Path():
        settings = msgspec.structs.replace(settings, witness_policy=demo_policy(settings))
    if settings.profile is Profile.DEMO:
        settings = msgspec.structs.replace(settings, reports_since=settings.reports_since or _demo_since())
        _build_demo(settings, console)
    processes: list[Supervised] = []
    stack.callback(lambda: end_all(supervised.process for supervised in processes))
    for name, options in _commands(settings).items():
        processes.append(Supervised(name, settings, *options))
    if not _wait_until_ready(settings, processes):
        console.print(f"[red]没有启动成功,请看 {settings.data_dir / 'log'}")
        raise SystemExit(1)
    console.print(f"Ankao 安考  http://{settings.host}:{settings.port}")
    console.print(
        "[yellow]签名进程、演示见证方与网页进程同属一个系统用户:只适合演示。"
        " Signer and demo witness run under the web's system user: for a demo only."
    )
    demo = _start_demo_history(settings, console) if settings.profile is Profile.DEMO else None
    if demo is not None:
        stack.callback(end, demo)
    while True:
        for process in processes:
            process.tend()
        if demo is not None and demo.poll() is not None:
            demo = None
            print_tickets(console, settings)
            processes += _live_room(settings)
        time.sleep(0.5)


def _live_room(settings: Settings) -> list[Supervised]:
    """Keep a room at work for the wall, once the demo's history is made."""
    if not settings.demo_live_seats:
        return []
    return [Supervised("live", settings, "--seats", str(settings.demo_live_seats))]


def _commands(settings: Settings) -> dict[str, list[str]]:
    """Return what runs here, in the order of starting, with its options."""
    commands: dict[str, list[str]] = {name: [] for name in PROCESSES}
    if settings.witness_policy == demo_policy(settings):
        commands = {"witness": demo_witness(settings), **commands}
    return commands


def _build_demo(settings: Settings, console: Console) -> None:
    """Build the demo province before anybody is served."""

    async def build() -> None:
        runtime = compose_runtime(settings)
        try:
            if not (settings.data_dir / LOGINS_FILE).exists():
                console.print("正在建立演示省份 … Building the demo province …")
            await build_province(runtime)
        finally:
            await runtime.close()

    asyncio.run(build())


def _start_demo_history(settings: Settings, console: Console) -> "subprocess.Popen[bytes]":
    """Print the log-ins, and let simulated candidates make the history while people already look around."""
    print_logins(console, settings)
    return spawn([sys.executable, "-m", "exam.cli", "demo"], env=_environment(settings))
