"""An exam's way from the county up to the province, every acting process killed once; a process of its own, for it forks."""

import gc
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from certs.api import suspend
from exam.app import compose_runtime, create_app
from exam.core.config import Settings
from exam.core.db.scope import Scope
from exam.core.log import configure_logging
from exam.core.runtime import Runtime
from grading.api import release_sitting
from tests.builders.certs import OFFICER, make_authority
from tests.builders.grading import Examined
from tests.builders.identity import CITY, COUNTY, PROVINCE, regions
from tests.builders.nodes import Node, connect, regulator
from tests.faults.finalisation_kills import hand_in
from tests.faults.instances import Death, Instance
from tests.faults.stage import time_is_over

HOME = "/regulator/batches"
RIGHT = (9, 8)
_EQUAL = re.compile("两级一致.共 ([0-9]+) 批")
_OBJECTED = (
    "select r.number, split_part(m.subject, ':', 2)::uuid from records_node_batch_row r"
    " join records_exchange_message m on m.id = r.message_id join records_node_batch b on b.id = r.batch_id"
    " where b.number = 1 and m.kind = 'credential.changed' order by r.number limit 1"
)
"""The first credential in the county's first batch: its row and its id."""
_BATCH = "select id::text from records_node_batch order by number desc limit 1"


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """Three levels, connected, and an exam in the county whose time is over."""

    county: Instance
    city: Instance
    province: Instance
    exam: Examined
    killed: list[str] = []

    def step(self, name: str, act: Callable[[], bool]) -> None:
        """Note a step whose process died over it, as it must have."""
        if not act():
            message = f"{name}: nobody died"
            raise RuntimeError(message)
        self.killed.append(name)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The steps at which a process was killed, how many batches each two levels have alike, and what lies where."""

    killed: list[str]
    compared: list[int]
    county: dict[str, list[Any]]
    city: dict[str, list[Any]]
    province: dict[str, list[Any]]


QUERIES = {
    "results": "select marks, version from grading_result order by marks desc",
    "credentials": "select status, version from certs_credential order by status",
    "acts": "select act, count(*) from core_audit_entry where act like 'batch.%' or act like 'credential.%'"
    " or act in ('attempt.finalised', 'attempt.scored') group by act order by act",
    "told": "select encode(sha256(body::bytea), 'hex') from records_exchange_message"
    " where state = 'delivered' order by subject, sequence",
    "untold": "select state, count(*) from records_exchange_message where state <> 'delivered' group by state",
    "sent": "select number, state, rows from records_node_batch order by number",
    "arrived": "select number, state, rows, faulty from records_node_arrival order by number",
    "kept": "select encode(digest, 'hex') from records_exchange_incoming order by subject, sequence",
    "kinds": "select kind, count(*) from records_exchange_incoming group by kind order by kind",
    "parts": "select count(*) from records_node_part",
    "jobs": "select task_name, status::text from procrastinate_jobs where task_name <> 'core.deliver'"
    " and status in ('doing', 'failed') or task_name = 'core.deliver' and status <> 'succeeded'",
}


def run(three: list[Settings]) -> Outcome:
    """Walk the whole way."""
    app = create_app(compose_runtime(three[0]))
    gc.freeze()
    line = _connected([Instance(settings, app) for settings in three])
    try:
        examine(line)
        tell(line)
        send_up_and_return(line)
        correct_and_accept(line)
        pass_on(line)
        below = [(line.county, line.city), (line.city, line.province)]
        compared = [_compared(lower) for lower, _ in below]
    finally:
        for each in (line.county, line.city, line.province):
            each.stop()
    found = [
        {name: [list(row) for row in each.rows(query)] for name, query in QUERIES.items()}
        for each in (line.county, line.city, line.province)
    ]
    return Outcome(killed=line.killed, compared=compared, county=found[0], city=found[1], province=found[2])


def examine(line: Line) -> None:
    """Hand in, score and release: the candidate's web, the worker and the centre's web die."""
    county, exam = line.county, line.exam
    for attempt in exam.attempts:
        _hand_in(line, attempt)
    line.step("score", lambda: county.work(Death("insert into grading_result ")))
    county.work()

    async def release(runtime: Runtime) -> None:
        async with runtime.databases.transaction(exam.scope) as session:
            await release_sitting(session, exam.centre.clerk, runtime, exam.sitting_id, runtime.clock.now())

    line.step("release", lambda: county.do(release, Death("insert into core_event ")))
    county.do(release)


def tell(line: Line) -> None:
    """Issue the credentials and write the messages: the worker dies over both."""
    line.step("issue", lambda: line.county.work(Death("insert into certs_credential ")))
    line.step("tell", lambda: line.county.work(Death("insert into records_exchange_message ", "after")))
    line.county.work()


def send_up_and_return(line: Line) -> None:
    """Seal, carry and return: the county's web and worker die, and both processes of the city."""
    county, city = line.county, line.city
    _seal(line, county, "county seals")
    city.armed(node=Death("insert into records_node_arrival "))
    county.work()
    line.step("city takes", lambda: city.buried(node=True))
    line.step("county reads the receipt", lambda: county.work(Death("insert into records_node_answer ")))
    county.work()
    arrival = f"{HOME}/arrivals/{county.rows(_BATCH)[0][0]}"
    ((objected, _),) = county.rows(_OBJECTED)
    reasons: dict[str, str | list[str]] = {"reason": "请核对", "number": [str(objected)], "said": ["状态与名单不符"]}
    city.armed(web=Death("insert into records_node_answer ", "after"))
    city.post(f"{arrival}/return", **reasons)
    line.step("city returns", city.buried)
    _refused(city.post(f"{arrival}/return", **reasons))
    line.step("county reads the return", lambda: county.work(Death("update records_node_batch ", "after")))
    county.work()


def correct_and_accept(line: Line) -> None:
    """Correct in the books, seal anew, accept: the county's web dies, the city's three."""
    county, city = line.county, line.city
    ((_, credential),) = county.rows(_OBJECTED)

    async def correct(runtime: Runtime) -> None:
        async with runtime.databases.transaction(Scope(region=PROVINCE)) as session:
            await suspend(session, regulator(COUNTY), credential, reason="名单核对", at=runtime.clock.now())

    line.step("county corrects", lambda: county.do(correct, Death("insert into core_event ")))
    county.do(correct)
    county.work()
    (returned,) = county.rows(_BATCH)[0]
    county.armed(web=Death("insert into records_node_batch_row "))
    county.post(f"{HOME}/{returned}/correct", note="已更正")
    line.step("county seals anew", county.buried)
    county.post(f"{HOME}/{returned}/correct", note="已更正")
    city.armed(node=Death("insert into records_node_arrival ", "after"))
    county.work()
    line.step("city takes the correction", lambda: city.buried(node=True))
    county.work()
    _accept(line, county, city, "city")
    line.step("city tells on", lambda: city.work(Death("insert into records_exchange_message ", "after")))
    city.work()
    line.step("county reads the acceptance", lambda: county.work(Death("update records_exchange_message ")))
    county.work()


def pass_on(line: Line) -> None:
    """Take what was accepted up to the province: again each dies once."""
    city, province = line.city, line.province
    _seal(line, city, "city seals")
    province.armed(node=Death("delete from records_node_part", "after"))
    city.work()
    line.step("province takes", lambda: province.buried(node=True))
    city.work()
    _accept(line, city, province, "province")
    province.work()
    line.step("city reads the acceptance", lambda: city.work(Death("insert into records_exchange_receipt ", "after")))
    city.work()


def _seal(line: Line, lower: Instance, name: str) -> None:
    """Seal what waits; the answer to the first attempt is lost with the process, the second is refused."""
    (neighbour,) = lower.rows("select id::text from records_exchange_neighbour where carriage = 'batch'")[0]
    lower.armed(web=Death("insert into records_node_batch_row ", "after"))
    lower.post(HOME, neighbour=neighbour)
    line.step(name, lower.buried)
    _refused(lower.post(HOME, neighbour=neighbour))


def _accept(line: Line, lower: Instance, upper: Instance, name: str) -> None:
    """Accept the newest batch from below: the web dies over the decision, the worker over the rows."""
    arrival = f"{HOME}/arrivals/{lower.rows(_BATCH)[0][0]}"
    upper.armed(web=Death("update records_node_arrival ", "after"))
    upper.post(f"{arrival}/accept")
    line.step(f"{name} accepts", upper.buried)
    _refused(upper.post(f"{arrival}/accept"))
    line.step(f"{name} keeps", lambda: upper.work(Death("insert into records_exchange_incoming ")))


def _compared(lower: Instance) -> int:
    """Return how many batches two levels have alike, 0 where they differ in anything."""
    (neighbour,) = lower.rows("select id::text from records_exchange_neighbour where carriage = 'batch'")[0]
    answer = lower.post(f"{HOME}/uppers/{neighbour}/reconcile")
    found = _EQUAL.search(answer.text) if answer else None
    return int(found[1]) if found else 0


def _refused(answer: Any) -> None:
    conflict = 409
    if answer is None or answer.status_code != conflict:
        message = f"a second time was not refused: {answer}"
        raise RuntimeError(message)


def _hand_in(line: Line, attempt: UUID) -> None:
    async def given(_runtime: Runtime) -> None:
        await hand_in(line.county.settings, attempt)

    line.step("hand in", lambda: line.county.do(given, Death("update delivery_attempt", "after")))
    line.county.do(given)


def _connected(three: list[Instance]) -> Line:
    county, city, province = three
    for each in three:
        each.ask(regions)

    async def introduce(_runtime: Runtime) -> None:
        nodes = [Node(compose_runtime(each.settings)) for each in three]
        await connect(nodes[0], nodes[1], COUNTY)
        await connect(nodes[1], nodes[2], CITY)
        for node in nodes:
            await node.runtime.close()

    county.ask(introduce)
    exam = county.ask(_exam)
    for each, region in ((county, COUNTY), (city, CITY), (province, PROVINCE)):
        each.start().log_in("regulator", region)
    return Line(county=county, city=city, province=province, exam=exam)


async def _exam(runtime: Runtime) -> Examined:
    await make_authority(runtime)
    return await time_is_over(runtime.settings, right=RIGHT, qualification=OFFICER)


def main(path: Path) -> None:
    """Run over the settings in a file, and print the outcome."""
    configure_logging(level=50)
    three = msgspec.json.decode(path.read_bytes(), type=list[Settings], dec_hook=lambda kind, value: kind(value))
    sys.stdout.buffer.write(msgspec.json.encode(run(three)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
