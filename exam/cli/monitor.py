"""`ankao audit verify` and `ankao audit monitor`: replay the log, fold it, and compare it with the tables."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import rich_click as click
import structlog

from exam.cli.context import command_runtime
from exam.core.audit.monitor import Monitor, Report
from exam.core.audit.policy import Policy, parse_policy
from exam.core.audit.publication import LogPublication
from exam.core.audit.remote import RemoteLogStorage
from exam.core.errors import DomainError
from exam.core.log import configure_logging
from exam.core.runtime import Runtime

SOUND, ALARMED = 0, 1
PAUSE = 9
"""A whole look is followed by so many times its length without one: a small log is read whole every time."""


def _given(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that both commands take."""
    for option in (
        click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory [var]."),
        click.option("--url", default="", help="Read the public log from this address instead of the file storage."),
        click.option(
            "--policy",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            default=None,
            help="Pinned policy; without one the first that is seen is kept.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    ):
        function = option(function)
    return function


@click.command()
@_given
def verify(data_dir: Path | None, url: str, policy: Path | None, *, as_json: bool) -> None:
    """Read the whole log again once: tree, tiles, heads, entries, and every score, credential, form and hand-in."""

    async def run() -> Report:
        async with command_runtime(data_dir) as runtime:
            with TemporaryDirectory(prefix="ankao-verify-") as folder:
                return await monitor_of(runtime, Path(folder), url, policy).look()

    report = asyncio.run(run())
    tell(report, as_json=as_json)
    raise SystemExit(ALARMED if report.alarms else SOUND)


@click.command()
@_given
@click.option("--state", type=click.Path(path_type=Path), default=None, help="Folder of its memory [var/monitor].")
@click.option("--every", type=click.FloatRange(min=0.1), default=60.0, help="Seconds between two looks.")
@click.option("--once", is_flag=True, help="Look once and stop.")
def monitor(
    data_dir: Path | None, url: str, policy: Path | None, state: Path | None, every: float, *, as_json: bool, once: bool
) -> None:
    """Follow the log with a memory of its own; each alarm is a line, and the exit status says whether there was one.

    Every look reads what is new; everything is read again as often as that takes a tenth of the time at the most.
    """
    configure_logging()
    asyncio.run(_follow(data_dir, url, policy, state, every, as_json=as_json, once=once))


async def _follow(
    data_dir: Path | None, url: str, policy: Path | None, state: Path | None, every: float, *, as_json: bool, once: bool
) -> None:
    async with command_runtime(data_dir) as runtime:
        looking, due = monitor_of(runtime, state or runtime.settings.data_dir / "monitor", url, policy), 0.0
        while True:
            begun = time.monotonic()
            report = await _look(looking, whole=begun >= due)
            if report and report.whole_at == report.at:
                due = time.monotonic() + PAUSE * (time.monotonic() - begun)
            if report and (once or report.alarms):
                tell(report, as_json=as_json)
            if once:
                raise SystemExit(SOUND if report and not report.alarms else ALARMED)
            await asyncio.sleep(every)


async def _look(looking: Monitor, *, whole: bool) -> Report | None:
    try:
        return await looking.look(whole=whole)
    except (DomainError, OSError) as error:
        structlog.get_logger().error("monitor_blind", error=str(error) or type(error).__name__)
        return None


def monitor_of(runtime: Runtime, folder: Path, url: str, policy: Path | None) -> Monitor:
    """Return a monitor over its folder; `url` names a log that is read as strangers read it."""
    source = LogPublication(RemoteLogStorage(url) if url else runtime.storage)
    pinned: Policy | None = parse_policy(policy.read_text(encoding="utf-8")) if policy else None
    return Monitor(runtime, folder, source, policy=pinned)


def tell(report: Report, *, as_json: bool) -> None:
    """Print what was found."""
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
        return
    click.echo(
        f"日志 {report.size} 条,已签署 {report.signed},已见证 {report.witnessed}({', '.join(report.cosigned_by)})"
    )
    for alarm in report.alarms:
        click.echo(f"  告警 {alarm.code} {alarm.subject} {msgspec.json.encode(alarm.detail).decode()}")
    if not report.alarms:
        click.echo("  没有告警:记录、树、检查点与成绩、证书、试卷、答卷全部相符。")
