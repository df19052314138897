"""A validator of OFD documents, from the element rules of GB/T 33190-2016 (clauses 6, 7, 8, 9, 10, 11, 20); it knows no writer."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator

import msgspec
from lxml import etree  # type: ignore[import-untyped]  # lxml has no types

NAMESPACE = "{http://www.ofdspec.org/2016}"
_OPERANDS = {"S": 2, "M": 2, "L": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
"""Operators of AbbreviatedData (table 37) and how many numbers each takes."""


class _Rule(msgspec.Struct, frozen=True):
    """Children as a pattern over their names, in order, and the attributes that must stand."""

    children: str
    required: tuple[str, ...] = ()


_AREA = _Rule("PhysicalBox ApplicationBox? ContentBox? BleedBox?")
_COLOUR = _Rule("", ("Value",))
_LEAF = _Rule("")
_OBJECTS = "(TextObject|PathObject|ImageObject|CompositeObject|PageBlock)*"
_RULES = {
    "OFD": _Rule("DocBody+", ("Version", "DocType")),
    "DocBody": _Rule("DocInfo DocRoot? Versions? Signatures?"),
    "DocInfo": _Rule(
        "DocID Title? Author? Subject? Abstract? CreationDate? ModDate? DocUsage? Cover? Keywords? Creator?"
        " CreatorVersion? CustomDatas?"
    ),
    "Document": _Rule(
        "CommonData Pages Outlines? Permissions? Actions? VPreferences? Bookmarks? Annotations? CustomTags?"
        " Attachments? Extensions?"
    ),
    "CommonData": _Rule("MaxUnitID PageArea PublicRes* DocumentRes* TemplatePage* DefaultCS?"),
    "PageArea": _AREA,
    "Area": _AREA,
    "Pages": _Rule("Page+"),
    "Res": _Rule("(ColorSpaces|DrawParams|Fonts|MultiMedias|CompositeGraphicUnits)*", ("BaseLoc",)),
    "Fonts": _Rule("Font+"),
    "Font": _Rule("FontFile?", ("ID", "FontName")),
    "MultiMedias": _Rule("MultiMedia+"),
    "MultiMedia": _Rule("MediaFile", ("ID", "Type")),
    "Content": _Rule("Layer+"),
    "Layer": _Rule(_OBJECTS, ("ID",)),
    "TextObject": _Rule(
        "FillColor? StrokeColor? (CGTransform* TextCode)+".replace(") ", ")"), ("ID", "Boundary", "Font", "Size")
    ),
    "PathObject": _Rule("StrokeColor? FillColor? AbbreviatedData", ("ID", "Boundary")),
    "ImageObject": _Rule("Substitution? ImageMask? Border?", ("ID", "Boundary", "ResourceID")),
    "FillColor": _COLOUR,
    "StrokeColor": _COLOUR,
    "Attachments": _Rule("Attachment*"),
    "Attachment": _Rule("FileLoc", ("ID", "Name")),
}
_PAGE_ENTRY, _PAGE_CONTENT = _Rule("", ("ID", "BaseLoc")), _Rule("Template* PageRes* Area? Content? Actions?")
_LOCATIONS = {"DocRoot", "PublicRes", "DocumentRes", "PageRes", "FontFile", "MediaFile", "Attachments", "FileLoc"}


class OfdInvalidError(Exception):
    """What the standard does not allow, in words."""


def validate(data: bytes) -> dict[str, bytes]:
    """Return the files of a valid document; raises OfdInvalidError and BadZipFile."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return _Validation(files).run()


def require(sound: object, what: str) -> None:
    if not sound:
        raise OfdInvalidError(what)


class _Validation:
    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files
        self._seen = {"OFD.xml"}
        self._ids: dict[str, etree._Element] = {}

    def run(self) -> dict[str, bytes]:
        root = self._read("OFD.xml", "OFD")
        require((root.get("Version"), root.get("DocType")) == ("1.0", "OFD"), "version")
        require(re.fullmatch("[0-9a-f]{32}", root.findtext(f".//{NAMESPACE}DocID") or ""), "DocID")
        (greatest,) = self._values("MaxUnitID")
        require(
            all(0 < int(number) <= int(greatest.text or "") for number in self._ids if number.isdigit()), "MaxUnitID"
        )
        for kind, attribute, target in (("TextObject", "Font", "Font"), ("ImageObject", "ResourceID", "MultiMedia")):
            for each in self._values(kind):
                found = self._ids.get(each.get(attribute) or "")
                require(found is not None and _name(found) == target, f"{kind} refers to no {target}")
        require(self._seen == set(self._files), f"files that nothing names: {set(self._files) - self._seen}")
        return self._files

    def _values(self, name: str) -> Iterator[etree._Element]:
        for path in sorted(self._seen):
            if path.endswith(".xml"):
                yield from etree.fromstring(self._files[path]).iter(f"{NAMESPACE}{name}")

    def _read(self, path: str, kind: str) -> etree._Element:
        require(path in self._files, f"{path} is missing")
        self._seen.add(path)
        root = etree.fromstring(self._files[path])
        require(_name(root) == kind, f"{path} is a {_name(root)}")
        self._element(root, path, posixpath.join(posixpath.dirname(path), root.get("BaseLoc") or ""))
        return root

    def _element(self, element: etree._Element, path: str, base: str) -> None:
        name = _name(element)
        rule = _RULES.get(name, _LEAF)
        if name == "Page":
            rule = _PAGE_CONTENT if element.getparent() is None else _PAGE_ENTRY
        names = " ".join(_name(child) for child in element)
        is_link = name == "Attachments" and element.getparent() is not None
        require(is_link or re.fullmatch(_pattern(rule.children), f"{names} " if names else ""), f"{name}: {names[:80]}")
        require(all(element.get(each) for each in rule.required), f"{name} wants {rule.required}")
        self._number(element)
        _check_values(element, name)
        self._follow(element, name, base)
        for child in element:
            self._element(child, path, base)

    def _number(self, element: etree._Element) -> None:
        if (number := element.get("ID")) is not None:
            require(number not in self._ids, f"ID {number} is there twice")
            self._ids[number] = element

    def _follow(self, element: etree._Element, name: str, base: str) -> None:
        text = (element.text or "").strip()
        if name == "Page" and element.getparent() is not None:
            self._read(posixpath.normpath(posixpath.join(base, element.get("BaseLoc") or "")), "Page")
        elif name in _LOCATIONS and text:
            place = posixpath.normpath(posixpath.join(base, text))
            kinds = {"DocRoot": "Document", "Attachments": "Attachments"}
            if place.endswith(".xml"):
                self._read(place, kinds.get(name, "Res"))
            require(place in self._files, f"{place} is missing")
            self._seen.add(place)


def _name(element: etree._Element) -> str:
    tag = str(element.tag)
    require(tag.startswith(NAMESPACE), f"{tag} is of another namespace")
    return tag.removeprefix(NAMESPACE)


def _pattern(children: str) -> str:
    return re.sub(r"(\w+)", r"(?:\1 )", children).replace(" )", "@").replace(" ", "").replace("@", " )")


def _check_values(element: etree._Element, name: str) -> None:
    for box in filter(None, (element.get("Boundary"), element.text if name == "PhysicalBox" else None)):
        numbers = [float(each) for each in box.split()]
        require(len(numbers) == 4 and numbers[2] > 0 and numbers[3] > 0, f"{name}: box {box}")
    if (colour := element.get("Value")) is not None:
        require(re.fullmatch(r"\d{1,3} \d{1,3} \d{1,3}", colour), f"{name}: colour {colour}")
        require(all(int(each) < 256 for each in colour.split()), f"{name}: colour {colour}")
    if (matrix := element.get("CTM")) is not None:
        require(len([float(each) for each in matrix.split()]) == 6, f"{name}: CTM {matrix}")
    if name == "AbbreviatedData":
        _check_path((element.text or "").split())
    if name == "TextCode":
        deltas = (element.get("DeltaX") or "").split()
        require(element.text and len(deltas) == len(element.text) - 1, "DeltaX")


def _check_path(words: list[str]) -> None:
    at = 0
    require(words and words[0] in {"S", "M"}, "a path begins nowhere")
    while at < len(words):
        require(words[at] in _OPERANDS, f"path operator {words[at]}")
        end = at + 1 + _OPERANDS[words[at]]
        numbers = [float(each) for each in words[at + 1 : end]]
        require(len(numbers) == _OPERANDS[words[at]], f"path operator {words[at]}")
        at = end
