"""A web process of its own over a durable database, with candidates that never give up, for kill tests."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from exam.app import compose_runtime
from exam.cli.simulation.candidate import Candidate, Tally
from exam.cli.simulation.evidence import read_evidence
from exam.cli.simulation.history import History, read_history
from exam.cli.simulation.judging import Judgement, judge
from exam.cli.simulation.knowledge import Knowledge
from exam.cli.simulation.schemas import Form, Option, Seat, Slot
from exam.cli.simulation.wire import Wire
from exam.core.clock import FrozenClock, SystemClock
from exam.core.config import Settings
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.sitting.api import close_sitting
from tests.builders.attempts import attempts_in_progress, lease_of
from tests.builders.grading import Examined, examined, work_off
from tests.builders.sitting import ELECTRICIAN

READY_S = 30


class WebProcess:
    """`ankao web` as a child on a port of its own."""

    def __init__(self, settings: Settings, port: int, log: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log = log
        self._environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "VALKEY_URL": settings.valkey_url,
            "ANKAO_DATA_DIR": str(settings.data_dir),
            "ANKAO_PROFILE": "test",
            "ANKAO_PORT": str(port),
        }
        self.process = self._spawn()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        assert not self._answers(), f"another server answers at {self.url}"
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "exam.cli", "web"]
            process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        until = time.monotonic() + READY_S
        while time.monotonic() < until:
            if self._answers():
                return process
            time.sleep(0.1)
        message = f"the web process did not start: {self._log.read_text()[-2000:]}"
        raise AssertionError(message)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/health/live", timeout=1):  # noqa: S310  # our own loopback address
                return True
        except OSError:
            return False

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        self.process = self._spawn()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@contextmanager
def web_process(settings: Settings, port: int, log: Path) -> Iterator[WebProcess]:
    """Run the web for as long as the block lasts."""
    web = WebProcess(settings, port, log)
    try:
        yield web
    finally:
        web.stop()


TO_THE_START = timedelta(hours=2)


async def time_is_over(settings: Settings, *, right: Sequence[int], qualification: str = ELECTRICIAN) -> Examined:
    """Let everybody answer in an exam whose time is over, and the sitting be closed already."""
    clock = FrozenClock(SystemClock().now() - TO_THE_START - timedelta(minutes=45))
    runtime = compose_runtime(settings, clock=clock)
    exam = await examined(runtime, clock, right=right, qualification=qualification, finish="in_progress")
    async with runtime.databases.transaction(exam.scope) as session:
        now = runtime.clock.now()
        await close_sitting(session, exam.centre.clerk, exam.sitting_id, now, open_attempts=_nobody)
    await work_off(runtime)
    await runtime.close()
    return exam


async def _nobody(_session: object, _sitting_id: UUID, _at: datetime) -> int:
    return 0


FORM = Form(
    [Slot(number, "choice", f"stem {number}", [Option(label, label) for label in "ABCD"]) for number in range(1, 101)],
)


class Answering(Candidate):
    """A candidate who is seated already and answers all items again and again until told to stop."""

    async def answer_until(self, stop: asyncio.Event, *, pause_s: float) -> None:
        while not stop.is_set():
            await self.answer_all(FORM, pause_s=pause_s, stop=stop)
        await self.wire.close()


async def seat_candidates(settings: Settings, url: str, count: int, history: History, seed: int) -> list[Answering]:
    """Return candidates with attempts in progress and leases."""
    runtime = compose_runtime(settings)
    attempts = await attempts_in_progress(runtime, count)
    knowledge, tally = Knowledge("special.1.2"), Tally([], [], Counter())
    nobody = Seat(attempts[0], "", attempts[0], "A-01", "", "")
    candidates = []
    for number, attempt in enumerate(attempts):
        candidate = Answering(
            Wire(url),
            nobody,
            history=history,
            tally=tally,
            knowledge=knowledge,
            random=Random(seed + number),
        )
        candidate.attempt, candidate.lease = str(attempt), lease_of(runtime, attempt)
        candidates.append(candidate)
    await runtime.close()
    return candidates


async def judge_run(settings: Settings, history: Path) -> Judgement:
    """Judge a history against the database as it is now."""
    lines = read_history(history)
    runtime = compose_runtime(settings)
    attempts = {line.save.attempt for line in lines if line.save}
    async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
        stored, digests = await read_evidence(session, attempts)
    await runtime.close()
    return judge(lines, stored, duplicate=0, digests=digests)


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL a process and all its children at once, as a crash of the machine's memory would."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii").split()
    for pid in [process.pid, *map(int, children)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
