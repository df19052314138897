"""`ankao bank`: question files in and out."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncSession

from exam.cli.context import command_runtime
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.errors import DomainError
from exam.core.principal import Grant, Principal
from exam.core.runtime import Runtime
from exam.web.i18n import fill
from questionbank.api import (
    STAGE_WORDS,
    Export,
    ImportProgress,
    ImportReport,
    Stage,
    export_questions,
    import_questions,
    list_export_formats,
)

T = TypeVar("T")

DATA_DIR = click.option(
    "--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory of `ankao up` [var]."
)
QUALIFICATION = click.option("--qualification", required=True, metavar="CODE", help="Such as special.1.2.")
REFUSED_SHOWN = 20
_REFRESH_S = 0.1


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` says of a file that was refused as a whole: the keys of a report, and why."""

    code: str
    message: str
    accepted: int = 0
    near_duplicate: int = 0
    duplicate: int = 0
    refused: int = 0
    rows: tuple[()] = ()
    unsupported: dict[str, int] = {}
    written: bool = False


@asynccontextmanager
async def _bank(data_dir: Path | None) -> AsyncIterator[tuple[Runtime, AsyncSession, Principal]]:
    """Open the bank for whoever has this machine's shell; what the console drafts, it may not review."""
    async with command_runtime(data_dir) as runtime:
        region = runtime.settings.root_region
        console = Principal(name="命令行", grants=(Grant("author", region),))
        async with runtime.databases.transaction(Scope(region=region), Role.BANK) as session:
            yield runtime, session, console


def _run(work: Coroutine[Any, Any, T], label: str, *, as_json: bool, progress: ImportProgress | None = None) -> T:
    """Run to the end behind a progress bar on a terminal; a refusal is told and ends the process with 1."""
    console = Console(stderr=True)
    try:
        if console.is_terminal and not as_json:
            return asyncio.run(_behind_a_bar(work, label, progress, console))
        return asyncio.run(work)
    except DomainError as error:
        message = fill(error.message, error.fields)
        if as_json:
            click.echo(msgspec.json.encode(Refused(code=error.code, message=message)).decode())
        else:
            click.echo(f"{message} ({error.code})", err=True)
        raise SystemExit(1) from error


async def _behind_a_bar(
    work: Coroutine[Any, Any, T], label: str, progress: ImportProgress | None, console: Console
) -> T:
    """Show the stage of an import and how many of its rows are done, or that something is under way."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        shown = bar.add_task(label, total=None)
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.wait({task}, timeout=_REFRESH_S)
            if progress is not None and progress.told.stage:
                told = progress.told
                words = f"{label} {STAGE_WORDS[Stage(told.stage)]}"
                bar.update(shown, description=words, completed=told.done, total=told.total or None)
        return await task


@click.group()
def command() -> None:
    """Bring question files into the bank and take banks out."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@QUALIFICATION
@DATA_DIR
@click.option(
    "--column", "columns", multiple=True, metavar="TITLE=FIELD", help="What a column means: stem, key, kind, A … J, …"
)
@click.option("--dry-run", is_flag=True, help="Say what would happen and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def import_file(
    file: Path, qualification: str, data_dir: Path | None, columns: Sequence[str], *, dry_run: bool, as_json: bool
) -> None:
    """Judge every row of FILE and store the accepted ones as drafts.

    What --column says is remembered with the import, for the next table that has the same titles.
    """
    data = file.read_bytes()
    given = {title.strip(): field.strip() for title, _, field in (each.rpartition("=") for each in columns)}

    progress = ImportProgress()

    async def work() -> ImportReport:
        async with _bank(data_dir) as (runtime, session, console):
            return await import_questions(
                session,
                runtime,
                console,
                data,
                file.name,
                qualification,
                dry_run=dry_run,
                columns=given,
                progress=progress,
            )

    report = _run(work(), file.name, as_json=as_json, progress=progress)
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        _tell(report)


def _tell(report: ImportReport) -> None:
    written = "已写入草稿" if report.written else "试运行,未写入"
    click.echo(f"{report.dialect}:接受 {report.accepted}(其中相似 {report.near_duplicate}),{written}")
    click.echo(f"重复 {report.duplicate},拒绝 {report.refused}")
    for feature, count in report.unsupported.items():
        click.echo(f"未支持:{feature} × {count}")
    for test in report.tests:
        click.echo(f"测试:{test.title},{len(test.sections)} 节")
        for part in test.left_out:
            click.echo(f"  未支持:{part.place} {part.feature}")
    told = [row for row in report.rows if row.verdict in {"refused", "duplicate"}]
    for row in told[:REFUSED_SHOWN]:
        click.echo(f"第 {row.number} 行  {row.message}")
    if len(told) > REFUSED_SHOWN:
        click.echo(f"… 另有 {len(told) - REFUSED_SHOWN} 行,用 --json 查看全部")


@command.command("export")
@QUALIFICATION
@click.option("--format", "fmt", required=True, type=click.Choice(list_export_formats()))
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True)
@DATA_DIR
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def export_file(qualification: str, fmt: str, output: Path, data_dir: Path | None, *, as_json: bool) -> None:
    """Write every item that is not retired to a file that the import reads back."""

    async def work() -> Export:
        async with _bank(data_dir) as (runtime, session, console):
            return await export_questions(
                session,
                console,
                qualification=qualification,
                fmt=fmt,
                region=runtime.settings.root_region,
                at=runtime.clock.now(),
            )

    export = _run(work(), f"{output.name} …", as_json=as_json)
    output.write_bytes(export.data)
    told = {"items": export.items, "file": str(output), "format": fmt, "left_out": export.left_out}
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    click.echo(f"{output}:{export.items} 题")
    for number, what in export.left_out.items():
        click.echo(f"第 {number} 题  {what}")
