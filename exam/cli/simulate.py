"""`ankao simulate`: honest candidates through a whole sitting, over HTTP."""

import asyncio
import sys
from pathlib import Path

import msgspec
import rich_click as click
from rich.console import Console
from rich.progress import Progress

from exam.cli.context import connected_settings, read_services
from exam.cli.simulation.run import Order, Simulation
from exam.cli.simulation.schemas import Report
from exam.cli.simulation.staff import NoDemoError, StaffRoom, read_demo
from exam.core.config import Profile


async def simulate(order: Order, data_dir: Path, *, quiet: bool) -> Report:
    """Run one order with a progress bar."""
    staff = StaffRoom(order.url, read_demo(data_dir))
    with Progress(console=Console(stderr=True), disable=quiet, transient=True) as progress:
        tasks: dict[str, object] = {}

        def say(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]  # rich's own id type

        try:
            return await Simulation(order, staff, say).run()
        finally:
            await staff.close()


@click.command()
@click.option("--candidates", type=click.IntRange(1, 50_000), default=20, show_default=True)
@click.option("--qualification", default="special.1.2", show_default=True, help="One with a seed bank.")
@click.option("--ramp", type=float, default=0.0, help="Seconds over which the starts are spread.")
@click.option("--save-every", type=float, default=0.0, help="Mean seconds between two saves of a candidate.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--history", type=click.Path(path_type=Path), default=None, help="Write the history for `ankao judge`.")
@click.option("--url", default=None, help="Server [the one that `ankao up` runs here].")
@click.option("--data-dir", type=click.Path(path_type=Path), default=None, help="Data directory of `ankao up` [var].")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    candidates: int,
    qualification: str,
    ramp: float,
    save_every: float,
    seed: int,
    history: Path | None,
    url: str | None,
    data_dir: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run honest candidates, with the demo's centre, proctor and assessors, through whole attempts."""
    settings = connected_settings(data_dir)
    if settings.profile is Profile.PRODUCTION:
        raise NoDemoError
    order = Order(
        url=url or settings.base_url,
        candidates=candidates,
        qualification=qualification,
        ramp_s=ramp,
        pause_s=save_every,
        seed=seed,
        history=history,
        supervisor=int(read_services(settings.data_dir).get("supervisor", 0)) if url is None else 0,
    )
    report = asyncio.run(simulate(order, settings.data_dir, quiet=as_json))
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        for name, value in msgspec.structs.asdict(report).items():
            click.echo(f"{name:16} {value}")
    if missing := report.candidates - report.finished:
        click.echo(f"{missing} of {report.candidates} candidates did not finish: see errors", err=True)
        sys.exit(1)
