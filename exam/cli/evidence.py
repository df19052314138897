"""Is this evidence bundle whole, and was it made here? Part of `ankao verify`."""

from pathlib import Path
from typing import Any

import click
import msgspec

from exam.cli.context import command_runtime
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from proctor.api import BundleBrokenError, Checked, check_bundle, is_exported


class BundleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` says of a bundle: the keys of every answer, and what is in it."""

    valid: bool
    status: str
    reasons: list[str]
    number_masked: None = None
    log: dict[str, Any] = {}
    incident: str = ""
    files: int = 0


WORDS = {
    "valid": "有效:文件完整,且与审计日志中的导出记录一致",
    "intact": "文件完整;离线无法核对审计日志",
    "unknown": "文件完整,但审计日志中没有这次导出",
    "broken": "无效:文件被改动、增加或缺失",
}


async def check_evidence(content: bytes, data_dir: Path | None, *, offline: bool) -> BundleAnswer:
    """Check a bundle by itself and, unless offline, against the ledger."""
    try:
        checked = check_bundle(content)
    except BundleBrokenError as error:
        return BundleAnswer(valid=False, status="broken", reasons=[str(error.fields["reason"])])
    if offline:
        return _answer(checked, valid=True, status="intact", reasons=["ledger_not_asked"])
    async with command_runtime(data_dir) as runtime:
        scope = Scope(region=runtime.settings.root_region)
        async with runtime.databases.transaction(scope, Role.LEDGER) as session:
            known = await is_exported(session, checked.digest)
    return _answer(
        checked, valid=known, status="valid" if known else "unknown", reasons=[] if known else ["not_in_ledger"]
    )


def _answer(checked: Checked, *, valid: bool, status: str, reasons: list[str]) -> BundleAnswer:
    manifest = checked.manifest
    return BundleAnswer(
        valid=valid, status=status, reasons=reasons, incident=str(manifest.incident_id), files=len(manifest.files)
    )


def tell_evidence(answer: BundleAnswer, *, as_json: bool) -> int:
    """Print the answer and return the exit status."""
    if as_json:
        click.echo(msgspec.json.encode(answer).decode())
    else:
        click.echo("\n".join([WORDS[answer.status], *(f"  {reason}" for reason in answer.reasons)]))
    return 0 if answer.valid else 1
