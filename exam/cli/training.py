"""`ankao training`: hours computed anew from the evidence, beside what the ledger says."""

import asyncio
from pathlib import Path
from uuid import UUID

import msgspec
import rich_click as click

from exam.cli.context import command_runtime
from exam.core.db.scope import Scope
from exam.training.api import Replay, replay


@click.group()
def command() -> None:
    """Study hours."""


@command.command("replay")
@click.argument("person", type=click.UUID)
@click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory of `ankao up` [var].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def replay_person(person: UUID, data_dir: Path | None, *, as_json: bool) -> None:
    """Count the hours of PERSON (an id) from the traces of study alone; exit 1 where the ledger says otherwise."""
    found = asyncio.run(_replay(person, data_dir))
    click.echo(msgspec.json.encode(found).decode() if as_json else _in_words(found))
    raise SystemExit(0 if found.equal else 1)


async def _replay(person: UUID, data_dir: Path | None) -> Replay:
    async with command_runtime(data_dir) as runtime, runtime.databases.session(Scope(person=person)) as session:
        return await replay(session, person)


def _in_words(found: Replay) -> str:
    lines = [
        f"{line.qualification} {line.kind} {line.node or '*'} {line.part or '*'} {line.origin}:"
        f" 分录 {line.kept_s} 秒, 重算 {line.replayed_s} 秒"
        for line in found.lines
    ]
    verdict = "一致" if found.equal else "不一致"
    return "\n".join([*lines, f"{verdict}; 证据 {found.traces} 条, 摘要 {found.evidence}"])
