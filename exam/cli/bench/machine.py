"""The machine a figure was measured on, and the processor time that its processes have used."""

import os
import platform
import sys
from pathlib import Path

import msgspec

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_FIRST_FIELD = 3
_TIMES = slice(14 - _FIRST_FIELD, 18 - _FIRST_FIELD)
"""utime, stime, cutime, cstime of proc(5), counted from the field behind the command's closing bracket."""


class Machine(msgspec.Struct, frozen=True):
    """What figures depend on; `load` is the one-minute average when the run began, so that a shared machine shows."""

    cpu: str
    cores: int
    python: str
    load: float


def describe_machine() -> Machine:
    """Return this machine as it is now."""
    return Machine(
        _cpu(),
        os.cpu_count() or 1,
        f"{platform.python_version()} {sys.version.split('[')[-1].rstrip(']')}",
        round(os.getloadavg()[0], 2),
    )


def tree_cpu_s(pid: int) -> float:
    """Return the processor seconds of a process and its descendants, those included that have ended and been waited for.

    The kernel counts in ticks, 10 ms as a rule: a measurement should take seconds.
    """
    ticks, waiting = 0, [pid]
    while waiting:
        folder = Path(f"/proc/{waiting.pop()}")
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            waiting += [
                int(child) for task in (folder / "task").iterdir() for child in (task / "children").read_text().split()
            ]
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += sum(map(int, fields[_TIMES]))
    return ticks / TICKS_PER_S


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
