"""`ankao bench video`: one `ankao media` with stock aiortc around it, on loopback, and Janus beside it where it is installed.

Three phases of equal length: the node alone, with its publishers (whose tiles it records), with walls besides. What a
phase adds is the cost of what came with it; the decoding of the walls is the load's own, in another process.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
from redis.asyncio import Redis

from exam.app import compose_runtime
from exam.cli.bench.janus import JanusPeers, find_janus, janus
from exam.cli.bench.load import LoadFailedError
from exam.cli.bench.machine import describe_machine, tree_cpu_s
from exam.cli.bench.node_peers import NodePeers
from exam.cli.bench.peers import Peers
from exam.cli.bench.report import Figure, Report
from exam.cli.bench.seating import store_attempts
from exam.cli.bench.stack import Scratch, scratch
from exam.cli.simulation.camera import FPS
from exam.core.clock import SystemClock
from exam.core.db.roles import Role
from exam.core.db.scope import NOTHING
from exam.core.secrets import load_secrets
from proctor.api import NodeEntry, TicketPress, living_nodes

INGEST_LIMIT, FORWARD_LIMIT = 0.27, 0.078
"""Targets of remote proctoring: percent of a core for one publisher and for one 150 kbit/s tile sent on."""
SETTLE_S = 2.0
PATIENCE_S = 60
SAMPLE_S = 5.0
LONG_S = 24 * 3600
_RECORDED = """
select source, sum(extract(epoch from ended_at - began_at))::float8, bool_and(complete)
from proctor_segment group by source
"""


class Course(msgspec.Struct):
    """What was measured while everybody was there; shares are of one core."""

    idle: float = 0.0
    ingest: float = 0.0
    forward: float = 0.0
    pictures: float = 0.0
    """Of the pictures that the walls should have decoded."""
    kbps: float = 0.0
    recordings: int = 0
    sent_s: float = 0.0
    """For how long the last publisher to come has sent."""
    memory_mb: list[float] = []

    def ingest_share(self, publishers: int) -> float:
        """Percent of a core for one publisher taken in and recorded."""
        return (self.ingest - self.idle) / publishers * 100

    def forward_share(self, publishers: int, walls: int) -> float:
        """Percent of a core for one tile sent on."""
        return (self.forward - self.ingest) / (publishers * walls) * 100


def bench_video(*, publishers: int, walls: int, seconds: float, soak_s: float) -> Report:
    """Measure a node over a scratch installation, then Janus on the same work."""
    machine = describe_machine()
    with scratch() as place:
        seats = asyncio.run(_seats(place, publishers))
        with place.background("exam.cli", "media") as process:
            course = asyncio.run(_run_node(place, process.pid, seats, walls, (seconds, soak_s)))
        recorded = _recorded(place.settings.database_url)
    ingest, forward = course.ingest_share(publishers), course.forward_share(publishers, walls)
    least = min((length for length, complete in recorded if complete), default=0.0)
    figures = {
        "publishers": Figure(publishers, "1"),
        "streams_forwarded": Figure(publishers * walls, "1"),
        "tile_rate": Figure(course.kbps, "kbit/s"),
        "node_idle_cpu": Figure(course.idle * 100, "% of a core"),
        "ingest_cpu_per_publisher": Figure(ingest, "% of a core"),
        "forward_cpu_per_stream": Figure(forward, "% of a core"),
        "pictures_arrived": Figure(course.pictures * 100, "%"),
        "memory_first": Figure(course.memory_mb[0], "MB"),
        "memory_half": Figure(course.memory_mb[len(course.memory_mb) // 2], "MB"),
        "memory_last": Figure(course.memory_mb[-1], "MB"),
        "recordings": Figure(len(recorded), "1"),
        "recorded_least": Figure(min(1.0, least / course.sent_s) * 100, "% of the time sent"),
    }
    against = {
        "ingest_over_0.27_percent": ingest / INGEST_LIMIT,
        "forward_over_0.078_percent": forward / FORWARD_LIMIT,
    }
    if program := find_janus():
        theirs = _beside(program, seats, walls, seconds)
        janus_ingest, janus_forward = theirs.ingest_share(publishers), theirs.forward_share(publishers, walls)
        figures |= {
            "janus_ingest_cpu_per_publisher": Figure(janus_ingest, "% of a core"),
            "janus_forward_cpu_per_stream": Figure(janus_forward, "% of a core"),
            "janus_pictures_arrived": Figure(theirs.pictures * 100, "%"),
            "janus_recordings": Figure(theirs.recordings, "1"),
            "janus_memory": Figure(theirs.memory_mb[0], "MB"),
        }
        against |= {"node_over_janus": course.forward / theirs.forward if theirs.forward else 0.0}
    return Report("video", figures, against, machine)


def _beside(program: str, seats: list[UUID], walls: int, seconds: float) -> Course:
    """Let Janus do the same: take in and record every tile, send each to every wall."""
    with tempfile.TemporaryDirectory(prefix="ankao-janus-") as name, janus(program, Path(name)) as (pid, url):
        course = asyncio.run(_run_janus(pid, JanusPeers(url, Path(name)), seats, walls, seconds))
        course.recordings = sum(file.stat().st_size > 0 for file in Path(name).glob("*.mjr"))
        return course


async def _run_janus(pid: int, peers: JanusPeers, seats: list[UUID], walls: int, seconds: float) -> Course:
    await peers.open()
    return await _run(pid, peers, seats, walls, (seconds, 0.0))


async def _seats(place: Scratch, count: int) -> list[UUID]:
    """Store so many attempts at work: the node looks up whose picture it takes."""
    runtime = compose_runtime(place.settings)
    try:
        async with runtime.databases.transaction(NOTHING, Role.OWNER) as session:
            return await store_attempts(session, runtime.clock.now(), count, slots=1, duration_s=LONG_S)
    finally:
        await runtime.close()


async def _run_node(place: Scratch, pid: int, seats: list[UUID], walls: int, lengths: tuple[float, float]) -> Course:
    press = TicketPress(load_secrets(place.settings).tickets, place.settings.root_region, SystemClock())
    return await _run(pid, NodePeers(await _node(place.settings.valkey_url), press), seats, walls, lengths)


async def _run(pid: int, load: Peers, seats: list[UUID], walls: int, lengths: tuple[float, float]) -> Course:
    """Measure a server, which is process `pid`, alone, with its publishers and with walls besides."""
    (seconds, soak_s), course = lengths, Course()
    try:
        await asyncio.sleep(SETTLE_S)
        course.idle = await _share(pid, seconds)
        for seat in seats:
            await load.publish(seat)
        began = time.monotonic()
        await asyncio.sleep(SETTLE_S)
        course.ingest = await _share(pid, seconds)
        for _ in range(walls):
            await load.watch(seats)
        await asyncio.sleep(SETTLE_S)
        await _watch(pid, load, course, seconds, len(seats) * walls)
        await _soak(pid, course, soak_s)
        course.sent_s = time.monotonic() - began
    finally:
        await load.close()
    return course


async def _watch(pid: int, load: Peers, course: Course, seconds: float, streams: int) -> None:
    before, began = load.pictures, time.monotonic()
    course.forward = await _share(pid, seconds)
    course.pictures = (load.pictures - before) / (streams * FPS * (time.monotonic() - began))
    course.kbps = sum(map(len, load.clip)) * 8 * FPS / len(load.clip) / 1000
    course.memory_mb.append(_memory_mb(pid))


async def _soak(pid: int, course: Course, soak_s: float) -> None:
    """Go on and look at the memory now and then; its last value counts against its first."""
    until = time.monotonic() + soak_s
    while time.monotonic() < until:
        await asyncio.sleep(min(SAMPLE_S, max(0.0, until - time.monotonic())))
        course.memory_mb.append(_memory_mb(pid))


async def _share(pid: int, seconds: float) -> float:
    """Return the share of a core that a process uses for so long."""
    cpu_s, began = tree_cpu_s(pid), time.monotonic()
    await asyncio.sleep(seconds)
    return (tree_cpu_s(pid) - cpu_s) / (time.monotonic() - began)


async def _node(valkey_url: str) -> NodeEntry:
    """Wait for the node as the web process finds it."""
    valkey = Redis.from_url(valkey_url, decode_responses=True)
    try:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if nodes := await living_nodes(valkey):
                return nodes[0]
            await asyncio.sleep(0.1)
    finally:
        await valkey.aclose()
    raise LoadFailedError(reason="no media node")


def _memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def _recorded(database_url: str) -> list[tuple[float, bool]]:
    """Return how many seconds are stored of each publisher, and whether each file has its end."""
    with psycopg.connect(database_url) as connection:
        return [(length, complete) for _, length, complete in connection.execute(_RECORDED)]
