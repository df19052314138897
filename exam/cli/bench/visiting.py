"""How long a page takes to whoever waits for it."""

import time

from exam.cli.simulation.wire import Wire

ROUNDS = 7


async def median_visit(wire: Wire, path: str) -> float:
    """Return the middle of several visits in milliseconds, after one that compiles and warms."""
    times = []
    for _ in range(1 + ROUNDS):
        before = time.perf_counter()
        await wire.get(path)
        times.append((time.perf_counter() - before) * 1000)
    return sorted(times[1:])[ROUNDS // 2]
