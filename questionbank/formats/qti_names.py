"""How the versions of QTI spell elements and attributes."""

from collections.abc import Callable
from typing import Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]


class Version(msgspec.Struct, frozen=True):
    """How one version of QTI spells things; `name` turns the hyphenated name of 3.0 into its own."""

    namespace: str
    resource: str
    templates: str
    suffix: str
    name: Callable[[str], str]
    attribute: Callable[[str], str]


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(part.capitalize() for part in rest)


def _camel_attribute(name: str) -> str:
    return name if name.startswith("data-") else _camel(name)


V3: Final = Version(
    "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
    "imsqti_item_xmlv3p0",
    "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates",
    ".xml",
    lambda name: name if name in {"p", "div", "img"} else f"qti-{name}",
    lambda name: name,
)
V2: Final = Version(
    "http://www.imsglobal.org/xsd/imsqti_v2p2",
    "imsqti_item_xmlv2p2",
    "http://www.imsglobal.org/question/qti_v2p2/rptemplates",
    "",
    _camel,
    _camel_attribute,
)


class QtiXml:
    """Makes elements of one version."""

    def __init__(self, version: Version) -> None:
        self.version = version

    def element(self, parent: etree._Element | None, name: str, text: str = "", **attributes: str) -> etree._Element:
        """Append an element by its name in QTI 3.0, underscores of attributes standing for hyphens."""
        version = self.version
        tag = f"{{{version.namespace}}}{version.name(name)}"
        named = {version.attribute(key.replace("_", "-")): value for key, value in attributes.items()}
        if parent is None:
            element = etree.Element(tag, named, nsmap={None: version.namespace})
        else:
            element = etree.SubElement(parent, tag, named)
        element.text = text or None
        return element

    def lines(self, parent: etree._Element, text: str) -> None:
        """Append a paragraph for each line of a text."""
        for line in text.split("\n") if text else ():
            self.element(parent, "p", line)
