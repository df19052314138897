"""Sittings in steps, each played by everybody before the next begins, so that its cost can be told from the others'."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import httpx
import msgspec
import psycopg

from exam.cli.bench.load import LoadFailedError
from exam.cli.bench.machine import tree_cpu_s
from exam.cli.bench.stack import Scratch, Server
from exam.cli.simulation.candidate import Candidate, Tally
from exam.cli.simulation.history import History
from exam.cli.simulation.knowledge import Knowledge
from exam.cli.simulation.people import Invented
from exam.cli.simulation.schemas import Form
from exam.cli.simulation.staff import Centre, Proctor, StaffRoom, read_demo
from exam.cli.simulation.wire import Wire

QUALIFICATION = "officer.general"
"""Theory alone leads to its credential, so that nobody but the candidate works between hand-in and certificate."""
HOURS = 32
ROOM_SEATS = 50
POLLS = 20
SAMPLE = 40
REHEARSAL = 20
"""Candidates who look at their result at home, and who rehearse: the allowance of one address is 60 a minute."""
IDLE_S = 5.0
PATIENCE_S = 300
_RESULTS = "select count(*) from grading_result"
_JOBS = "select count(*) from jobs.procrastinate_jobs where status in ('todo', 'doing')"
_CREDENTIALS = "select count(*) from certs_credential where pdf_key is not null"


class Lap(msgspec.Struct, frozen=True):
    """What one step cost: processor seconds by process, and how many did it."""

    cpu_s: dict[str, float]
    count: int

    @property
    def total_s(self) -> float:
        return sum(self.cpu_s.values())

    @property
    def each_ms(self) -> float:
        return self.total_s / self.count * 1000


class Ground(msgspec.Struct, frozen=True):
    """What every sitting of a bench is played on: the installation, its web server, and each process by name."""

    place: Scratch
    web: Server
    processes: dict[str, int]
    invented: Invented


async def play_course(ground: Ground, candidates: int, at_once: int) -> "Course":
    """Play a rehearsal and then the sitting that counts, and return that.

    The rehearsal is nobody's attempt: it pays for what a process does once in its life, such as compiling templates
    and statements, and the first work of each connection. Raises LoadFailedError when anything was refused.
    """
    staff = StaffRoom(ground.web.url(""), read_demo(ground.place.settings.data_dir))
    try:
        await Course(ground, min(candidates, REHEARSAL), at_once).play(staff)
        course = Course(ground, candidates, at_once)
        await course.play(staff)
    finally:
        await staff.close()
    return course


class Course:
    """A sitting of the demo province; `laps` fill as it is played, `starts_ms` are the waits for the form."""

    def __init__(self, ground: Ground, candidates: int, at_once: int) -> None:
        self._place = ground.place
        self._url = ground.web.url("")
        self._processes = ground.processes
        self._invented = ground.invented
        self._count = candidates
        self._gate = asyncio.Semaphore(at_once)
        self._tally = Tally([], [], Counter())
        self._candidates: list[Candidate] = []
        self._forms: dict[str, Form] = {}
        self.laps: dict[str, Lap] = {}

    @property
    def starts_ms(self) -> list[float]:
        return self._tally.starts

    @property
    def idle_s(self) -> float:
        return IDLE_S

    async def play(self, staff: StaffRoom) -> None:
        """Play every step; raises LoadFailedError when anything was refused or repeated."""
        self._told, self._issued = self._read(_RESULTS), self._read(_CREDENTIALS)
        centre = Centre(await staff.wire("centre"), await staff.wire("centre", 1))
        clerk = await staff.wire("proctor")
        async with self._lap("registration", self._count):
            await self._register(centre)
        async with self._lap("forms", self._count):
            await centre.prepare()
        await centre.open()
        async with self._lap("idle", 1):
            await asyncio.sleep(IDLE_S)
        await self._sit(Proctor(clerk, centre.id))
        await self._finish(centre)
        if self._tally.errors:
            raise LoadFailedError(reason=dict(self._tally.errors))
        await asyncio.gather(*(candidate.wire.close() for candidate in self._candidates))

    @asynccontextmanager
    async def _lap(self, name: str, count: int) -> AsyncIterator[None]:
        before = self._usage()
        yield
        after = self._usage()
        self.laps[name] = Lap({process: after[process] - before[process] for process in before}, count)

    def _usage(self) -> dict[str, float]:
        return {name: tree_cpu_s(pid) for name, pid in self._processes.items()}

    async def _register(self, centre: Centre) -> None:
        rooms = [(f"第{n + 1}考场", ROOM_SEATS) for n in range(-(-self._count // ROOM_SEATS))]
        await centre.plan(QUALIFICATION, rooms, "性能测试")
        knowledge = Knowledge(QUALIFICATION)
        for number in range(self._count):
            name, id_number = self._invented.next()
            await centre.attest_hours(name, id_number, QUALIFICATION, HOURS)
            seat = await centre.register(name, id_number, None)
            candidate = Candidate(
                Wire(self._url),
                seat,
                history=History(None),
                tally=self._tally,
                knowledge=knowledge,
                random=Random(number),
            )
            self._candidates.append(candidate)

    async def _sit(self, proctor: Proctor) -> None:
        desk = asyncio.Lock()

        async def enrol(candidate: Candidate) -> None:
            await candidate.enrol()
            async with desk:
                await proctor.bind(candidate.seat, candidate.code)

        async def check_in(candidate: Candidate) -> None:
            await candidate.check_in()
            async with desk:
                await proctor.admit(candidate.attempt)
            await candidate.wait_for_lease()

        async def poll(candidate: Candidate) -> None:
            for _ in range(POLLS):
                await candidate.wire.get(f"/api/attempts/{candidate.attempt}/state", {"Ankao-Lease": candidate.lease})

        await self._step("enrolment", enrol)
        await self._step("check_in", check_in)
        async with self._lap("start", self._count):
            await asyncio.gather(*(self._start(candidate) for candidate in self._candidates))
        await self._step("saves", lambda each: each.answer_all(self._forms[each.attempt], pause_s=0))
        await self._step("polls", poll, times=POLLS)
        await self._step("submit", lambda each: each.hand_in(len(self._forms[each.attempt].slots)))

    async def _start(self, candidate: Candidate) -> None:
        self._forms[candidate.attempt] = await candidate.start()

    async def _finish(self, centre: Centre) -> None:
        async with self._lap("score", self._count):
            await centre.close()
            await self._until(_RESULTS, self._told + self._count)
        async with self._lap("release", self._count):
            await centre.release()
        async with self._lap("credential", self._count):
            await self._until(_JOBS, 0)
        passed = sum(1 for row in await centre.results() if row["passed"])
        issued = self._read(_CREDENTIALS) - self._issued
        if passed != issued:
            raise LoadFailedError(reason=f"{passed} passed, {issued} certificates")
        await self._step("result", self._look, self._candidates[:SAMPLE])

    async def _look(self, candidate: Candidate) -> None:
        """Get in at home by ticket and ID number, and look at the own page."""
        shown = {"ticket": candidate.seat.ticket, "id_number": candidate.seat.id_number}
        async with httpx.AsyncClient(base_url=self._url, headers={"accept": "text/html"}) as browser:
            await browser.get("/me/login")
            token = {"x-csrftoken": browser.cookies["csrftoken"]}
            (await browser.post("/me/login", data=shown, headers=token, follow_redirects=True)).raise_for_status()

    async def _step(
        self,
        name: str,
        act: Callable[[Candidate], Awaitable[None]],
        candidates: list[Candidate] | None = None,
        *,
        times: int = 1,
    ) -> None:
        async def one(candidate: Candidate) -> None:
            async with self._gate:
                await act(candidate)

        who = self._candidates if candidates is None else candidates
        async with self._lap(name, len(who) * times):
            await asyncio.gather(*(one(candidate) for candidate in who))

    async def _until(self, query: str, wanted: int) -> None:
        """Wait in the database itself: asking the server would be measured with it."""
        until = time.monotonic() + PATIENCE_S
        while self._read(query) != wanted:
            if time.monotonic() > until:
                raise LoadFailedError(reason=query)
            await asyncio.sleep(0.2)

    def _read(self, query: str) -> int:
        with psycopg.connect(self._place.settings.database_url) as connection:
            row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0
