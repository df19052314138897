"""Taking a course package (SCORM, cmi5) apart: every file measured and stored by itself; runs in the limited process only.

The zip comes from a stranger. It is inflated into nothing before it is read (`check_archive`), and its files are
served from an origin of their own, where nobody is logged in.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from exam.core.sheets.archive import check_archive, read_member
from exam.core.sheets.errors import ArchiveBombError, DamagedArchiveError, UnsafeArchiveError
from exam.training.lessons.package import Package, file_name
from exam.training.materials.cmi5_course import read_course
from exam.training.materials.errors import PackageArchiveError, PackageManifestError
from exam.training.materials.limited import Tell
from exam.training.materials.scorm_manifest import read_manifest

READERS: Final = {"imsmanifest.xml": read_manifest, "cmi5.xml": read_course}
"""What lies at the top of a package, the first that is found, and who reads it."""
MOST_MANIFEST: Final = 4 * 1024 * 1024
_PARSER: Final = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


def make_package(source: Path, folder: Path, tell: Tell) -> Package:
    """Write the package's files into a folder, named by `file_name`; raises NotMadeError and its kinds."""
    data = source.read_bytes()
    try:
        names = check_archive(data)
        package = _read_top(data, names)
        digest = sha256()
        for place, name in enumerate(sorted(names)):
            content = read_member(data, name)
            path = _inside(name)
            (folder / file_name(path)).write_bytes(content)
            digest.update(sha256(path.encode()).digest() + sha256(content).digest())
            tell(min((place + 1) * 100 // len(names), 99))
    except (ArchiveBombError, DamagedArchiveError, UnsafeArchiveError) as error:
        raise PackageArchiveError from error
    return msgspec.structs.replace(package, files=len(names), digest=digest.hexdigest())


def _inside(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")


def _read_top(data: bytes, names: tuple[str, ...]) -> Package:
    known = {_inside(name): name for name in names}
    for top, read in READERS.items():
        if top in known:
            return read(_parse(read_member(data, known[top])), frozenset(known))
    raise PackageManifestError


def _parse(text: bytes) -> etree._Element:
    try:
        root = etree.fromstring(text[: MOST_MANIFEST + 1], etree.XMLParser(**_PARSER, remove_comments=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PackageManifestError from error
    if root.getroottree().docinfo.doctype:  # what declares entities is no manifest
        raise PackageManifestError
    return root
