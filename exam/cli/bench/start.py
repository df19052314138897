"""`ankao bench start`: everybody starts at once; and what one complete attempt costs, step by step.

An attempt is what peers are measured by (log in, start, answer, hand in, see the result): check-in at the terminal,
start, one save for each of 100 items, hand-in, scoring, release, and the result at home. What a seat or a sitting needs
beside it (registration, form, enrolment of the terminal, the terminal's questions for the state) and what follows it
(credential and records, which no peer makes) are told apart, and `everything_cpu` is the sum of all.
"""

import asyncio
import time
from contextlib import ExitStack

from exam.app import compose_runtime
from exam.cli.bench.course import Course, Ground, Lap, play_course
from exam.cli.bench.machine import describe_machine
from exam.cli.bench.report import Figure, Report
from exam.cli.bench.stack import Scratch, scratch
from exam.cli.demonstration.province import build_province
from exam.cli.simulation.people import Invented
from exam.cli.up import PROCESSES
from exam.identity.api import PasswordPool

ATTEMPT = ("check_in", "start", "saves", "submit", "score", "release", "result")
BESIDE = ("registration", "forms", "enrolment", "credential")
NOT_MEASURED = frozenset({"media", "analyse"})
"""Video has figures and limits of its own."""
LIMIT_MS, LIMIT_WITH_HASH_MS = 100, 130
START_LIMIT_MS = 3000
POLL_EVERY_S, EXAM_S = 10, 7200
HASHES = 20


def bench_start(*, candidates: int, at_once: int) -> Report:
    """Play a sitting on a scratch installation; all start at once, and `at_once` of them work in every other step."""
    machine = describe_machine()
    with scratch() as place:
        asyncio.run(_build(place))
        course = play(place, candidates, at_once)
    hash_ms = asyncio.run(_hash_ms())
    return Report("start", _figures(course, hash_ms), _ratios(course, hash_ms), machine)


async def _build(place: Scratch) -> None:
    runtime = compose_runtime(place.settings)
    try:
        await build_province(runtime)
    finally:
        await runtime.close()


def play(place: Scratch, candidates: int, at_once: int) -> Course:
    """Start every process of the product over a scratch installation and return the course played on it."""
    with ExitStack() as stack:
        web = stack.enter_context(place.server("exam.cli", "web", ready="/health/live"))
        processes = {"web": web.pid, "database": place.postgres_pid, "valkey": place.valkey_pid}
        for name in PROCESSES:
            if name != "web" and name not in NOT_MEASURED:
                started = stack.enter_context(place.background("exam.cli", name, port=web.port))
                processes[name] = started.pid
        return asyncio.run(play_course(Ground(place, web, processes, Invented(1)), candidates, at_once))


async def _hash_ms() -> float:
    """Return the processor time of one comparison with a stored password."""
    passwords = PasswordPool(1)
    stored = await passwords.hash("a password")
    before = time.process_time()
    for _ in range(HASHES):
        await passwords.verify(stored, "a password")
    passwords.close()
    return (time.process_time() - before) / HASHES * 1000


def _figures(course: Course, hash_ms: float) -> dict[str, Figure]:
    laps, starts = course.laps, sorted(course.starts_ms)
    costs = {f"{name}_cpu": Figure(laps[name].each_ms, "ms") for name in (*ATTEMPT, *BESIDE, "polls")}
    shares = {
        f"attempt_{process}_cpu": Figure(
            sum(laps[name].cpu_s[process] / laps[name].count for name in ATTEMPT) * 1000, "ms"
        )
        for process in laps["start"].cpu_s
    }
    return {
        "start_p50": Figure(starts[len(starts) // 2], "ms"),
        "start_p99": Figure(starts[len(starts) * 99 // 100], "ms"),
        **costs,
        "login_hash_cpu": Figure(hash_ms, "ms"),
        "attempt_cpu": Figure(_attempt_ms(laps), "ms"),
        **shares,
        "attempt_polls_cpu": Figure(_polls_ms(laps), "ms"),
        "everything_cpu": Figure(_attempt_ms(laps, ATTEMPT + BESIDE) + _polls_ms(laps), "ms"),
        "idle_cpu": Figure(laps["idle"].total_s / course.idle_s, "cores"),
    }


def _attempt_ms(laps: dict[str, Lap], steps: tuple[str, ...] = ATTEMPT) -> float:
    return sum(laps[name].each_ms for name in steps)


def _polls_ms(laps: dict[str, Lap]) -> float:
    """Return what a terminal's questions cost over a whole exam."""
    return laps["polls"].each_ms * EXAM_S / POLL_EVERY_S


def _ratios(course: Course, hash_ms: float) -> dict[str, float]:
    attempt, starts = _attempt_ms(course.laps), sorted(course.starts_ms)
    return {
        "attempt_cpu_over_100_ms": attempt / LIMIT_MS,
        "attempt_cpu_with_hash_over_130_ms": (attempt + hash_ms) / LIMIT_WITH_HASH_MS,
        "start_p99_over_3_s": starts[len(starts) * 99 // 100] / START_LIMIT_MS,
    }
