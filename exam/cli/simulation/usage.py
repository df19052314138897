"""CPU seconds of the server's processes on this machine: the supervisor's children and theirs."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# in /proc/PID/stat after the command: utime, stime, and the same of children that have ended
_TIMES = slice(11, 15)


def cpu_of_children(pid: int) -> float:
    """Return the CPU seconds of all descendants of a process, ended ones included; 0 where it is not local."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(_of(int(child)) + cpu_of_children(int(child)) for child in children)


def _of(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(field) for field in text.rpartition(")")[2].split()[_TIMES]) / TICKS
