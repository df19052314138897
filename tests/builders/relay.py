"""Debian's coturn with the configuration that operators are given, moved to this machine."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from exam.core.config import Settings
from tests.builders.ports import READY_S, await_port

EXAMPLE = Path(__file__).parents[2] / "deploy/coturn/turnserver.conf"
SECRET = "the secret of the tests' own relay, 32 characters or more"  # the test's


def configured(port: int, media_node: str) -> str:
    """Return the example with its marked lines filled in; TLS needs a certificate, and nobody here has one."""
    here = {
        "listening-ip": "127.0.0.1",
        "relay-ip": "127.0.0.1",
        "listening-port": str(port),
        "static-auth-secret": SECRET,
        "allowed-peer-ip": media_node,
    }
    lines = [line.partition("#")[0].strip() for line in EXAMPLE.read_text(encoding="utf-8").splitlines()]
    kept = [line for line in lines if not re.match(r"tls-listening-port|cert|pkey", line)]
    filled = [
        re.sub(r"=.*", f"={here[line.partition('=')[0]]}", line) if line.partition("=")[0] in here else line
        for line in kept
    ]
    # everything here is on loopback, which coturn refuses by itself: without its own refusal the example's must do
    return "\n".join([*filled, "allow-loopback-peers", "no-tls", "no-dtls", "log-file=stdout"])


@contextmanager
def relaying(settings: Settings, folder: Path, *, media_node: str) -> Iterator[Settings]:
    """Run a relay for as long as the block lasts; the settings that name it are given."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("no relay: deploy/test installs Debian's coturn")
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    secret, config = folder / "turn-secret", folder / "turnserver.conf"
    secret.write_text(f"{SECRET}\n")
    config.write_text(configured(port, media_node))
    command = [program, "-c", str(config), "--pidfile", str(folder / "turn.pid"), "--userdb", str(folder / "turn.db")]
    with (folder / "turn.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        await_port(port, process, folder / "turn.log")
        yield msgspec.structs.replace(settings, turn_urls=f"turn:127.0.0.1:{port}", turn_secret_file=secret)
    finally:
        process.terminate()
        process.wait(READY_S)
