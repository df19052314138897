"""Reading a stranger's file, or the pictures and sounds of a typed item, in a process of its own with limits."""

import os
import resource
import subprocess
import sys
from pathlib import Path, PurePath
from typing import Final

import msgspec

from exam.core.errors import DomainError
from exam.core.sheets.errors import UnreadableFileError
from questionbank.formats.drafting import read_proposals
from questionbank.formats.errors import ReaderStoppedError
from questionbank.formats.layouts import NO_LAYOUTS, Layouts
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import FieldValue, Proposal, Reading

_ROOT: Final = Path(__file__).resolve().parents[2]
_SUFFIX_LIMIT: Final = 20
_MEGABYTE: Final = 1024 * 1024
_START_UP_S: Final = 5
"""Starting an interpreter on a busy machine, beyond the time that reading may take."""


class _Task(msgspec.Struct, forbid_unknown_fields=True):
    """What the child is asked: to read the file that follows, or to judge a typed item."""

    filename: str = ""
    layouts: Layouts = NO_LAYOUTS
    proposal: Proposal | None = None


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    """What the child says: a reading, or a domain error by its code."""

    reading: Reading | None = None
    code: str = ""
    fields: dict[str, FieldValue] = {}


def read_in_subprocess(
    data: bytes, filename: str, layouts: Layouts = NO_LAYOUTS, *, memory_mb: int = 512, seconds: int = 20
) -> Reading:
    """Read a question file in a child that may use `memory_mb` of address space and `seconds` of processor time.

    Raises what `read_questions` raises, and ReaderStoppedError when the child crashes or meets a limit.
    """
    suffix = PurePath(filename.replace("\0", "")).suffix[:_SUFFIX_LIMIT]
    return _ask(_Task(filename=f"file{suffix}", layouts=layouts), data, memory_mb=memory_mb, seconds=seconds)


def judge_in_subprocess(proposal: Proposal, *, memory_mb: int = 512, seconds: int = 20) -> Reading:
    """Judge a typed item with its files in such a child; raises ReaderStoppedError when it crashes or meets a limit."""
    return _ask(_Task(proposal=proposal), b"", memory_mb=memory_mb, seconds=seconds)


def _ask(task: _Task, data: bytes, *, memory_mb: int, seconds: int) -> Reading:
    command = [sys.executable, "-m", "questionbank.formats.limited", str(memory_mb), str(seconds)]
    environment = {"PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(
            command,
            input=msgspec.json.encode(task) + b"\n" + data,
            capture_output=True,
            timeout=seconds + _START_UP_S,
            check=False,
            env=environment,
            cwd=_ROOT,
        )
    except subprocess.TimeoutExpired as error:
        raise ReaderStoppedError(reason="time") from error
    if done.returncode != 0:
        raise ReaderStoppedError(reason="memory_or_crash")
    answer = msgspec.json.decode(done.stdout, type=_Answer)
    if answer.reading is None:
        raise _find_error(answer.code)(**answer.fields)
    return answer.reading


def _find_error(code: str) -> type[DomainError]:
    """Return the error class of a code, among all ways in which a file is unreadable."""
    waiting: list[type[DomainError]] = [UnreadableFileError]
    while waiting:
        kind = waiting.pop()
        if kind.code == code:
            return kind
        waiting += kind.__subclasses__()
    return UnreadableFileError


def main(arguments: list[str]) -> int:
    """Read standard input as a line with the task and the file, write the answer to standard output."""
    memory_mb, seconds = map(int, arguments)
    line, data = sys.stdin.buffer.readline(), sys.stdin.buffer.read()
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * _MEGABYTE,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = _Answer(reading=_work(msgspec.json.decode(line, type=_Task), data))
    except DomainError as error:
        fields = {name: value if isinstance(value, int) else str(value) for name, value in error.fields.items()}
        answer = _Answer(code=error.code, fields=fields)
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return os.EX_OK


def _work(task: _Task, data: bytes) -> Reading:
    if task.proposal is not None:
        return read_proposals("typed", [task.proposal], {})
    return read_questions(data, task.filename, task.layouts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
