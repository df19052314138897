"""The manifest of an evidence bundle and its check: every file named, none added, none changed."""

import hashlib
import io
import zipfile
from datetime import datetime
from uuid import UUID

import msgspec

from exam.core.errors import DomainError

FORMAT = "ankao-evidence-1"
MANIFEST = "manifest.json"
MAX_FILES = 2000
MAX_BYTES = 1024 * 1024 * 1024
MAX_MANIFEST = 1024 * 1024


class BundleBrokenError(DomainError):
    """The file is no evidence bundle, or not the one that was made."""

    code = "bundle_broken"
    message = "证据包无效:{reason}"


class Listed(msgspec.Struct, frozen=True):
    """One file of a bundle."""

    path: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a bundle holds, of what, made when and by whom."""

    format: str
    incident_id: UUID
    attempt_id: UUID
    exported_at: datetime
    exported_by: UUID | None
    files: list[Listed]


class Checked(msgspec.Struct, frozen=True):
    """A bundle that is whole: its manifest and the digest that the ledger knows it by."""

    manifest: Manifest
    digest: str


def is_bundle(data: bytes) -> bool:
    """Tell a bundle from other files by its beginning: the first name in the zip is the manifest's."""
    return data[:4] == b"PK\x03\x04" and data[30 : 30 + len(MANIFEST)] == MANIFEST.encode()


def check_bundle(data: bytes) -> Checked:
    """Return what a bundle says of itself if it holds exactly what its manifest names; raises BundleBrokenError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _check(archive)
    except (zipfile.BadZipFile, msgspec.DecodeError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BundleBrokenError(reason="format") from error


def _check(archive: zipfile.ZipFile) -> Checked:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_BYTES:
        raise BundleBrokenError(reason="size")
    if len(set(names)) != len(names) or MANIFEST not in names:
        raise BundleBrokenError(reason="names")
    if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST:
        raise BundleBrokenError(reason="size")
    body = archive.read(MANIFEST)
    manifest = msgspec.json.decode(body, type=Manifest)
    if manifest.format != FORMAT or {*names} != {MANIFEST, *(each.path for each in manifest.files)}:
        raise BundleBrokenError(reason="names")
    for each in manifest.files:
        content = archive.read(each.path)
        if len(content) != each.size or hashlib.sha256(content).hexdigest() != each.sha256:
            raise BundleBrokenError(reason=f"changed: {each.path}")
    return Checked(manifest, hashlib.sha256(body).hexdigest())
