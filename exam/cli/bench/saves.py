"""`ankao bench saves`: durable saves beside the static answer of the same web server on the same machine."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from statistics import median

import msgspec
import psycopg

from exam.cli.bench.load import Crowd, LoadFailedError, Outcome, drive
from exam.cli.bench.machine import describe_machine, tree_cpu_s
from exam.cli.bench.report import Figure, Report
from exam.cli.bench.seating import seat_candidates
from exam.cli.bench.stack import Scratch, Server, scratch

CANDIDATES = 1000
WARM_UP_S = 1.0
HALF = 0.5
CALM_CONNECTIONS = 64
HELLO = "exam.cli.bench.hello"
P99_LIMIT_MS = 20
"""The target at half the saturated rate on a quiet machine."""
US_PER_S = 1_000_000
SLOW_CONNECTIONS = 256
PEER = "exam.cli.bench.one_by_one"


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


class Round(msgspec.Struct, frozen=True):
    """Neighbouring runs of saves and of the two hellos."""

    save: Phase
    plain: Phase
    joined: Phase

    @property
    def hello(self) -> Phase:
        """The cheaper hello: the limit is the best that the stack can do."""
        return min(self.plain, self.joined, key=lambda phase: phase.web_us)


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
def _stage(*, slow_disk: bool = False) -> Iterator[Stage]:
    with scratch(slow_disk=slow_disk) as place:
        stage = Stage(place)
        yield stage
        stage.require_stored()


def bench_saves(*, seconds: float, connections: int, rounds: int) -> Report:
    """Measure saves and both hellos in turn, then saves alone at half the rate that saturates the server."""
    machine = describe_machine()
    with (
        _stage() as stage,
        stage.place.server("exam.cli", "web", ready="/health/live") as web,
        stage.place.server(HELLO, "plain", ready="/") as plain,
        stage.place.server(HELLO, "joined", ready="/") as joined,
    ):
        for server in (web, plain, joined):
            stage.run(server, connections, WARM_UP_S, saves=server is web)
        measured = []
        for _ in range(rounds):
            save = stage.run(web, connections, seconds / rounds)
            hellos = [stage.run(each, connections, seconds / rounds, saves=False) for each in (plain, joined)]
            measured.append(Round(save, *hellos))
        rate = median(each.save.outcome.per_s for each in measured) * HALF
        calm = stage.run(web, CALM_CONNECTIONS, seconds / 2, rate=rate)
    return Report("saves", _figures(measured, calm), _ratios(measured, calm), machine)


def _figures(rounds: list[Round], calm: Phase) -> dict[str, Figure]:
    saves, plain, joined = ([getattr(each, of) for each in rounds] for of in ("save", "plain", "joined"))
    return {
        "saves_per_s": Figure(median(phase.outcome.per_s for phase in saves), "1/s"),
        "save_p50": Figure(median(phase.outcome.p50_ms for phase in saves), "ms"),
        "save_p99": Figure(median(phase.outcome.p99_ms for phase in saves), "ms"),
        "save_web_cpu": Figure(median(phase.web_us for phase in saves), "µs"),
        "save_database_cpu": Figure(median(phase.database_us for phase in saves), "µs"),
        "save_cpu": Figure(median(_cost(phase) for phase in saves), "µs"),
        "hello_per_s": Figure(
            median(max(each.plain.outcome.per_s, each.joined.outcome.per_s) for each in rounds), "1/s"
        ),
        "hello_plain_cpu": Figure(median(phase.web_us for phase in plain), "µs"),
        "hello_joined_cpu": Figure(median(phase.web_us for phase in joined), "µs"),
        "half_rate": Figure(calm.outcome.per_s, "1/s"),
        "half_rate_p50": Figure(calm.outcome.p50_ms, "ms"),
        "half_rate_p99": Figure(calm.outcome.p99_ms, "ms"),
        "half_rate_cpu": Figure(_cost(calm), "µs"),
    }


def _cost(phase: Phase) -> float:
    return phase.web_us + phase.database_us


def _ratios(rounds: list[Round], calm: Phase) -> dict[str, float]:
    """Return hello ÷ save, each as the median of neighbouring runs, so that a load that comes and goes falls on both."""
    return {
        "hello_cpu_over_save_cpu": median(each.hello.web_us / _cost(each.save) for each in rounds),
        "plain_hello_cpu_over_save_cpu": median(each.plain.web_us / _cost(each.save) for each in rounds),
        "saves_per_s_over_hello_per_s": median(each.save.outcome.per_s / each.hello.outcome.per_s for each in rounds),
        "half_rate_p99_over_20_ms": calm.outcome.p99_ms / P99_LIMIT_MS,
    }


def _peer(stage: Stage, pool: int) -> AbstractContextManager[Server]:
    return stage.place.server(PEER, str(pool), ready="/health/live")


def _best_pool(stage: Stage, pools: Sequence[int], connections: int, seconds: float) -> int:
    """Return the number of database connections with which the peer stores most."""
    stored: dict[float, int] = {}
    for pool in pools:
        with _peer(stage, pool) as peer:
            stage.run(peer, connections, WARM_UP_S)
            stored[stage.run(peer, connections, seconds).outcome.per_s] = pool
    return stored[max(stored)]


def bench_slow_disk(*, seconds: float, connections: int, pools: Sequence[int], rounds: int) -> Report:
    """Measure batched saves against one commit per save, both on a disk whose flush takes 2 ms longer.

    The peer is given each number of database connections of `pools` for a while and then measured with the best.
    """
    machine = describe_machine()
    with (
        _stage(slow_disk=True) as stage,
        stage.place.server("exam.cli", "web", ready="/health/live") as batched,
        _peer(stage, pool := _best_pool(stage, pools, connections, seconds / rounds)) as single,
    ):
        for server in (batched, single):
            stage.run(server, connections, WARM_UP_S)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(stage.run(batched, connections, seconds / rounds))
            theirs.append(stage.run(single, connections, seconds / rounds))
    figures = {
        "batched_per_s": Figure(median(phase.outcome.per_s for phase in ours), "1/s"),
        "batched_p99": Figure(median(phase.outcome.p99_ms for phase in ours), "ms"),
        "batched_cpu": Figure(median(_cost(phase) for phase in ours), "µs"),
        "single_per_s": Figure(median(phase.outcome.per_s for phase in theirs), "1/s"),
        "single_p99": Figure(median(phase.outcome.p99_ms for phase in theirs), "ms"),
        "single_cpu": Figure(median(_cost(phase) for phase in theirs), "µs"),
        "single_database_connections": Figure(pool, "1"),
    }
    pairs = list(zip(ours, theirs, strict=True))
    ratios = {
        "batched_per_s_over_single_per_s": median(one.outcome.per_s / other.outcome.per_s for one, other in pairs),
        "single_cpu_over_batched_cpu": median(_cost(other) / _cost(one) for one, other in pairs),
    }
    return Report("saves-slow-disk", figures, ratios, machine)
