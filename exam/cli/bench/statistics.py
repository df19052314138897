"""`ankao bench statistics`: a regulator's pages of figures over a generated province, against what may be waited for."""

import asyncio
import time

from exam.app import compose_runtime
from exam.cli.bench.machine import describe_machine
from exam.cli.bench.province import ATTEMPTS, PEOPLE, fill_province
from exam.cli.bench.report import Figure, Report
from exam.cli.bench.stack import Scratch, scratch
from exam.cli.bench.visiting import median_visit
from exam.cli.demonstration.province import build_province
from exam.cli.simulation.staff import StaffRoom, read_demo
from exam.records.api import fold_sums

DASHBOARD_MS, YEARLY_MS = 300.0, 5000.0
COUNTY = "33/3301/330106"
HOME = "/regulator/statistics"
DASHBOARDS = {
    "desk_county": f"/regulator?region={COUNTY}&period=month",
    "desk_province": "/regulator?period=month",
    "month_county": f"{HOME}?span=month&region={COUNTY}",
    "month_province": f"{HOME}?span=month",
}
YEARLY = {
    "year_province": f"{HOME}?span=year&day=2025-06-01",
    "year_by_item": f"{HOME}?span=year&day=2025-06-01&by=item",
    "year_by_industry": f"{HOME}?span=year&day=2025-06-01&by=industry",
    "year_workbook": f"{HOME}/files/xlsx?span=year&day=2025-06-01",
}

# what an operator of a province would set; the default is that of a small machine
SERVER = {
    "shared_buffers": "2GB",
    "work_mem": "128MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


def bench_statistics(*, scale: float) -> Report:
    """Time pages and files of the province's regulator; `scale` 1 is five million people and twenty million attempts."""
    machine = describe_machine()
    people, attempts = max(1000, int(PEOPLE * scale)), max(4000, int(ATTEMPTS * scale))
    with scratch(options=SERVER) as place:
        asyncio.run(_build(place))
        before = time.perf_counter()
        fill_province(place.settings.database_url, people=people, attempts=attempts)
        filled_s = time.perf_counter() - before
        folded_s = asyncio.run(_fold(place))
        with place.server("exam.cli", "web", ready="/health/live") as web:
            times = asyncio.run(_visit(place, web.url("")))
    figures = {
        "scale": Figure(scale, "1"),
        "people": Figure(people, "1"),
        "attempts": Figure(attempts, "1"),
        "filled": Figure(filled_s, "s"),
        "folded": Figure(folded_s, "s"),
        **{name: Figure(value, "ms") for name, value in times.items()},
    }
    against = {
        "slowest_dashboard_over_300_ms": max(times[name] for name in DASHBOARDS) / DASHBOARD_MS,
        "slowest_yearly_over_5_s": max(times[name] for name in YEARLY) / YEARLY_MS,
    }
    return Report("statistics", figures, against, machine)


async def _build(place: Scratch) -> None:
    runtime = compose_runtime(place.settings)
    try:
        await build_province(runtime)
    finally:
        await runtime.close()


async def _fold(place: Scratch) -> float:
    """Sum the whole history by day, as the worker does in the first minute after an upgrade, and return the seconds."""
    runtime = compose_runtime(place.settings)
    before = time.perf_counter()
    try:
        await fold_sums(runtime)
    finally:
        await runtime.close()
    return time.perf_counter() - before


async def _visit(place: Scratch, url: str) -> dict[str, float]:
    staff = StaffRoom(url, read_demo(place.settings.data_dir))
    try:
        wire = await staff.wire("regulator")
        return {name: await median_visit(wire, path) for name, path in (DASHBOARDS | YEARLY).items()}
    finally:
        await staff.close()
