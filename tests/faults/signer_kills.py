"""A signer that is started and killed again and again: a process of its own, so that nothing else is forked."""

import asyncio
import faulthandler
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from random import Random

import msgspec

from exam.app import compose_runtime
from exam.core.audit.custody import SignedState
from exam.core.audit.publication import CHECKPOINT
from exam.core.config import load_settings
from tests.builders.log import new_signer

LONGEST_S = 0.08
"""A turn takes less: the moment of the kill falls anywhere in one."""
PATIENCE_S = 10


def main(kills: int, seed: int) -> None:
    """Kill so many signers at random moments; print every note that was ever signed or published, as JSON lines."""
    settings, random = load_settings(), Random(seed)
    shown = [settings.signer_folder / "state.json", settings.data_dir / "files" / CHECKPOINT]
    for _ in range(kills):
        child = os.fork()
        if child == 0:
            _sign_until_killed()
        try:
            _wait_for_change(shown[0], child)
            time.sleep(random.uniform(0, LONGEST_S))
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        for path in shown:
            _tell(path)


def _wait_for_change(path: Path, child: int) -> None:
    """Wait until the signer has come as far as signing."""
    before, until = _written(path), time.monotonic() + PATIENCE_S
    while _written(path) == before:
        if time.monotonic() > until:
            os.kill(child, signal.SIGABRT)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # it tells where it stood
            message = "the signer did not come as far as signing"
            raise TimeoutError(message)
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            message = "the signer ended by itself"
            raise RuntimeError(message)
        time.sleep(0.002)


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def _sign_until_killed() -> None:
    """Run a signer in the forked process; what happens to it is told, and never goes on as the parent does."""
    faulthandler.enable()
    try:
        asyncio.run(_sign())
    except BaseException:  # noqa: BLE001  # a fork ends here whatever happened
        traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)


async def _sign() -> None:
    runtime = compose_runtime(load_settings())
    await new_signer(runtime).run()


def _tell(path: Path) -> None:
    if path.exists():
        data = path.read_bytes()
        note = msgspec.json.decode(data, type=SignedState).note if path.suffix == ".json" else data
        sys.stdout.buffer.write(msgspec.json.encode(note.decode()) + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
