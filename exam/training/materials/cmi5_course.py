"""The course structure of cmi5 (its section 13): assignable units, blocks, and what satisfies them; pure."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from exam.training.lessons.package import MoveOn, Package, PackageBlock, PackageItem, Standard
from exam.training.materials.errors import PackageManifestError, PackageUnitError
from exam.training.materials.package_xml import MOST_ITEMS, TITLE_LENGTH, all_of, child_of, own_href

NAMESPACE: Final = "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"
IRI_LENGTH: Final = 500
_RESERVED: Final = ("endpoint=", "fetch=", "actor=", "activityId=", "registration=")
"""What a launch adds to a unit's address, which the unit may not use itself (8.1)."""


def read_course(root: etree._Element, known: frozenset[str]) -> Package:
    """Return the package that a `cmi5.xml` describes.

    Raises PackageManifestError, PackageElsewhereError, and PackageUnitError for a unit that cannot be launched.
    """
    courses = [each for each in root if _is(each, "course")]
    if root.tag != f"{{{NAMESPACE}}}courseStructure" or len(courses) != 1:
        raise PackageManifestError
    units = list(all_of(root, "au"))
    if not 0 < len(units) <= MOST_ITEMS:
        raise PackageManifestError
    keys = {unit: f"au-{number}" for number, unit in enumerate(units, start=1)}
    items = tuple(_item(unit, key, known) for unit, key in keys.items())
    identifiers = [_identifier(courses[0]), *(item.publisher for item in items)]
    if len(set(identifiers)) < len(identifiers):  # an id that stands twice tells nothing apart
        raise PackageUnitError
    return Package(
        folder="",
        standard=Standard.CMI5,
        title=_title(courses[0]),
        items=items,
        files=0,
        digest="",
        publisher=identifiers[0],
        blocks=tuple(_blocks(root, keys)),
    )


def _item(unit: etree._Element, key: str, known: frozenset[str]) -> PackageItem:
    href = own_href(child_of(unit, "url"), known)
    if any(name in href for name in _RESERVED):
        raise PackageUnitError
    plan = {
        "key": key,
        "title": _title(unit) or key,
        "href": href,
        "mastery": _mastery(unit.get("masteryScore")),
        "launch": child_of(unit, "launchParameters")[:4096],
        "publisher": _identifier(unit),
        "move_on": unit.get("moveOn") or MoveOn.NOT_APPLICABLE,
        "method": unit.get("launchMethod") or "AnyWindow",
        "entitlement": child_of(unit, "entitlementKey")[:4096],
    }
    try:
        return msgspec.convert(plan, PackageItem)
    except msgspec.ValidationError:
        raise PackageUnitError from None


def _blocks(root: etree._Element, keys: dict[etree._Element, str]) -> Iterator[PackageBlock]:
    for block in all_of(root, "block"):
        items = tuple(keys[unit] for unit in all_of(block, "au"))
        yield PackageBlock(publisher=_identifier(block), title=_title(block), items=items)


def _mastery(text: str | None) -> str:
    """Read a scaled score from 0 to 1, of at most four places; raises PackageUnitError."""
    if text is None:
        return ""
    try:
        score = Decimal(text.strip())
    except InvalidOperation:
        raise PackageUnitError from None
    if not score.is_finite() or not 0 <= score <= 1 or score != round(score, 4):
        raise PackageUnitError
    return f"{score.normalize():f}"


def _identifier(element: etree._Element) -> str:
    """Read a publisher's id, which is an IRI with its scheme."""
    text = (element.get("id") or "").strip()
    scheme, colon, rest = text.partition(":")
    if not (colon and rest and scheme.isascii() and scheme.isalnum()) or len(text) > IRI_LENGTH or " " in text:
        raise PackageUnitError
    return text


def _title(element: etree._Element) -> str:
    """Read a title in Chinese if it has one, else in the language that comes first."""
    title = next((each for each in element if _is(each, "title")), None)
    strings = [each for each in title if _is(each, "langstring")] if title is not None else []
    chosen = next((each for each in strings if (each.get("lang") or "").lower().startswith("zh")), None)
    said = chosen if chosen is not None else (strings[0] if strings else None)
    return " ".join((said.text or "").split())[:TITLE_LENGTH] if said is not None else ""


def _is(element: etree._Element, name: str) -> bool:
    return isinstance(element.tag, str) and etree.QName(element).localname == name
