"""Zip archives from strangers: measured by inflating every member into nothing, before any parser opens them."""

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final

from exam.core.sheets.errors import ArchiveBombError, DamagedArchiveError, UnsafeArchiveError

MAX_RATIO: Final = 100
MAX_TOTAL_BYTES: Final = 200 * 1024 * 1024
MAX_MEMBERS: Final = 2_000
ZIP_MAGIC: Final = b"PK\x03\x04"

_ENTRY_MAGIC = b"PK\x01\x02"
_LOCAL_HEADER_BYTES = 30
_RATIO_FLOOR_BYTES = 100_000
"""Below this a high ratio harms nobody: short XML parts of real workbooks compress beyond 100."""
_CHUNK_BYTES = 1024 * 1024
_ENCRYPTED = 0x1
_NESTED = (ZIP_MAGIC, b"PK\x05\x06", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\x00", b"BZh")
_NESTED_BYTES = max(map(len, _NESTED))
_DAMAGED = (KeyError, zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError)
_DRIVE = re.compile(r"^[A-Za-z]:")


def check_archive(data: bytes) -> tuple[str, ...]:
    """Return the member names of a zip after every safety check (OWASP ASVS 5.2: size, ratio, path, symlink).

    Sizes are counted by inflating, never taken from the directory, which an attacker writes.
    Raises ArchiveBombError, UnsafeArchiveError or DamagedArchiveError.
    """
    members = _list_members(data)
    _check_declared(members, len(data))
    total = 0
    for member in members:
        _check_name(member)
        total += _check_content(data, member, MAX_TOTAL_BYTES - total)
    return tuple(member.filename for member in members if not member.is_dir())


def read_member(data: bytes, name: str) -> bytes:
    """Return one member of an archive that `check_archive` has passed."""
    return member_reader(data)(name)


def member_reader(data: bytes) -> Callable[[str], bytes]:
    """Return what reads any member of an archive that `check_archive` has passed; the directory is read once for all."""
    archive = zipfile.ZipFile(BytesIO(data))

    def read(name: str) -> bytes:
        try:
            return archive.read(name)
        except _DAMAGED as error:
            raise DamagedArchiveError(member=name) from error

    return read


def _list_members(data: bytes) -> list[zipfile.ZipInfo]:
    """Read the directory, after a cheap bound on its length: zipfile would build a million entries first."""
    entries = data.count(_ENTRY_MAGIC)
    if entries > MAX_MEMBERS:
        raise ArchiveBombError(measure="members", found=entries, limit=MAX_MEMBERS)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError) as error:
        raise DamagedArchiveError(member="") from error


def _check_declared(members: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse what the directory already admits, so that an honest bomb costs nothing."""
    names = {member.filename.casefold() for member in members}
    if len(names) != len(members):
        raise UnsafeArchiveError(reason="duplicate", member="")
    if sum(member.compress_size for member in members) > size:
        raise UnsafeArchiveError(reason="overlap", member="")
    total = sum(member.file_size for member in members)
    if total > MAX_TOTAL_BYTES:
        raise ArchiveBombError(measure="bytes", found=total, limit=MAX_TOTAL_BYTES)
    for member in members:
        _check_ratio(member.file_size, member.compress_size)


def _check_ratio(inflated: int, compressed: int) -> None:
    if inflated > _RATIO_FLOOR_BYTES and inflated > MAX_RATIO * max(compressed, 1):
        raise ArchiveBombError(measure="ratio", found=inflated // max(compressed, 1), limit=MAX_RATIO)


def _check_name(member: zipfile.ZipInfo) -> None:
    name = member.orig_filename.replace("\\", "/")
    if not name or name.startswith("/") or _DRIVE.match(name) or "\0" in name or ".." in name.split("/"):
        raise UnsafeArchiveError(reason="path", member=name[:80])
    mode = member.external_attr >> 16
    if mode and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_IFMT(mode) == 0):
        raise UnsafeArchiveError(reason="symlink", member=name[:80])
    if member.flag_bits & _ENCRYPTED:
        raise UnsafeArchiveError(reason="encrypted", member=name[:80])


def _check_content(data: bytes, member: zipfile.ZipInfo, allowance: int) -> int:
    """Inflate one member into nothing; return its true size in bytes."""
    size, head = 0, b""
    for chunk in _inflate(data, member):
        size += len(chunk)
        head = (head + chunk[:_NESTED_BYTES])[:_NESTED_BYTES]
        if size > allowance:
            raise ArchiveBombError(measure="bytes", found=MAX_TOTAL_BYTES + 1, limit=MAX_TOTAL_BYTES)
        _check_ratio(size, member.compress_size)
    if size != member.file_size:
        raise DamagedArchiveError(member=member.filename[:80])
    if head.startswith(_NESTED):
        raise UnsafeArchiveError(reason="nested", member=member.filename[:80])
    return size


def _inflate(data: bytes, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member's bytes in bounded chunks, located by its local header (APPNOTE 4.3.7)."""
    at = member.header_offset
    if data[at : at + 4] != ZIP_MAGIC:
        raise DamagedArchiveError(member=member.filename[:80])
    name_bytes = int.from_bytes(data[at + 26 : at + 28], "little")
    extra_bytes = int.from_bytes(data[at + 28 : at + 30], "little")
    start = at + _LOCAL_HEADER_BYTES + name_bytes + extra_bytes
    packed = data[start : start + member.compress_size]
    if member.compress_type == zipfile.ZIP_STORED:
        yield packed
        return
    if member.compress_type != zipfile.ZIP_DEFLATED:
        raise DamagedArchiveError(member=member.filename[:80])
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        while packed and not inflater.eof:
            yield inflater.decompress(packed, _CHUNK_BYTES)
            packed = inflater.unconsumed_tail
    except zlib.error as error:
        raise DamagedArchiveError(member=member.filename[:80]) from error
