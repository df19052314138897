"""`ankao bench saves`: durable saves beside the static answer of the same web server on the same machine."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import msgspec
import psycopg

from exam.cli.bench.load import Crowd, LoadFailedError, Outcome, drive
from exam.cli.bench.machine import describe_machine, tree_cpu_s
from exam.cli.bench.report import Figure, Report
from exam.cli.bench.seating import seat_candidates
from exam.cli.bench.stack import Scratch, Server, scratch

CANDIDATES = 1000
ROUNDS = 3
WARM_UP_S = 1.0
HALF = 0.5
CALM_CONNECTIONS = 64
US_PER_S = 1_000_000
SLOW_DISK = {"commit_delay": "2000", "commit_siblings": "0"}
"""Each commit waits 2 ms before it is flushed: a slow disk, emulated by PostgreSQL itself (microseconds)."""
SLOW_CONNECTIONS = 256


class Phase(msgspec.Struct, frozen=True):
    """One run of load and the processor seconds it cost the two sides of the server."""

    outcome: Outcome
    web_cpu_s: float
    database_cpu_s: float

    @property
    def web_us(self) -> float:
        return self.web_cpu_s / self.outcome.requests * US_PER_S

    @property
    def database_us(self) -> float:
        return self.database_cpu_s / self.outcome.requests * US_PER_S


class Stage:
    """A scratch installation and its crowd; `run` drives one server of it and counts what that cost."""

    def __init__(self, place: Scratch) -> None:
        self.place = place
        self._crowd = Crowd(asyncio.run(seat_candidates(place.settings, CANDIDATES)))
        self._acknowledged = 0

    def run(self, server: Server, connections: int, seconds: float, *, rate: float = 0.0, saves: bool = True) -> Phase:
        spec = self._crowd.spec(server, connections, seconds, rate=rate)
        web, database = tree_cpu_s(server.pid), tree_cpu_s(self.place.postgres_pid)
        outcome = drive(spec, self.place.folder)
        self._acknowledged += outcome.requests if saves else 0
        return Phase(outcome, tree_cpu_s(server.pid) - web, tree_cpu_s(self.place.postgres_pid) - database)

    def require_stored(self) -> None:
        """Refuse figures of answers that were acknowledged and are not in the database."""
        with psycopg.connect(self.place.settings.database_url) as connection:
            row = connection.execute("select count(*) from delivery_response_revision").fetchone()
        if row is None or row[0] < self._acknowledged:
            raise LoadFailedError(reason=f"{self._acknowledged} acknowledged, {row} stored")


@contextmanager
def _stage(options: dict[str, str] | None = None) -> Iterator[Stage]:
    with scratch(options=options) as place:
        stage = Stage(place)
        yield stage
        stage.require_stored()


def bench_saves(*, seconds: float, connections: int) -> Report:
    """Measure saturated saves and the static answer in turn, `ROUNDS` times, and then saves at half the rate."""
    machine = describe_machine()
    with (
        _stage() as stage,
        stage.place.server("exam.cli", "web", ready="/health/live") as web,
        stage.place.server("exam.cli.bench.hello", ready="/") as still,
    ):
        stage.run(web, connections, WARM_UP_S)
        stage.run(still, connections, WARM_UP_S, saves=False)
        saves, hellos = [], []
        for _ in range(ROUNDS):
            saves.append(stage.run(web, connections, seconds / ROUNDS))
            hellos.append(stage.run(still, connections, seconds / ROUNDS, saves=False))
        rate = median(phase.outcome.per_s for phase in saves) * HALF
        calm = stage.run(web, CALM_CONNECTIONS, seconds / 2, rate=rate)
    return Report("saves", _figures(saves, hellos, calm), _ratios(saves, hellos), machine)


def _figures(saves: list[Phase], hellos: list[Phase], calm: Phase) -> dict[str, Figure]:
    def middle(of: str, phases: list[Phase]) -> float:
        return float(median(getattr(phase, of) for phase in phases))

    return {
        "saves_per_s": Figure(median(phase.outcome.per_s for phase in saves), "1/s"),
        "save_p50": Figure(median(phase.outcome.p50_ms for phase in saves), "ms"),
        "save_p99": Figure(median(phase.outcome.p99_ms for phase in saves), "ms"),
        "save_web_cpu": Figure(middle("web_us", saves), "µs"),
        "save_database_cpu": Figure(middle("database_us", saves), "µs"),
        "save_cpu": Figure(median(_cost(phase) for phase in saves), "µs"),
        "hello_per_s": Figure(median(phase.outcome.per_s for phase in hellos), "1/s"),
        "hello_cpu": Figure(middle("web_us", hellos), "µs"),
        "half_rate": Figure(calm.outcome.per_s, "1/s"),
        "half_rate_p50": Figure(calm.outcome.p50_ms, "ms"),
        "half_rate_p99": Figure(calm.outcome.p99_ms, "ms"),
        "half_rate_cpu": Figure(_cost(calm), "µs"),
    }


def _cost(phase: Phase) -> float:
    return phase.web_us + phase.database_us


def _ratios(saves: list[Phase], hellos: list[Phase]) -> dict[str, float]:
    """Return hello ÷ save, each as the median of neighbouring runs, so that a load that comes and goes falls on both."""
    pairs = list(zip(saves, hellos, strict=True))
    return {
        "hello_cpu_over_save_cpu": median(hello.web_us / _cost(save) for save, hello in pairs),
        "saves_per_s_over_hello_per_s": median(save.outcome.per_s / hello.outcome.per_s for save, hello in pairs),
    }


def bench_slow_disk(*, seconds: float, connections: int = SLOW_CONNECTIONS) -> Report:
    """Measure batched saves against one commit per save, both over a commit that takes 2 ms."""
    machine = describe_machine()
    with (
        _stage(SLOW_DISK) as stage,
        stage.place.server("exam.cli", "web", ready="/health/live") as batched,
        stage.place.server("exam.cli.bench.one_by_one", ready="/health/live") as single,
    ):
        for server in (batched, single):
            stage.run(server, connections, WARM_UP_S)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(stage.run(batched, connections, seconds / ROUNDS))
            theirs.append(stage.run(single, connections, seconds / ROUNDS))
    figures = {
        "batched_per_s": Figure(median(phase.outcome.per_s for phase in ours), "1/s"),
        "batched_p99": Figure(median(phase.outcome.p99_ms for phase in ours), "ms"),
        "batched_cpu": Figure(median(_cost(phase) for phase in ours), "µs"),
        "single_per_s": Figure(median(phase.outcome.per_s for phase in theirs), "1/s"),
        "single_p99": Figure(median(phase.outcome.p99_ms for phase in theirs), "ms"),
        "single_cpu": Figure(median(_cost(phase) for phase in theirs), "µs"),
    }
    ratio = median(one.outcome.per_s / other.outcome.per_s for one, other in zip(ours, theirs, strict=True))
    return Report("saves-slow-disk", figures, {"batched_per_s_over_single_per_s": ratio}, machine)
