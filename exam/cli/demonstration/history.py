"""The demo's past and present: sittings that simulated candidates have sat, and one that is open now."""

import asyncio
from pathlib import Path

import msgspec
from rich.console import Console

from exam.cli.demonstration.credit import COUNTY_REGULATOR, make_credit
from exam.cli.demonstration.province import enterprise_codes
from exam.cli.demonstration.written import give_first_mark, sit_in_words
from exam.cli.simulation.people import Invented
from exam.cli.simulation.run import Order, Simulation
from exam.cli.simulation.schemas import Seat
from exam.cli.simulation.staff import Centre, StaffRoom, read_demo
from exam.core.config import Settings

OPEN_FILE = "demo-open-sitting.json"
PAST = (
    ("special.1.2", "低压电工作业考试(上午场)", 60),
    ("principal.chemical-trade", "危险化学品经营单位主要负责人考核", 20),
    ("officer.general", "一般生产经营单位安全生产管理人员考核", 40),
)
PAST_SEED, LEADERS_SEED, RENAMED_SEED = 100, 4108, 9001
ENGAGED, ENGAGED_SINCE = 20, "2025-03-03"
PRINTED = "principal.chemical-trade"
OPEN_SEATS = 12
OPEN_SEED = 4107


async def make_history(settings: Settings, services: dict[str, str]) -> None:
    """Let candidates sit the past sittings, then open one for people; what was done once is not done again."""
    marker = settings.data_dir / OPEN_FILE
    if marker.exists():
        return
    console = Console(stderr=True)
    staff, codes = StaffRoom(settings.base_url, read_demo(settings.data_dir)), enterprise_codes()
    # nobody logs in twice at once: a code of the second factor is good for one
    for role, place in (("centre", 0), ("centre", 1), ("proctor", 0)):
        await staff.wire(role, place)
    in_words = asyncio.create_task(sit_in_words(settings.base_url, staff, codes[0]))
    issued: list[str] = []
    for number, (qualification, title, count) in enumerate(PAST):
        order = Order(
            url=settings.base_url,
            candidates=count,
            qualification=qualification,
            title=title,
            uscc=codes[number % len(codes)],
            seed=PAST_SEED + number,
            supervisor=int(services.get("supervisor", 0)),
        )
        with console.status(f"模拟考试 {title}: {count} 人"):
            simulation = Simulation(order, staff, _silent)
            report = await simulation.run()
        issued += simulation.credentials
        console.print(f"  {title}: {report.finished} 人完成, {report.passed} 人合格, 发证 {report.credentials} 本")
    await in_words
    await give_first_mark(staff)
    await _engage(staff)
    await make_credit(staff, codes[0])
    await _apply(staff, issued)
    # the centre has the certificates of one sitting printed together
    fields = {"qualification": PRINTED, "paper": "a4"}
    await (await staff.wire("centre")).send_form("/centre/credentials/batches", fields)
    seats = await _open_sitting(staff, codes[0])
    await staff.close()
    marker.write_bytes(msgspec.json.encode(seats))
    marker.chmod(0o600)


def _silent(_what: str, _done: int, _total: int) -> None:
    """Show no steps: each sitting is one line."""


async def _engage(staff: StaffRoom) -> None:
    """Let the enterprise register who works there: its candidates of the first sitting, two who lead, none certified."""
    wire = await staff.wire("enterprise")
    workers, leaders = Invented(PAST_SEED), Invented(LEADERS_SEED)
    posts = [("special", workers.next()) for _ in range(ENGAGED)]
    posts += [("principal", leaders.next()), ("officer", leaders.next())]
    for at, (role, (name, id_number)) in enumerate(posts, 1):
        # an exchange of noughts alone is nobody's
        fields = {"name": name, "id_number": id_number, "role": role, "contact": f"0571-0000{at:04}"}
        fields["started_on"] = ENGAGED_SINCE
        await wire.send_form("/enterprise/people", fields)


async def _apply(staff: StaffRoom, issued: list[str]) -> None:
    """Let the county's counter file for two holders whose names have changed; who decides comes back to them later."""
    wire = await staff.wire("regulator", COUNTY_REGULATOR)
    renamed = Invented(RENAMED_SEED)
    for credential in issued[:2]:
        fields = {"name": renamed.next()[0], "reason": "户口簿已核对,姓名已变更"}
        await wire.send_form(f"/centre/credentials/{credential}/change", fields)


async def _open_sitting(staff: StaffRoom, uscc: str) -> list[Seat]:
    centre = Centre(await staff.wire("centre"), await staff.wire("centre", 1))
    await centre.plan("special.1.2", [("第1考场", OPEN_SEATS)], "低压电工作业考试(现场体验)")
    invented = Invented(OPEN_SEED)
    seats = [await centre.register(*invented.next(), uscc) for _ in range(OPEN_SEATS)]
    await centre.prepare()
    await centre.open()
    return seats


def read_open_seats(data_dir: Path) -> list[Seat]:
    """Return the candidates of the open sitting, for the print of `ankao up`."""
    path = data_dir / OPEN_FILE
    return msgspec.json.decode(path.read_bytes(), type=list[Seat]) if path.exists() else []
