"""Reading a stranger's file, or the pictures and sounds of a typed item, in a process of its own with limits."""

import os
import sys
from pathlib import PurePath
from typing import Final

import msgspec

from exam.core.errors import DomainError
from exam.core.limited import limit_process, run_limited
from exam.core.sheets.errors import ReaderStoppedError
from exam.core.sheets.limited import Refusal
from questionbank.formats.drafting import read_proposals
from questionbank.formats.layouts import NO_LAYOUTS, Layouts
from questionbank.formats.reader import read_questions
from questionbank.formats.reading import Proposal, Reading

_SUFFIX_LIMIT: Final = 20


class _Task(msgspec.Struct, forbid_unknown_fields=True):
    """What the child is asked: to read the file that follows, or to judge a typed item."""

    filename: str = ""
    layouts: Layouts = NO_LAYOUTS
    proposal: Proposal | None = None


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    """What the child says: a reading, or why there is none."""

    reading: Reading | None = None
    refusal: Refusal | None = None


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
    given = msgspec.json.encode(task) + b"\n" + data
    answer = msgspec.json.decode(run_limited(__name__, given, memory_mb=memory_mb, seconds=seconds), type=_Answer)
    if answer.reading is None:
        raise answer.refusal.error() if answer.refusal else ReaderStoppedError(reason="memory_or_crash")
    return answer.reading


def main(arguments: list[str]) -> int:
    """Read standard input as a line with the task and the file, write the answer to standard output."""
    memory_mb, seconds = map(int, arguments)
    line, data = sys.stdin.buffer.readline(), sys.stdin.buffer.read()
    limit_process(memory_mb=memory_mb, seconds=seconds)
    try:
        answer = _Answer(reading=_work(msgspec.json.decode(line, type=_Task), data))
    except DomainError as error:
        answer = _Answer(refusal=Refusal.of(error))
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return os.EX_OK


def _work(task: _Task, data: bytes) -> Reading:
    if task.proposal is not None:
        return read_proposals("typed", [task.proposal], {})
    return read_questions(data, task.filename, task.layouts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
