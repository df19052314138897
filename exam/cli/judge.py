"""`ankao judge`: a history against the database."""

import asyncio
from pathlib import Path

import msgspec
import rich_click as click

from exam.cli.context import command_runtime
from exam.cli.simulation.evidence import count_duplicates, read_evidence
from exam.cli.simulation.history import read_history
from exam.cli.simulation.judging import Judgement, judge
from exam.core.db.scope import Scope


async def judge_history(path: Path, data_dir: Path | None) -> Judgement:
    """Judge one history file."""
    lines = read_history(path)
    attempts = {line.save.attempt for line in lines if line.save} | {
        line.finish.attempt for line in lines if line.finish
    }
    async with (
        command_runtime(data_dir) as runtime,
        runtime.databases.transaction(Scope(region=runtime.settings.root_region)) as session,
    ):
        stored, digests = await read_evidence(session, attempts)
        duplicate = await count_duplicates(session)
    return judge(lines, stored, duplicate=duplicate, digests=digests)


@click.command()
@click.option(
    "--history", type=click.Path(path_type=Path, exists=True), required=True, help="File of `ankao simulate`."
)
@click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory of `ankao up` [var].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(history: Path, data_dir: Path | None, *, as_json: bool) -> None:
    """Compare a history with the database: lost, unexpected, duplicate must be 0."""
    judgement = asyncio.run(judge_history(history, data_dir))
    if as_json:
        click.echo(msgspec.json.encode(judgement).decode())
    else:
        for name, value in msgspec.structs.asdict(judgement).items():
            click.echo(f"{name:16} {value}")
    raise SystemExit(0 if judgement.verdict == "ok" else 1)
