"""Taking a SCORM package apart: every file measured and stored by itself; runs in the limited process only.

The zip comes from a stranger. It is inflated into nothing before it is read (`check_archive`), and its files are
served from an origin of their own, where nobody is logged in.
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Final

from lxml import etree  # type: ignore[import-untyped]

from exam.core.sheets.archive import check_archive, read_member
from exam.core.sheets.errors import ArchiveBombError, DamagedArchiveError, UnsafeArchiveError
from exam.training.lessons.package import Package, PackageItem, Standard, file_name, path_of
from exam.training.materials.errors import (
    PackageArchiveError,
    PackageElsewhereError,
    PackageManifestError,
)
from exam.training.materials.limited import Tell

MANIFEST: Final = "imsmanifest.xml"
MOST_MANIFEST: Final = 4 * 1024 * 1024
MOST_ITEMS: Final = 100
TITLE_LENGTH: Final = 200
_PARSER: Final = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}


def make_package(source: Path, folder: Path, tell: Tell) -> Package:
    """Write the package's files into a folder, named by `file_name`; raises NotMadeError and its kinds."""
    data = source.read_bytes()
    try:
        names = check_archive(data)
        package = _read_manifest(data, names)
        digest = sha256()
        for place, name in enumerate(sorted(names)):
            content = read_member(data, name)
            path = _inside(name)
            (folder / file_name(path)).write_bytes(content)
            digest.update(sha256(path.encode()).digest() + sha256(content).digest())
            tell(min((place + 1) * 100 // len(names), 99))
    except (ArchiveBombError, DamagedArchiveError, UnsafeArchiveError) as error:
        raise PackageArchiveError from error
    return Package(
        folder="",
        standard=package[0],
        title=package[1],
        items=package[2],
        files=len(names),
        digest=digest.hexdigest(),
    )


def _inside(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")


def _read_manifest(data: bytes, names: tuple[str, ...]) -> tuple[Standard, str, tuple[PackageItem, ...]]:
    known = {_inside(name): name for name in names}
    if MANIFEST not in known:
        raise PackageManifestError
    text = read_member(data, known[MANIFEST])
    try:
        root = etree.fromstring(text[: MOST_MANIFEST + 1], etree.XMLParser(**_PARSER, remove_comments=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PackageManifestError from error
    if root.getroottree().docinfo.doctype:  # what declares entities is no manifest
        raise PackageManifestError
    items = tuple(_items(root, frozenset(known)))
    if not 0 < len(items) <= MOST_ITEMS:
        raise PackageManifestError
    return _standard(root), _text(root, "organization", "title")[:TITLE_LENGTH], items


def _standard(root: etree._Element) -> Standard:
    """Read the version: 1.2 says so, or says nothing; every edition of 2004 has a name of its own."""
    version = _text(root, "metadata", "schemaversion").strip()
    if version == "1.2" or (not version and "adlcp_rootv1p2" in etree.tostring(root).decode("utf-8", "replace")):
        return Standard.SCORM_12
    if version.startswith("2004") or version in {"CAM 1.3", "1.3"}:
        return Standard.SCORM_2004
    raise PackageManifestError


def _items(root: etree._Element, known: frozenset[str]) -> Iterator[PackageItem]:
    """Yield the parts of the default organisation in their order."""
    resources = {each.get("identifier"): each for each in _all(root, "resource")}
    organisations = list(_all(root, "organization"))
    default = next((each.get("default") for each in _all(root, "organizations")), None)
    chosen = next((each for each in organisations if each.get("identifier") == default), None)
    numbers = count(1)
    for item in _all(chosen if chosen is not None else (organisations or [root])[0], "item"):
        resource = resources.get(item.get("identifierref") or "-")
        if resource is None or not resource.get("href"):
            continue
        yield _item(root, item, resource, known, next(numbers))


def _item(
    root: etree._Element, item: etree._Element, resource: etree._Element, known: frozenset[str], number: int
) -> PackageItem:
    base = "".join(each.get(f"{{{_XML}}}base") or "" for each in (root, *_all(root, "resources"), resource))
    parameters = item.get("parameters") or ""
    href = base + (resource.get("href") or "")
    if ":" in href.partition("/")[0] or href.startswith(("/", "\\")) or path_of(href) not in known:
        raise PackageElsewhereError
    joint = "" if not parameters or parameters[0] in "?#" else "&" if "?" in href else "?"
    return PackageItem(
        key=(item.get("identifier") or f"item-{number}")[:TITLE_LENGTH],
        title=(_child(item, "title") or f"{number}")[:TITLE_LENGTH],
        href=href + joint + parameters,
        mastery=_child(item, "masteryscore")[:10],
        launch=(_child(item, "datafromlms") or _child(item, "dataFromLMS"))[:4096],
    )


_XML: Final = "http://www.w3.org/XML/1998/namespace"


def _all(root: etree._Element, name: str) -> Iterator[etree._Element]:
    yield from root.iter(f"{{*}}{name}", name)


def _child(parent: etree._Element, name: str) -> str:
    found = next((each for each in parent if isinstance(each.tag, str) and etree.QName(each).localname == name), None)
    return " ".join((found.text or "").split()) if found is not None else ""


def _text(root: etree._Element, parent: str, name: str) -> str:
    return next((text for each in _all(root, parent) if (text := _child(each, name))), "")
