"""Binary workbooks as bytes: records of BIFF8 (MS-XLS) in a compound file of one stream (MS-CFB)."""

from collections.abc import Mapping, Sequence
from struct import pack
from typing import NamedTuple

_SECTOR = 512
_FREE, _END_OF_CHAIN, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_LEAST_STREAM = 4096
"""Shorter streams would stand in the compound file's small sectors."""


class Placed(NamedTuple):
    """A cell: its text, and whether a formula computed it."""

    row: int
    column: int
    text: str
    computed: bool = False


def make_xls(sheets: Mapping[str, Sequence[Placed]], *, starts: Sequence[int] | None = None) -> bytes:
    """Return an xls file; `starts` lies about where the sheets begin."""
    bodies = [b"".join((_begin(0x0010), *map(_cell, cells), _END)) for cells in sheets.values()]
    heads = len(_begin(0x0005)) + sum(len(_named(name, 0)) for name in sheets) + len(_END)
    places = [heads + sum(map(len, bodies[:number])) for number in range(len(bodies))]
    names = b"".join(_named(name, place) for name, place in zip(sheets, starts or places, strict=True))
    return _compound(_begin(0x0005) + names + _END + b"".join(bodies))


def _record(kind: int, body: bytes) -> bytes:
    return pack("<HH", kind, len(body)) + body


_END = _record(0x000A, b"")


def _begin(kind: int) -> bytes:
    return _record(0x0809, pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _named(name: str, place: int) -> bytes:
    return _record(0x0085, pack("<IBB", place, 0, 0) + pack("<BB", len(name), 1) + name.encode("utf-16-le"))


def _cell(cell: Placed) -> bytes:
    text = pack("<HB", len(cell.text), 1) + cell.text.encode("utf-16-le")
    place = pack("<HHH", cell.row, cell.column, 0)
    if not cell.computed:
        return _record(0x0204, place + text)
    shown = pack("<B5xH", 0, 0xFFFF)
    one = pack("<HIHBH", 0, 0, 3, 0x1E, 1)
    return _record(0x0006, place + shown + one) + _record(0x0207, text)


def _compound(stream: bytes) -> bytes:
    """Sector 0 holds the chain of sectors, 1 the directory, the rest the stream."""
    stream = stream.ljust(max(_LEAST_STREAM, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    count = len(stream) // _SECTOR
    if count + 2 > _SECTOR // 4:
        raise ValueError(count)
    chain = [_FAT, _END_OF_CHAIN, *range(3, count + 2), _END_OF_CHAIN]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + pack(
        "<16xHHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, _LEAST_STREAM, _END_OF_CHAIN, 0, _END_OF_CHAIN, 0
    )
    fats = pack("<109I", 0, *[_FREE] * 108)
    folder = _entry("Root Entry", 5, _END_OF_CHAIN, 0, child=1) + _entry("Workbook", 2, 2, len(stream))
    return head + fats + pack("<128I", *chain, *[_FREE] * (128 - len(chain))) + folder.ljust(_SECTOR, b"\0") + stream


def _entry(name: str, kind: int, start: int, size: int, *, child: int = _FREE) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    return written.ljust(64, b"\0") + pack("<HBBIII36xIQ", len(written), kind, 1, _FREE, _FREE, child, start, size)
