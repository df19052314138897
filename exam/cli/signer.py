"""`ankao signer`: orders the audit entries, grows the log, signs its checkpoints, and signs credentials for the others."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import rich_click as click
import structlog

from certs.api import serve_desk
from exam.app import compose_runtime
from exam.core.audit.custody import Custody, LogTokenKey
from exam.core.audit.policy import Policy, parse_policy
from exam.core.audit.signing import LogSigner
from exam.core.config import Profile, Settings, load_settings
from exam.core.log import configure_logging
from exam.core.token_keys import open_token_key


@click.command()
def command() -> None:
    """Order audit entries, grow the log, sign checkpoints and credentials; one at a time is active."""
    configure_logging()
    with suppress(KeyboardInterrupt):
        asyncio.run(run_signer(load_settings()))


async def run_signer(settings: Settings) -> None:
    """Work until told to stop."""
    custody = open_custody(settings)
    if not settings.storage_url and _one_user(custody.folder, settings.files_folder):
        structlog.get_logger().warning("signer_shares_its_user", folder=str(custody.folder), uid=os.getuid())
    runtime = compose_runtime(settings)
    try:
        async with asyncio.TaskGroup() as work:
            work.create_task(LogSigner(runtime, custody, read_policy(settings)).run())
            if settings.signing_socket != Path():
                work.create_task(serve_desk(runtime, custody.head))
    finally:
        await runtime.close()


def _one_user(own: Path, shared: Path) -> bool:
    """Tell whether the other processes' files belong to the signer's user, or will."""
    return not shared.exists() or own.stat().st_uid == shared.stat().st_uid


def open_custody(settings: Settings, *, may_create: bool = False) -> Custody:
    """Open the signer's folder; the log's name is host and path of the public address unless a setting gives another."""
    name = settings.log_origin or f"{urlsplit(settings.base_url).netloc}/log"
    may_create = may_create or settings.profile is not Profile.PRODUCTION
    key = LogTokenKey(open_token_key(settings.log_key)) if settings.log_key else None
    return Custody.open(settings.signer_folder, name=name, may_create=may_create, key=key)


def read_policy(settings: Settings) -> Policy:
    """Read who witnesses this log; nobody unless a file says so."""
    path = settings.witness_policy
    return Policy() if path == Path() else parse_policy(path.read_text(encoding="utf-8"))
