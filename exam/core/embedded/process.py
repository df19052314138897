"""Running a server of ours as a child: as root without being root, and never twice on one data directory."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

NOBODY = 65534
SOCKET_PATH_LIMIT = 90
"""Characters; the system's own limit is 107, and what a server appends must fit."""
_PR_SET_PDEATHSIG = 1


def short_socket(path: Path) -> Path:
    """Return the path, or one of the same name in a fresh private folder where it is too long for a socket."""
    return path if len(str(path)) <= SOCKET_PATH_LIMIT else Path(tempfile.mkdtemp(prefix="ankao-")) / path.name


@cache
def _unshare() -> tuple[str, ...]:
    """Return the prefix under which a program sees itself as `nobody` while its files stay ours; empty if barred."""
    tool = shutil.which("unshare")
    if tool is None:
        return ()
    prefix = (tool, "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
    probe = subprocess.run([*prefix, "true"], check=False, capture_output=True)
    return prefix if probe.returncode == 0 else ()


def not_as_root(command: Sequence[str]) -> list[str]:
    """Return the command in a form that a server which refuses root will accept."""
    return [*(_unshare() if os.geteuid() == 0 else ()), *command]


def needs_other_user() -> bool:
    """Tell whether we are root where user namespaces are barred, so that the server must run as `nobody`."""
    return os.geteuid() == 0 and not _unshare()


def groups_of(user: str | None) -> dict[str, Any]:
    """Return what `subprocess` must be told so that a child of another user keeps none of root's groups."""
    return {} if user is None else {"group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def die_with_parent() -> None:
    """Let this process end when the thread that started it does."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def spawn(
    command: Sequence[str],
    *,
    log: IO[bytes] | int | None = None,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a child in its own process group, which ends when the calling thread does (prctl(2), PR_SET_PDEATHSIG)."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT if log is not None else None,
        env=env,
        user=user,
        **groups_of(user),
        process_group=0,
        preexec_fn=die_with_parent,  # noqa: PLW1509  # set between fork and exec; no thread of ours holds a lock there
    )


def end(process: "subprocess.Popen[bytes]", *, ask: int = signal.SIGTERM, patience_s: float = 20) -> None:
    """Ask a child to stop and wait; kill it when its patience is over."""
    if process.poll() is not None:
        return
    process.send_signal(ask)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_all(processes: Iterable["subprocess.Popen[bytes]"], *, patience_s: float = 20) -> None:
    """Ask all children at once and wait for each: the slowest one alone decides how long it takes."""
    asked = [process for process in processes if process.poll() is None]
    for process in asked:
        process.terminate()
    until = time.monotonic() + patience_s
    for process in asked:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def end_leftover(pid_file: Path, marker: str, *, ask: int, patience_s: float = 15) -> None:
    """Stop what a killed supervisor has left running: the process named in a pid file whose command holds `marker`."""
    try:
        pid = int(pid_file.read_text(encoding="ascii").split(maxsplit=1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except (FileNotFoundError, ValueError, IndexError, ProcessLookupError):
        return
    if marker not in command:
        return
    os.kill(pid, ask)
    until = time.monotonic() + patience_s
    while time.monotonic() < until and Path(f"/proc/{pid}/cmdline").exists():
        if not _cmdline(pid):
            return  # a zombie: ended, not yet reaped by whoever adopted it
        time.sleep(0.1)


def _cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
