"""`ankao bench certs --batch`: one whole batch, from the form to the last byte taken away, through every process.

The people are invented and their credentials filled in; what is measured is all of the rest. The page is asked for while
the worker makes the files, and the zip is read as a browser reads it.
"""

import asyncio
import re
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import msgspec

from certs.api import fill_credentials
from exam.app import compose_runtime
from exam.cli.bench.load import LoadFailedError
from exam.cli.bench.machine import describe_machine, tree_cpu_s
from exam.cli.bench.report import Figure, Report
from exam.cli.bench.stack import Scratch, scratch
from exam.cli.demonstration.accounts import COUNTY, PROVINCE
from exam.cli.demonstration.province import build_province
from exam.cli.simulation.people import Invented
from exam.cli.simulation.staff import StaffRoom, read_demo
from exam.core.clock import local_date
from exam.core.db.scope import Scope
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.identity.api import ensure_person, parse_id_number

QUALIFICATION = "officer.general"
PATH = "/centre/credentials/batches"
AT_ONCE = 500
LOOK_EVERY_S = 2.0
GIVE_UP_S = 3600
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a batch, by the clock of whoever waits for it."""

    making_s: float
    """From the form to the finished batch."""
    looks_ms: list[float]
    zip_s: float
    zip_bytes: int
    print_s: float
    pickup_s: float


def bench_batch(*, count: int) -> Report:
    """Make one batch of `count` certificates with signer, worker and web process over a scratch installation."""
    machine = describe_machine()
    with scratch() as place, ExitStack() as stack:
        asyncio.run(_fill(place, count))
        place.add_environment(ANKAO_SIGNING_SOCKET=str(place.folder / "desk"), ANKAO_CHECKPOINT_INTERVAL_S="1")
        web = stack.enter_context(place.server("exam.cli", "web", ready="/health/live"))
        pids = {"web": web.pid, "database": place.postgres_pid}
        for name in ("signer", "worker"):
            pids[name] = stack.enter_context(place.background("exam.cli", name)).pid
        before = {name: tree_cpu_s(pid) for name, pid in pids.items()}
        made = asyncio.run(_take_away(place, web.url("")))
        spent = {name: tree_cpu_s(pid) - before[name] for name, pid in pids.items()}
        peaks = {name: _peak_mb(pids[name]) for name in ("worker", "signer", "web")}
    return Report("certs-batch", _figures(count, made, spent, peaks), {}, machine)


def _figures(count: int, made: _Made, spent: dict[str, float], peaks: dict[str, float]) -> dict[str, Figure]:
    looks = sorted(made.looks_ms)
    return {
        "certificates": Figure(count, "1"),
        "making": Figure(made.making_s, "s"),
        "per_certificate_cpu": Figure(sum(spent.values()) / count * 1000, "ms"),
        **{f"{name}_cpu": Figure(value, "s") for name, value in spent.items()},
        **{f"{name}_peak": Figure(value, "MB") for name, value in peaks.items()},
        "looks": Figure(len(looks), "1"),
        "look_median": Figure(looks[len(looks) // 2], "ms"),
        "look_worst": Figure(looks[-1], "ms"),
        "zip": Figure(made.zip_s, "s"),
        "zip_size": Figure(made.zip_bytes / 1024**2, "MB"),
        "print_file": Figure(made.print_s, "s"),
        "pickup_list": Figure(made.pickup_s, "s"),
    }


async def _fill(place: Scratch, count: int) -> None:
    runtime = compose_runtime(place.settings)
    try:
        await build_province(runtime)
        invented = Invented(1)
        for first in range(1, count + 1, AT_ONCE):
            await _certify(runtime, invented, first, min(AT_ONCE, count + 1 - first))
    finally:
        await runtime.close()


async def _certify(runtime: Runtime, invented: Invented, first: int, count: int) -> None:
    at = runtime.clock.now()
    async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
        people = []
        for name, number in (invented.next() for _ in range(count)):
            known = parse_id_number(number, local_date(at))
            people.append(
                await ensure_person(session, runtime.sealer, SYSTEM, name=name, number=known, region=COUNTY, at=at)
            )
        await fill_credentials(
            session, runtime, people, qualification=QUALIFICATION, region=COUNTY, first_serial=first, at=at
        )


async def _take_away(place: Scratch, url: str) -> _Made:
    staff = StaffRoom(url, read_demo(place.settings.data_dir))
    try:
        cookies = (await staff.wire("centre")).cookies
    finally:
        await staff.close()
    headers = {"x-csrftoken": cookies["csrftoken"]}
    async with httpx.AsyncClient(base_url=url, cookies=cookies, headers=headers, timeout=120) as client:
        begun = time.perf_counter()
        asked = await client.post(PATH, data={"qualification": QUALIFICATION})
        if not asked.is_redirect:
            raise LoadFailedError(reason=asked.status_code)
        link = asked.headers["location"]
        looks = await _watch(client, link, begun + GIVE_UP_S)
        making_s = time.perf_counter() - begun
        zip_s, size = await _download(client, f"{link}/files.zip")
        print_s, _ = await _download(client, f"{link}/print/1")
        pickup_s, _ = await _download(client, f"{link}/pickup.xlsx")
    return _Made(making_s=making_s, looks_ms=looks, zip_s=zip_s, zip_bytes=size, print_s=print_s, pickup_s=pickup_s)


async def _watch(client: httpx.AsyncClient, link: str, until: float) -> list[float]:
    """Ask how far it is, as the open page does, until it is finished; return the waits in milliseconds."""
    looks: list[float] = []
    while time.perf_counter() < until:
        before = time.perf_counter()
        shown = await client.get(link, headers={"hx-request": "true"})
        looks.append((time.perf_counter() - before) * 1000)
        if "hx-refresh" in shown.headers:
            return looks
        await asyncio.sleep(LOOK_EVERY_S)
    raise LoadFailedError(reason=link)


async def _download(client: httpx.AsyncClient, path: str) -> tuple[float, int]:
    """Read a file to its end without keeping it; return the seconds and its bytes."""
    before, size = time.perf_counter(), 0
    async with client.stream("GET", path) as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_raw():
            size += len(piece)
    return time.perf_counter() - before, size


def _peak_mb(pid: int) -> float:
    found = _PEAK.search(Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0
