"""Waiting for servers that tests start."""

import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

HOST = "127.0.0.1"
READY_S = 30


def await_port(port: int, process: "subprocess.Popen[bytes] | None" = None, log: Path | None = None) -> None:
    """Wait until somebody listens; a process that has ended is not waited for, and its log is told."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until and (process is None or process.poll() is None):
        with closing(socket.socket()) as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.02)
    message = f"nobody listens at {port}: {log.read_text()[-2000:] if log else ''}"
    raise AssertionError(message)
