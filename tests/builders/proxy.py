"""Debian's nginx with the configuration that operators are given, moved to this machine."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exam.cli.bench.stack import HOST, free_port
from exam.core.config import Settings
from tests.builders.ports import await_port

EXAMPLE = Path(__file__).parents[2] / "deploy/nginx/ankao.conf"
LISTENS = ("80", "443 ssl http2", "8443 ssl")
AROUND = """daemon off; user root; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
access_log off;
client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{servers}
}}
"""


def configured(settings: Settings, folder: Path, web_port: int, ports: tuple[int, int, int]) -> str:
    """Return the example with its marked lines filled in, inside the frame that Debian has around it."""
    text = EXAMPLE.read_text(encoding="utf-8").replace("127.0.0.1:8000", f"{HOST}:{web_port}")
    for said, port in zip(LISTENS, ports, strict=True):
        text = re.sub(rf"listen {said};", f"listen {HOST}:{port}{said.lstrip('0123456789')};", text)
    files = {"pem": settings.exchange_certificate, "key": settings.exchange_key}
    text = re.sub(r"/etc/nginx/ankao/(?:exam|node)\.(pem|key)", lambda found: str(files[found[1]]), text)
    text = text.replace("/etc/nginx/ankao/roots.pem", str(settings.exchange_roots))
    text = re.sub(r"server_name [^;]+;", f"server_name {HOST};", text)
    return AROUND.format(folder=folder, servers=text)


@contextmanager
def proxied(settings: Settings, folder: Path, web_port: int) -> Iterator[tuple[int, int, int]]:
    """Run nginx before a web process for as long as the block lasts; yield the ports: plain, people's, other nodes'."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("no proxy: deploy/test installs Debian's nginx")
    ports = (free_port(), free_port(), free_port())
    config = folder / "nginx.conf"
    config.write_text(configured(settings, folder, web_port, ports), encoding="utf-8")
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        for port in ports:
            await_port(port, process, folder / "nginx.log")
        yield ports
    finally:
        process.terminate()
        process.wait(20)
