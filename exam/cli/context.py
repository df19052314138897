"""Where the running services are: what `ankao up` notes for the other commands of the same machine."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from exam.app import compose_runtime
from exam.core.config import Settings, load_settings
from exam.core.errors import DomainError, Kind
from exam.core.keyring import write_private
from exam.core.runtime import Runtime

FILE_NAME = "services.json"


class NothingRunningError(DomainError):
    """No database is named and none was started here."""

    kind = Kind.UNAVAILABLE
    code = "nothing_running"
    message = "没有找到运行中的服务:请先执行 deploy/up,或设置 DATABASE_URL。"


def note_services(settings: Settings) -> None:
    """Write down the addresses of what this supervisor runs."""
    noted = {
        "database_url": settings.database_url,
        "valkey_url": settings.valkey_url,
        "base_url": settings.base_url,
        "supervisor": os.getpid(),
    }
    write_private(settings.data_dir / FILE_NAME, json.dumps(noted).encode())


def read_services(data_dir: Path) -> dict[str, Any]:
    """Return what the supervisor of a data directory noted; empty where none did."""
    try:
        noted: dict[str, Any] = json.loads((data_dir / FILE_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return noted


def connected_settings(data_dir: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return settings whose addresses are known: from the environment, else from the supervisor's note."""
    settings = load_settings(environ)
    if data_dir is not None:
        settings = msgspec.structs.replace(settings, data_dir=data_dir.resolve())
    noted = read_services(settings.data_dir)
    database_url = settings.database_url or noted.get("database_url", "")
    if not database_url:
        raise NothingRunningError
    return msgspec.structs.replace(
        settings,
        database_url=database_url,
        valkey_url=settings.valkey_url or noted.get("valkey_url", ""),
        base_url=noted.get("base_url", settings.base_url),
    )


@asynccontextmanager
async def command_runtime(
    data_dir: Path | None = None, environ: Mapping[str, str] | None = None
) -> AsyncIterator[Runtime]:
    """Open the ports for one command."""
    runtime = compose_runtime(connected_settings(data_dir, environ))
    try:
        yield runtime
    finally:
        await runtime.close()
