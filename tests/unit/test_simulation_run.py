"""A simulated sitting in which somebody gives up ends with a count, not with a traceback."""

import asyncio
from typing import Any, cast

from exam.cli.simulation.candidate import GivenUp
from exam.cli.simulation.people import Invented
from exam.cli.simulation.run import Order, Simulation, register_newcomer
from exam.cli.simulation.staff import Centre, Proctor, StaffRoom
from exam.cli.simulation.wire import Refused


class Stand:
    """A candidate, a proctor and a staff room in one: it fails at the step that it is told."""

    seat = code = attempt = ""

    def __init__(self, failing: str = "") -> None:
        self._failing = failing

    def __getattr__(self, step: str) -> Any:
        async def do(*_args: object, **_named: object) -> Any:
            if step == self._failing:
                raise GivenUp(step)
            return Stand()

        return do


async def _refuse(_role: str) -> None:
    raise Refused(503, "unavailable", None)


def _simulation(staff: object) -> Simulation:
    order = Order(url="http://127.0.0.1:1", candidates=3)
    return Simulation(order, cast("StaffRoom", staff), lambda *_step: None)


def test_who_gives_up_before_the_seat_is_counted_and_the_others_go_on() -> None:
    simulation = _simulation(Stand())
    candidates: list[Any] = [Stand(), Stand("check_in"), Stand("wait_for_lease")]
    seated = asyncio.run(simulation._seat(candidates, cast("Proctor", Stand())))  # the step itself
    assert seated == candidates[:1]


def test_who_leaves_in_the_middle_is_ended_by_the_proctor() -> None:
    ended: list[str] = []

    class Ending(Stand):
        async def end(self, attempt: str) -> None:
            ended.append(attempt)

    leaver: Any = Stand("answer_all")
    leaver.attempt = "left"
    simulation = _simulation(Stand())
    asyncio.run(simulation._sit([leaver], cast("Proctor", Ending())))
    assert ended == ["left"]
    assert simulation._tally.errors == {"gave_up:answer_all": 1}


def test_an_invented_number_that_is_somebody_s_already_is_passed_over() -> None:
    tried: list[str] = []

    class Crowded(Stand):
        async def register(self, _name: str, id_number: str, _uscc: str | None) -> str:
            tried.append(id_number)
            if len(tried) == 1:
                raise Refused(409, "person_name_mismatch", None)
            return id_number

    order = Order(url="http://127.0.0.1:1", candidates=1)
    seat = asyncio.run(register_newcomer(cast("Centre", Crowded()), Invented(1), order))
    assert [seat, len(set(tried))] == [tried[1], 2]


def test_a_run_that_stops_short_says_so_in_its_report() -> None:
    staff: Any = Stand()
    staff.wire = _refuse
    report = asyncio.run(_simulation(staff).run())
    assert (report.finished, report.errors) == (0, {"stopped:503 unavailable": 1})
