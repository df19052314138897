"""How the versions of QTI spell elements and attributes."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from questionbank.formats.write_figures import EMPTY_LINE, figure_file, mathml_element
from questionbank.interactions.figures import split_marks
from questionbank.items.content import Figure, FigureKind

FIGURES: Final = "figures"
"""The folder of a package in which their files lie."""


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
    lambda name: name if name in {"p", "div", "img", "audio"} else f"qti-{name}",
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
    """Makes elements of one version; the marks in texts stand for `figures`."""

    def __init__(self, version: Version, figures: Sequence[Figure] = ()) -> None:
        self.version = version
        self._figures = figures

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

    def lines(self, parent: etree._Element, text: str, *, figures: bool = True) -> None:
        """Append a paragraph for each line of a text, in which marks mean what they say where `figures` are not wanted."""
        for line in text.split("\n") if text else ():
            paragraph = self.element(parent, "p", "" if figures else line or EMPTY_LINE)
            if figures:
                self.run(paragraph, line or EMPTY_LINE)

    def run(self, parent: etree._Element, text: str) -> None:
        """Append a line of text with its figures."""
        for part in split_marks(text):
            if isinstance(part, int):
                self._figure(parent, self._figures[part - 1])
            elif len(parent):
                parent[-1].tail = (parent[-1].tail or "") + part
            else:
                parent.text = (parent.text or "") + part

    def _figure(self, parent: etree._Element, figure: Figure) -> None:
        path = f"../{FIGURES}/{figure_file(figure)}"
        if figure.kind is FigureKind.FORMULA:
            parent.append(mathml_element(figure))
        elif figure.kind is FigureKind.IMAGE:
            size = {"width": str(figure.width), "height": str(figure.height)}
            self.element(parent, "img", src=path, alt=figure.text, **size)
        elif self.version is V3:
            self.element(parent, "audio", src=path, controls="controls", aria_label=figure.text)
        else:
            self.element(parent, "object", figure.text, data=path, type="audio/mp4")
