"""QTI 3.0 and 2.2 content packages out (1EdTech QTI 3.0 §5, QTI 2.2 §4; Content Packaging 1.1).

What QTI has no place for (node, depth, difficulty and the wording of a blank) stands in `data-ankao-*` attributes of
the item body, which both versions let other systems ignore; explanation and basis are modal feedback.
"""

import re
import zipfile
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from questionbank.items.content import FALSE, TRUE, Interaction, ItemContent, ItemDraft

BLANK: Final = re.compile(r"_{2,}|＿{2,}|[（(]\s*[)）]")
EXPLANATION, BASIS = "explanation", "basis"
_EPOCH: Final = (2000, 1, 1, 0, 0, 0)
"""The date of every member: the same bank gives the same bytes."""
_TRUTHS: Final = ((TRUE, "正确"), (FALSE, "错误"))
_PACKAGING: Final = "http://www.imsglobal.org/xsd/imscp_v1p1"
_LONGEST_TITLE: Final = 40


class _Version(msgspec.Struct, frozen=True):
    """How one version of QTI spells things; `name` turns the hyphenated name of 3.0 into its own."""

    namespace: str
    resource: str
    templates: str
    name: Callable[[str], str]
    attribute: Callable[[str], str]


def _camel(name: str) -> str:
    first, *rest = name.split("-")
    return first + "".join(part.capitalize() for part in rest)


def _camel_attribute(name: str) -> str:
    return name if name.startswith("data-") else _camel(name)


_V3: Final = _Version(
    "http://www.imsglobal.org/xsd/imsqtiasi_v3p0",
    "imsqti_item_xmlv3p0",
    "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates",
    lambda name: name if name in {"p", "div"} else f"qti-{name}",
    lambda name: name,
)
_V2: Final = _Version(
    "http://www.imsglobal.org/xsd/imsqti_v2p2",
    "imsqti_item_xmlv2p2",
    "http://www.imsglobal.org/question/qti_v2p2/rptemplates",
    _camel,
    _camel_attribute,
)


def to_qti3(drafts: Sequence[ItemDraft]) -> bytes:
    """Return a QTI 3.0 package with one document per item."""
    return _package(drafts, _V3)


def to_qti22(drafts: Sequence[ItemDraft]) -> bytes:
    """Return a QTI 2.2 package with one document per item."""
    return _package(drafts, _V2)


def _package(drafts: Sequence[ItemDraft], version: _Version) -> bytes:
    out = BytesIO()
    names = [f"items/item-{number:06}.xml" for number in range(1, len(drafts) + 1)]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "imsmanifest.xml", _manifest(names, version))
        for name, draft in zip(names, drafts, strict=True):
            _add(archive, name, _Writer(version).item(name[len("items/") : -len(".xml")], draft))
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, root: etree._Element) -> None:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _manifest(names: Sequence[str], version: _Version) -> etree._Element:
    root = etree.Element(f"{{{_PACKAGING}}}manifest", nsmap={None: _PACKAGING}, identifier="ANKAO-BANK")
    etree.SubElement(root, f"{{{_PACKAGING}}}organizations")
    resources = etree.SubElement(root, f"{{{_PACKAGING}}}resources")
    for number, name in enumerate(names, 1):
        attributes = {"identifier": f"RES-{number:06}", "type": version.resource, "href": name}
        resource = etree.SubElement(resources, f"{{{_PACKAGING}}}resource", attributes)
        etree.SubElement(resource, f"{{{_PACKAGING}}}file", href=name)
    return root


class _Writer:
    """Writes the items of one version."""

    def __init__(self, version: _Version) -> None:
        self._version = version

    def _element(self, parent: etree._Element | None, name: str, text: str = "", **attributes: str) -> etree._Element:
        version = self._version
        tag = f"{{{version.namespace}}}{version.name(name)}"
        named = {version.attribute(key.replace("_", "-")): value for key, value in attributes.items()}
        if parent is None:
            element = etree.Element(tag, named, nsmap={None: version.namespace})
        else:
            element = etree.SubElement(parent, tag, named)
        element.text = text or None
        return element

    def item(self, identifier: str, draft: ItemDraft) -> etree._Element:
        """Return one item document."""
        content = draft.content
        title = " ".join(content.stem.split())[:_LONGEST_TITLE]
        root = self._element(
            None, "assessment-item", identifier=identifier, title=title, adaptive="false", time_dependent="false"
        )
        self._declare(root, content)
        self._element(root, "outcome-declaration", identifier="SCORE", cardinality="single", base_type="float")
        self._element(
            root, "outcome-declaration", identifier="FEEDBACK", cardinality="multiple", base_type="identifier"
        )
        found = BLANK.search(content.stem) if content.interaction is Interaction.TEXT_ENTRY else None
        body = self._element(
            root,
            "item-body",
            data_ankao_node=draft.node,
            data_ankao_depth=draft.depth.value,
            data_ankao_difficulty=str(draft.difficulty),
            data_ankao_blank=found[0] if found else "",
        )
        self._fill(body, content, found)
        text_entry = content.interaction is Interaction.TEXT_ENTRY
        template = f"{self._version.templates}/{'map_response' if text_entry else 'match_correct'}"
        self._element(root, "response-processing", template=template + (".xml" if self._version is _V3 else ""))
        for name, text in ((EXPLANATION, content.explanation), (BASIS, content.basis)):
            if text:
                self._feedback(root, name, text)
        return root

    def _declare(self, root: etree._Element, content: ItemContent) -> None:
        text_entry = content.interaction is Interaction.TEXT_ENTRY
        declaration = self._element(
            root,
            "response-declaration",
            identifier="RESPONSE",
            cardinality="multiple" if content.interaction is Interaction.MULTIPLE else "single",
            base_type="string" if text_entry else "identifier",
        )
        correct = self._element(declaration, "correct-response")
        for value in content.key[:1] if text_entry else content.key:
            self._element(correct, "value", value)
        if text_entry:
            mapping = self._element(declaration, "mapping", default_value="0")
            for variant in content.key:
                self._element(mapping, "map-entry", map_key=variant, mapped_value="1", case_sensitive="false")

    def _fill(self, body: etree._Element, content: ItemContent, blank: re.Match[str] | None) -> None:
        if content.interaction is not Interaction.TEXT_ENTRY:
            self._lines(body, content.stem)
            self._choices(body, content)
            return
        before, after = (content.stem[: blank.start()], content.stem[blank.end() :]) if blank else (content.stem, "")
        *whole, start = before.split("\n")
        self._lines(body, "\n".join(whole))
        end, *rest = after.split("\n")
        paragraph = self._element(body, "p", start)
        entry = self._element(paragraph, "text-entry-interaction", response_identifier="RESPONSE")
        entry.tail = end or None
        self._lines(body, "\n".join(rest))

    def _choices(self, body: etree._Element, content: ItemContent) -> None:
        several = content.interaction is Interaction.MULTIPLE
        judgement = content.interaction is Interaction.JUDGEMENT
        interaction = self._element(
            body,
            "choice-interaction",
            response_identifier="RESPONSE",
            shuffle="false" if judgement else "true",
            max_choices="0" if several else "1",
        )
        options = _TRUTHS if judgement else [(option.id, option.text) for option in content.options]
        for identifier, text in options:
            choice = self._element(interaction, "simple-choice", identifier=identifier)
            self._lines(choice, text)

    def _lines(self, parent: etree._Element, text: str) -> None:
        for line in text.split("\n") if text else ():
            self._element(parent, "p", line)

    def _feedback(self, root: etree._Element, name: str, text: str) -> None:
        feedback = self._element(
            root, "modal-feedback", outcome_identifier="FEEDBACK", identifier=name, show_hide="show"
        )
        body = self._element(feedback, "content-body") if self._version is _V3 else feedback
        self._lines(body, text)
