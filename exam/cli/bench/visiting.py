"""How long a page takes to whoever waits for it."""

import time

from exam.cli.simulation.wire import Wire

ROUNDS = 7


async def median_visit(wire: Wire, path: str) -> float:
    """Return the middle of several visits in milliseconds, after one that compiles and warms."""
    return (await visit_times(wire, path, ROUNDS))[ROUNDS // 2]


async def visit_times(wire: Wire, path: str, rounds: int) -> list[float]:
    """Return the milliseconds of visits after one that compiles and warms, the shortest first."""
    times = []
    for _ in range(1 + rounds):
        before = time.perf_counter()
        await wire.get(path)
        times.append((time.perf_counter() - before) * 1000)
    return sorted(times[1:])
