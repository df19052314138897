"""A bucket in an S3 server over loopback: the whole protocol, signatures and parts included."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

BUCKET = "ankao-test"
SERVER = Path(sys.prefix) / "s3-server"
"""Where deploy/install puts the server's own packages."""
PATIENCE_S = 60


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def s3_server(log: Path) -> Iterator[str]:
    """Run the server with one empty bucket; yields its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "PYTHONPATH": str(SERVER)}
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as out:
        server = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        _make_bucket(url, server, log)
        yield url
    finally:
        server.kill()
        server.wait()


def _make_bucket(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            httpx.put(f"{url}/{BUCKET}", trust_env=False).raise_for_status()
        except httpx.TransportError:
            assert server.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.1)
        else:
            return


def settings_of(url: str, folder: Path) -> dict[str, Any]:
    """Return the settings that name the server's bucket."""
    secret = folder / "storage-secret"
    secret.write_text("a secret of the test's\n", encoding="utf-8")
    return {
        "storage_url": f"s3://{BUCKET}/var",
        "storage_endpoint": url,
        "storage_key_id": "test",
        "storage_secret_file": secret,
    }


def keep_versions(url: str, *, keep: bool) -> None:
    """Let the bucket keep what is deleted, or no longer."""
    status = "Enabled" if keep else "Suspended"
    wanted = f"<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>"
    httpx.put(f"{url}/{BUCKET}?versioning", content=wanted, trust_env=False).raise_for_status()
