"""Work on a stranger's bytes in a process of its own: what they break there, by memory, time or a crash, is not the server's."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Final

from exam.core.sheets.errors import ReaderStoppedError

_ROOT: Final = Path(__file__).resolve().parents[2]
_MEGABYTE: Final = 1024 * 1024
_START_UP_S: Final = 5
"""Starting an interpreter on a busy machine, beyond the time that the work may take."""


def run_limited(module: str, given: bytes, *, memory_mb: int, seconds: int) -> bytes:
    """Return what a module says of `given`; as a program it reads its limits from the command line and calls `limit_process`.

    Raises ReaderStoppedError when the child crashes or meets a limit.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, str(memory_mb), str(seconds)],
            input=given,
            capture_output=True,
            timeout=seconds + _START_UP_S,
            check=False,
            env=child_environment(),
            cwd=_ROOT,
        )
    except subprocess.TimeoutExpired as error:
        raise ReaderStoppedError(reason="time") from error
    if done.returncode != os.EX_OK:
        raise ReaderStoppedError(reason="memory_or_crash")
    return done.stdout


def child_environment() -> dict[str, str]:
    """Return the whole environment of a child: none of the server's settings or secrets."""
    return {"PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}


def limit_process(*, memory_mb: int, seconds: int, written_mb: int = 0) -> None:
    """Allow this process so much address space, processor time and length of any file it writes, and no core dump."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * _MEGABYTE,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written_mb * _MEGABYTE,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
