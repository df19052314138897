"""The manifest of a SCORM package: its version and the parts of its default organisation; pure."""

from collections.abc import Iterator
from itertools import count

from lxml import etree  # type: ignore[import-untyped]

from exam.training.lessons.package import Package, PackageItem, Standard
from exam.training.materials.errors import PackageManifestError
from exam.training.materials.package_xml import MOST_ITEMS, TITLE_LENGTH, all_of, child_of, own_href, text_of

_XML = "http://www.w3.org/XML/1998/namespace"


def read_manifest(root: etree._Element, known: frozenset[str]) -> Package:
    """Return the package that an `imsmanifest.xml` describes; raises PackageManifestError and PackageElsewhereError."""
    chosen = _chosen(root)
    items = tuple(_items(root, chosen, known))
    if not 0 < len(items) <= MOST_ITEMS:
        raise PackageManifestError
    title = child_of(chosen, "title")[:TITLE_LENGTH]
    return Package(folder="", standard=_standard(root), title=title, items=items, files=0, digest="")


def _standard(root: etree._Element) -> Standard:
    """Read the version: 1.2 says so, or says nothing; every edition of 2004 has a name of its own."""
    version = text_of(root, "metadata", "schemaversion").strip()
    if version == "1.2" or (not version and "adlcp_rootv1p2" in etree.tostring(root).decode("utf-8", "replace")):
        return Standard.SCORM_12
    if version.startswith("2004") or version in {"CAM 1.3", "1.3"}:
        return Standard.SCORM_2004
    raise PackageManifestError


def _chosen(root: etree._Element) -> etree._Element:
    """Return the default organisation, the first one where none is named, the whole where there is none."""
    organisations = list(all_of(root, "organization"))
    default = next((each.get("default") for each in all_of(root, "organizations")), None)
    return next((each for each in organisations if each.get("identifier") == default), (organisations or [root])[0])


def _items(root: etree._Element, chosen: etree._Element, known: frozenset[str]) -> Iterator[PackageItem]:
    """Yield an organisation's parts in their order."""
    resources = {each.get("identifier"): each for each in all_of(root, "resource")}
    numbers = count(1)
    for item in all_of(chosen, "item"):
        resource = resources.get(item.get("identifierref") or "-")
        if resource is None or not resource.get("href"):
            continue
        yield _item(root, item, resource, known, next(numbers))


def _item(
    root: etree._Element, item: etree._Element, resource: etree._Element, known: frozenset[str], number: int
) -> PackageItem:
    base = "".join(each.get(f"{{{_XML}}}base") or "" for each in (root, *all_of(root, "resources"), resource))
    parameters = item.get("parameters") or ""
    href = base + (resource.get("href") or "")
    joint = "" if not parameters or parameters[0] in "?#" else "&" if "?" in href else "?"
    return PackageItem(
        key=(item.get("identifier") or f"item-{number}")[:TITLE_LENGTH],
        title=(child_of(item, "title") or f"{number}")[:TITLE_LENGTH],
        href=own_href(href, known) + joint + parameters,
        mastery=child_of(item, "masteryscore")[:10],
        launch=(child_of(item, "datafromlms") or child_of(item, "dataFromLMS"))[:4096],
    )
