"""Where formulas stand in a binary workbook (xls): records of its stream, in a compound file (MS-XLS, MS-CFB)."""

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from olefile import OleFileIO  # type: ignore[import-untyped]

from exam.core.sheets.formulas import Places

_STREAMS: Final = ("Workbook", "Book")
"""Of Excel 97 and later, and of Excel 5."""
_HEAD: Final = struct.Struct("<HH")
_PLACE: Final = struct.Struct("<HH")
_START: Final = struct.Struct("<I")
_FORMULA: Final = 0x0006
_BEGIN: Final = 0x0809
_END: Final = 0x000A
_SHEET: Final = 0x0085


def find_binary_formulas(data: bytes, sheets: int) -> list[Places]:
    """Return the places of formulas of each of `sheets` sheets, in the workbook's order (MS-XLS 2.4.28, 2.4.127).

    Raises ValueError for what is no such workbook. A damaged one may take long: call it in a process with limits.
    """
    try:
        stream = _workbook_stream(data)
        starts = [_START.unpack_from(stream, at)[0] for kind, at in _records(stream, 0) if kind == _SHEET]
        found = {start: frozenset(_formulas(stream, start)) for start in set(starts)}
    except (OSError, IndexError, RecursionError, struct.error) as error:
        raise ValueError from error
    if len(starts) != sheets:
        raise ValueError(len(starts))
    return [found[start] for start in starts]


def _workbook_stream(data: bytes) -> bytes:
    with OleFileIO(BytesIO(data)) as compound:
        stream: bytes = compound.openstream(next(filter(compound.exists, _STREAMS), _STREAMS[0])).read()
    return stream


def _formulas(stream: bytes, start: int) -> Iterator[tuple[int, int]]:
    return (_PLACE.unpack_from(stream, at) for kind, at in _records(stream, start) if kind == _FORMULA)


def _records(stream: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield the kind and the place of each record's body, of one substream with those inside it (a sheet's charts)."""
    depth = 0
    while start + _HEAD.size <= len(stream):
        kind, size = _HEAD.unpack_from(stream, start)
        yield kind, start + _HEAD.size
        depth += (kind == _BEGIN) - (kind == _END)
        if depth <= 0:
            return
        start += _HEAD.size + size
