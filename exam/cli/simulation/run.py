"""A whole sitting from plan to credential, played by honest people over HTTP."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random

import msgspec

from exam.cli.simulation.candidate import Candidate, GivenUp, Tally
from exam.cli.simulation.history import History
from exam.cli.simulation.knowledge import Knowledge
from exam.cli.simulation.people import Invented
from exam.cli.simulation.schemas import Report, Seat
from exam.cli.simulation.staff import Assessors, Centre, Proctor, StaffRoom
from exam.cli.simulation.usage import cpu_of_children
from exam.cli.simulation.wire import Refused, Unreachable, Wire

ROOM_SEATS = 50
AT_ONCE = 32
PATIENCE_S = 180
HOURS = {"officer": 32, "principal": 48}
KNOWN_OTHERWISE = "person_name_mismatch"

Say = Callable[[str, int, int], None]
"""Told of progress: what, how many of how many."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to simulate; `ramp_s` spreads the starts, `pause_s` is the mean time between two saves of a candidate."""

    url: str
    candidates: int
    qualification: str = "special.1.2"
    title: str = "模拟考试"
    uscc: str | None = None
    ramp_s: float = 0.0
    pause_s: float = 0.0
    seed: int = 1
    history: Path | None = None
    supervisor: int = 0
    marked: bool = False
    """Whether people must mark answers before there are results: the run ends when the sitting is closed."""


async def _each(candidates: Sequence[Candidate], act: Callable[[Candidate], Awaitable[None]]) -> None:
    """Do one step for everybody, a few at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(candidate: Candidate) -> None:
        async with gate:
            await act(candidate)

    await asyncio.gather(*(one(candidate) for candidate in candidates))


async def register_newcomer(centre: Centre, invented: Invented, order: Order) -> Seat:
    """Register the next invented person, passing over numbers that stand for somebody else already."""
    while True:
        name, id_number = invented.next()
        try:
            if hours := HOURS.get(order.qualification.partition(".")[0]):
                await centre.attest_hours(name, id_number, order.qualification, hours)
            return await centre.register(name, id_number, order.uscc)
        except Refused as error:
            if error.code != KNOWN_OTHERWISE:
                raise


class Simulation:
    """One run."""

    def __init__(self, order: Order, staff: StaffRoom, say: Say, knowledge: Knowledge | None = None) -> None:
        self._order = order
        self._knowledge = knowledge or Knowledge(order.qualification)
        self._staff = staff
        self._say = say
        self._history = History(order.history)
        self._tally = Tally([], [], Counter())
        self._report = Report(candidates=order.candidates)
        self.credentials: list[str] = []
        """Ids of what the sitting has led to, once it is over."""

    async def run(self) -> Report:
        """Play the sitting and report."""
        started, cpu = time.monotonic(), cpu_of_children(self._order.supervisor)
        try:
            await self._play()
        except (GivenUp, Refused, Unreachable) as error:
            # what the finished ones did stands in the report; the run itself has stopped short
            self._tally.errors[f"stopped:{error}"] += 1
        finally:
            self._history.close()
        self._report.wall_s = round(time.monotonic() - started, 2)
        self._report.server_cpu_s = round(cpu_of_children(self._order.supervisor) - cpu, 2)
        self._fill_figures()
        return self._report

    async def _play(self) -> None:
        centre = Centre(await self._staff.wire("centre"), await self._staff.wire("centre", 1))
        candidates = await self._register(centre)
        await centre.prepare()
        await centre.open()
        proctor = Proctor(await self._staff.wire("proctor"), centre.id)
        await self._sit(await self._seat(candidates, proctor), proctor)
        await centre.close()
        if not self._order.marked:
            await self._follow(centre)
        await asyncio.gather(*(candidate.wire.close() for candidate in candidates))

    async def _follow(self, centre: Centre) -> None:
        """Wait for what a sitting leads to: results, practical parts, credentials."""
        await self._release(centre)
        if self._order.qualification.startswith("special."):
            await self._assess(centre)
        await self._count_credentials(centre)

    async def _register(self, centre: Centre) -> list[Candidate]:
        order = self._order
        rooms = [(f"第{n + 1}考场", ROOM_SEATS) for n in range(-(-order.candidates // ROOM_SEATS))]
        await centre.plan(order.qualification, rooms, order.title)
        invented, random = Invented(order.seed), Random(order.seed)
        candidates = []
        for number in range(order.candidates):
            seat = await register_newcomer(centre, invented, order)
            candidate = Candidate(
                Wire(order.url),
                seat,
                history=self._history,
                tally=self._tally,
                knowledge=self._knowledge,
                random=Random(random.random()),
            )
            candidates.append(candidate)
            self._say("registered", number + 1, order.candidates)
        return candidates

    async def _seat(self, candidates: list[Candidate], proctor: Proctor) -> list[Candidate]:
        """Let everybody check in; return those who sit at their terminals."""
        seated: list[Candidate] = []

        async def one(candidate: Candidate) -> None:
            try:
                await self._admit(candidate, proctor, desk)
            except (GivenUp, Refused) as error:
                self._tally.errors[f"gave_up:{error}"] += 1
                return
            seated.append(candidate)
            self._say("seated", len(seated), len(candidates))

        desk = asyncio.Lock()
        await _each(candidates, one)
        return seated

    async def _admit(self, candidate: Candidate, proctor: Proctor, desk: asyncio.Lock) -> None:
        await candidate.enrol()
        async with desk:  # one proctor, one pair of hands
            await proctor.bind(candidate.seat, candidate.code)
        await candidate.check_in()
        async with desk:
            await proctor.admit(candidate.attempt)
        await candidate.wait_for_lease()

    async def _sit(self, candidates: list[Candidate], proctor: Proctor) -> None:
        """Let everybody write; the proctor ends the exam of who leaves, or the sitting could never be closed."""

        async def one(number: int, candidate: Candidate) -> None:
            await asyncio.sleep(self._order.ramp_s * number / max(1, len(candidates)))
            try:
                form = await candidate.start()
            except (GivenUp, Refused) as error:
                self._tally.errors[f"gave_up:{error}"] += 1
                return
            try:
                await candidate.answer_all(form, pause_s=self._order.pause_s)
                await candidate.hand_in(len(form.slots))
            except (GivenUp, Refused) as error:
                self._tally.errors[f"gave_up:{error}"] += 1
                await proctor.end(candidate.attempt)
                return
            self._report.finished += 1
            self._say("finished", self._report.finished, len(candidates))

        await asyncio.gather(*(one(number, candidate) for number, candidate in enumerate(candidates)))

    async def _release(self, centre: Centre) -> None:
        for _ in range(PATIENCE_S):
            if len(await centre.results()) >= self._report.finished:
                break
            await asyncio.sleep(1)
        self._report.released = (await centre.release())["released"]
        self._say("released", self._report.released, self._report.finished)

    async def _assess(self, centre: Centre) -> None:
        assessors = Assessors(await self._staff.wire("assessor"), await self._staff.wire("assessor", 1))
        passed = [row for row in await centre.results() if row["passed"]]
        for number, row in enumerate(passed, 1):
            await assessors.assess(row["registration_id"])
            self._say("assessed", number, len(passed))

    async def _count_credentials(self, centre: Centre) -> None:
        """Wait until everybody who passed every part holds a credential, or patience ends; then count."""
        self._report.passed = sum(1 for row in await centre.results() if row["passed"])
        for _ in range(PATIENCE_S):
            self.credentials = [str(row["credential_id"]) for row in await centre.credentials()]
            self._report.credentials = len(self.credentials)
            self._say("credentials", self._report.credentials, self._report.passed)
            if self._report.credentials >= self._report.passed:
                return
            await asyncio.sleep(1)

    def _fill_figures(self) -> None:
        report, tally = self._report, self._tally
        report.saves = len(tally.saves)
        report.save_p50_ms = _percentile(tally.saves, 50)
        report.save_p99_ms = _percentile(tally.saves, 99)
        report.start_p99_ms = _percentile(tally.starts, 99)
        report.errors = dict(tally.errors)


def _percentile(values: list[float], percent: int) -> float:
    if not values:
        return 0.0
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)], 3)
