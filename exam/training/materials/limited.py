"""Making a stranger's file playable in a process of its own, with a limit on memory, time and what it writes.

The child prints one JSON line for every percent and one at its end; the parent reads them as they come.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec

from exam.core.limited import child_environment, limit_process
from exam.training.lessons.film import Film
from exam.training.lessons.package import Package
from exam.training.lessons.slides import Slides
from exam.training.materials.errors import MakingStoppedError, NotMadeError

_MOST_WRITTEN_MB: Final = 4096
MEMORY_MB, SECONDS = 2048, 3 * 3600
Progress = Callable[[int], Awaitable[None]]
Tell = Callable[[int], None]
"""Takes the percentage that is done."""
Made = Film | Slides | Package


class _Line(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What the child says: how far it is, at last what it made, or the code of what is wrong."""

    percent: int = 0
    film: Film | None = None
    slides: Slides | None = None
    package: Package | None = None
    code: str = ""


async def make_limited(
    kind: str, source: Path, folder: Path, progress: Progress, *, memory_mb: int = MEMORY_MB, seconds: int = SECONDS
) -> Made:
    """Make a `film`, `slides` or a `package` in a child that may use `memory_mb` of address space and `seconds` of processor time, and as many again
    of waiting.

    Raises what `make_film`, `make_slides` and `make_package` raise, and MakingStoppedError when the child crashes or meets a limit.
    """
    arguments = (kind, str(source), str(folder), str(memory_mb), str(seconds))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=child_environment(),
        cwd=folder,
    )
    try:
        async with asyncio.timeout(2 * seconds):
            return await _follow(child, progress)
    except TimeoutError as error:
        raise MakingStoppedError from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def _follow(child: asyncio.subprocess.Process, progress: Progress) -> Made:
    if child.stdout is None:
        raise MakingStoppedError
    async for line in child.stdout:
        told = msgspec.json.decode(line, type=_Line)
        made = told.film or told.slides or told.package
        if made is not None:
            return made
        if told.code:
            raise error_of(told.code)
        await progress(told.percent)
    raise MakingStoppedError


def error_of(code: str) -> NotMadeError:
    """Return the error of a code."""
    kinds: list[type[NotMadeError]] = [NotMadeError, *NotMadeError.__subclasses__()]
    return next((kind for kind in kinds if kind.code == code), NotMadeError)()


class _Told:
    """Says each percent once."""

    def __init__(self) -> None:
        self._last = -1

    def __call__(self, percent: int) -> None:
        if percent > self._last:
            self._last = percent
            _say(_Line(percent=percent))


def _say(line: _Line) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _maker(kind: str) -> Callable[[Path, Path, Tell], _Line]:
    """Return what makes a kind, with its libraries: they are for this process alone, and loaded before its limits."""
    if kind == "film":
        from exam.training.materials.film_maker import make_film  # noqa: PLC0415

        return lambda *given: _Line(film=make_film(*given))
    if kind == "slides":
        from exam.training.materials.slide_maker import make_slides  # noqa: PLC0415

        return lambda *given: _Line(slides=make_slides(*given))
    from exam.training.materials.package_maker import make_package  # noqa: PLC0415

    return lambda *given: _Line(package=make_package(*given))


def main(arguments: list[str]) -> int:
    """Make what a file is to become in a folder."""
    kind, source, folder, memory_mb, seconds = arguments
    make = _maker(kind)
    limit_process(memory_mb=int(memory_mb), seconds=int(seconds), written_mb=_MOST_WRITTEN_MB)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.nice(10)
    try:
        _say(make(Path(source), Path(folder), _Told()))
    except NotMadeError as error:
        _say(_Line(code=error.code))
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
