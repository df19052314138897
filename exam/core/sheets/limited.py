"""Tables from strangers, whom no parser's crash lets stop the server: workbooks are read in a process with limits."""

import os
import sys
from typing import Final

import msgspec

from exam.core.errors import DomainError
from exam.core.limited import limit_process, run_limited
from exam.core.sheets.archive import ZIP_MAGIC
from exam.core.sheets.errors import UnreadableFileError
from exam.core.sheets.reader import OLE_MAGIC, Sheet, read_delimited, read_workbook

MEMORY_MB: Final = 768
SECONDS: Final = 20


class Refusal(msgspec.Struct, forbid_unknown_fields=True):
    """An error of an unreadable file on its way between two processes."""

    code: str
    fields: dict[str, str | int]

    @classmethod
    def of(cls, error: DomainError) -> "Refusal":
        fields = {name: value if isinstance(value, int) else str(value) for name, value in error.fields.items()}
        return cls(code=error.code, fields=fields)

    def error(self) -> DomainError:
        """Return the error again, of its own class among all ways in which a file is unreadable."""
        waiting: list[type[DomainError]] = [UnreadableFileError]
        while waiting:
            kind = waiting.pop()
            if kind.code == self.code:
                return kind(**self.fields)
            waiting += kind.__subclasses__()
        return UnreadableFileError()


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    sheets: list[Sheet] = []
    refusal: Refusal | None = None


def read_sheets(data: bytes, *, memory_mb: int = MEMORY_MB, seconds: int = SECONDS) -> list[Sheet]:
    """Read a workbook (xlsx, xls, ods) or delimited text, of whatever encoding.

    Raises what `read_workbook` and `read_delimited` raise, and ReaderStoppedError when a workbook takes more than
    `memory_mb` of address space or `seconds` of processor time, or its parser crashes.
    """
    if not data.startswith((ZIP_MAGIC, OLE_MAGIC)):
        return [read_delimited(data)]
    answer = msgspec.json.decode(run_limited(__name__, data, memory_mb=memory_mb, seconds=seconds), type=_Answer)
    if answer.refusal is not None:
        raise answer.refusal.error()
    return answer.sheets


def main(arguments: list[str]) -> int:
    """Read standard input as a workbook, write its sheets or the refusal to standard output."""
    memory_mb, seconds = map(int, arguments)
    data = sys.stdin.buffer.read()
    limit_process(memory_mb=memory_mb, seconds=seconds)
    try:
        answer = _Answer(sheets=read_workbook(data))
    except DomainError as error:
        answer = _Answer(refusal=Refusal.of(error))
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
