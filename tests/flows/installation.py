"""A whole installation as an operator runs it: `ankao up` as a child, and commands beside it as children of their own."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import MappingProxyType

from exam.cli.bench.stack import HOST, free_port
from exam.cli.context import command_runtime, read_services
from exam.cli.demonstration.province import build_province
from exam.core.embedded.postgres import find_binaries
from exam.core.embedded.process import spawn
from exam.core.runtime import Runtime

READY_S = 150
STOP_S = 120
COMMAND_S = 240
CHOSEN_ELSEWHERE = ("DATABASE_URL", "VALKEY_URL", "ANKAO_BASE_URL")


class Installation:
    """PostgreSQL, Valkey, web and worker under one supervisor; its data directory is nobody else's.

    `names` are further words of the environment, such as the servers that it is to use instead of its own.
    """

    def __init__(
        self, data_dir: Path, names: Mapping[str, str] = MappingProxyType({}), port: int | None = None
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.url = f"http://{HOST}:{self.port}"
        kept = {name: value for name, value in os.environ.items() if name not in CHOSEN_ELSEWHERE}
        # the test profile has the demo's accounts when they are built, and does not begin the demo's long history
        self.environment = {**kept, "ANKAO_PROFILE": "test", **names}
        self._console = data_dir.with_suffix(".log")
        with self._console.open("ab") as log:
            words = ["up", "--port", str(self.port), "--data-dir", str(data_dir)]
            self.process = spawn([sys.executable, "-m", "exam.cli", *words], log=log, env=self.environment)

    def wait_until_ready(self) -> None:
        until = time.monotonic() + READY_S
        while time.monotonic() < until and self.process.poll() is None:
            noted = read_services(self.data_dir).get("supervisor")
            if noted == self.process.pid and self._answers():
                return
            time.sleep(0.1)
        raise AssertionError(self.console()[-2000:])

    def console(self) -> str:
        """Return what the supervisor has printed."""
        return self._console.read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=2) as answer:  # noqa: S310  # our own address
                return bool(answer.status == 200)
        except OSError:
            return False

    def ankao(self, *words: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run one command on this installation to its end."""
        command = [sys.executable, "-m", "exam.cli", *words, "--data-dir", str(self.data_dir)]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, input=stdin, env=self.environment, timeout=COMMAND_S
        )

    @asynccontextmanager
    async def runtime(self) -> AsyncIterator[Runtime]:
        """Open the installation's ports, to look at what it has stored."""
        async with command_runtime(self.data_dir, self.environment) as runtime:
            yield runtime

    def dump(self) -> bytes:
        """Return what a thief of the database has: its whole content as text, by PostgreSQL's own tool."""
        tool = find_binaries() / "pg_dump"
        url = read_services(self.data_dir)["database_url"]
        return subprocess.run([tool, url], check=True, capture_output=True, timeout=COMMAND_S).stdout

    def logs(self) -> str:
        """Return everything that its processes have written to their logs."""
        return "\n".join(path.read_text(errors="replace") for path in self.data_dir.rglob("*.log"))

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_S)

    def left_over(self) -> list[str]:
        """Return the commands of living processes that work on the data directory."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(self.data_dir) in command:
                found.append(command)
        return found


@contextmanager
def installed(data_dir: Path, names: Mapping[str, str]) -> Iterator[Installation]:
    """Run an installation with the demo's province; it must end cleanly when it is told to."""
    installation = Installation(data_dir, names)
    try:
        installation.wait_until_ready()
        asyncio.run(_build(installation))
        yield installation
        assert installation.interrupt() == 0
        assert installation.left_over() == []
    finally:
        if installation.process.poll() is None:
            installation.process.kill()
            installation.process.wait()


async def _build(installation: Installation) -> None:
    async with installation.runtime() as runtime:
        assert await build_province(runtime)
