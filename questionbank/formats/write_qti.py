"""QTI 3.0 and 2.2 content packages out (1EdTech QTI 3.0 §5, QTI 2.2 §4; Content Packaging 1.1).

What QTI has no place for (node, depth, difficulty and the wording of a blank) stands in `data-ankao-*` attributes of
the item body, which both versions let other systems ignore; explanation and basis are modal feedback.
"""

import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from io import BytesIO
from typing import Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from exam.core.weights import Weights
from questionbank.formats.options import LETTERS
from questionbank.formats.qti_names import FIGURES, V2, V3, QtiXml, Version
from questionbank.formats.write_figures import files_of, without_marks
from questionbank.formats.write_qti_interactions import Declared, ItemWriter, photo_path, writer_of
from questionbank.items.content import Interaction, ItemContent, ItemDraft

EXPLANATION, BASIS = "explanation", "basis"
_EPOCH: Final = (2000, 1, 1, 0, 0, 0)
"""The date of every member: the same bank gives the same bytes."""
_PACKAGING: Final = "http://www.imsglobal.org/xsd/imscp_v1p1"
_LONGEST_TITLE: Final = 40
_ONE: Final = 100
"""A mark in hundredths."""
TEST: Final = "test.xml"


def to_qti3(drafts: Sequence[ItemDraft]) -> bytes:
    """Return a QTI 3.0 package with one document per item."""
    return package(drafts, V3)


def to_qti22(drafts: Sequence[ItemDraft]) -> bytes:
    """Return a QTI 2.2 package with one document per item."""
    return package(drafts, V2)


def package(drafts: Sequence[ItemDraft], version: Version, *, test: etree._Element | None = None) -> bytes:
    """Return a package with one document per draft, and that of a test over them."""
    out = BytesIO()
    names = [f"items/item-{number:06}.xml" for number in range(1, len(drafts) + 1)]
    files = [_files(draft.content) for draft in drafts]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "imsmanifest.xml", _manifest(names, files, version, with_test=test is not None))
        if test is not None:
            _add(archive, TEST, test)
        for name, draft in zip(names, drafts, strict=True):
            _add(
                archive,
                name,
                _item(QtiXml(version, draft.content.figures or ()), name[len("items/") : -len(".xml")], draft),
            )
        for path, data in {path: data for own in files for path, data in own.items()}.items():
            archive.writestr(zipfile.ZipInfo(path, _EPOCH), data)
    return out.getvalue()


def _files(content: ItemContent) -> dict[str, bytes]:
    """Return the files of an item by their places in the package."""
    photo = {} if content.photo is msgspec.UNSET else {photo_path(content.photo): content.photo.jpeg}
    return photo | {f"{FIGURES}/{name}": data for name, data in files_of(content).items()}


def _add(archive: zipfile.ZipFile, name: str, root: etree._Element) -> None:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _manifest(
    names: Sequence[str], files: Sequence[Iterable[str]], version: Version, *, with_test: bool
) -> etree._Element:
    root = etree.Element(f"{{{_PACKAGING}}}manifest", nsmap={None: _PACKAGING}, identifier="ANKAO-BANK")
    etree.SubElement(root, f"{{{_PACKAGING}}}organizations")
    resources = etree.SubElement(root, f"{{{_PACKAGING}}}resources")
    listed = [(f"RES-{number:06}", version.resource, name) for number, name in enumerate(names, 1)]
    tests = [("RES-TEST", version.resource.replace("_item_", "_test_"), TEST)] if with_test else []
    files_by_name = dict(zip(names, files, strict=True))
    for identifier, kind, name in [*tests, *listed]:
        attributes = {"identifier": identifier, "type": kind, "href": name}
        resource = etree.SubElement(resources, f"{{{_PACKAGING}}}resource", attributes)
        for href in (name, *files_by_name.get(name, ())):
            etree.SubElement(resource, f"{{{_PACKAGING}}}file", href=href)
        for dependency, *_ in listed if name == TEST else ():
            etree.SubElement(resource, f"{{{_PACKAGING}}}dependency", identifierref=dependency)
    return root


def _item(xml: QtiXml, identifier: str, draft: ItemDraft) -> etree._Element:
    """Return one item document."""
    content = draft.content
    writer = writer_of(content)
    title = without_marks(content.stem)[:_LONGEST_TITLE]
    root = xml.element(
        None, "assessment-item", identifier=identifier, title=title, adaptive="false", time_dependent="false"
    )
    declared = writer.declare(content)
    for each in declared:
        _declare(xml, root, writer, each)
    by_people = {"external_scored": "human"} if content.interaction is Interaction.EXTENDED_TEXT else {}
    xml.element(root, "outcome-declaration", identifier="SCORE", cardinality="single", base_type="float", **by_people)
    xml.element(root, "outcome-declaration", identifier="FEEDBACK", cardinality="multiple", base_type="identifier")
    body = xml.element(
        root,
        "item-body",
        data_ankao_node=draft.node,
        data_ankao_depth=draft.depth.value,
        data_ankao_difficulty=str(draft.difficulty),
    )
    writer.fill(xml, body, content)
    if writer.score:
        writer.score(xml, root, content)
    else:
        mapped = "map_response" if content.weights and not declared[0].areas else writer.template
        _process(xml, root, mapped, [each.identifier for each in declared])
    for name, text in ((EXPLANATION, content.explanation), (BASIS, content.basis)):
        if text:
            _feedback(xml, root, name, text, figures=name == EXPLANATION)
    return root


def _declare(xml: QtiXml, root: etree._Element, writer: ItemWriter, declared: Declared) -> None:
    declaration = xml.element(
        root,
        "response-declaration",
        identifier=declared.identifier,
        cardinality=writer.cardinality,
        base_type=writer.base_type,
    )
    correct = xml.element(declaration, "correct-response") if declared.correct else None
    for value in declared.correct:
        xml.element(correct, "value", value)
    if declared.mapped:
        mapping = xml.element(declaration, "mapping", default_value="0")
        for value in declared.mapped:
            more = {"case_sensitive": "false"} if writer.base_type == "string" else {}
            xml.element(mapping, "map-entry", map_key=value, mapped_value="1", **more)
    if declared.areas:
        mapping = xml.element(declaration, "area-mapping", **_bounds(declared.weights))
        worth = dict(declared.weights.entries) if declared.weights else {}
        others = declared.weights.others if declared.weights else _ONE
        for letter, area in zip(LETTERS, declared.areas, strict=False):
            coords, value = ",".join(map(str, area.coords)), _plain(worth.get(letter, others))
            xml.element(mapping, "area-map-entry", shape=area.shape, coords=coords, mapped_value=value)
    elif declared.weights:
        mapping = xml.element(declaration, "mapping", **_bounds(declared.weights))
        for name, hundredths in declared.weights.entries:
            xml.element(mapping, "map-entry", map_key=name, mapped_value=_plain(hundredths))


def _bounds(weights: Weights | None) -> dict[str, str]:
    """Return what a mapping says of the sum of its entries."""
    if weights is None:
        return {"default_value": "0"}
    said = {"default_value": _plain(weights.others), "lower_bound": _plain(weights.lowest)}
    return said if weights.highest is None else said | {"upper_bound": _plain(weights.highest)}


def _plain(hundredths: int) -> str:
    return format((Decimal(hundredths) / _ONE).normalize(), "f")


def _process(xml: QtiXml, root: etree._Element, named: str, identifiers: Sequence[str]) -> None:
    """Name the standard template, or add up the mapped responses where there are several."""
    if named:
        template = f"{xml.version.templates}/{named}{xml.version.suffix}"
        xml.element(root, "response-processing", template=template)
        return
    score = xml.element(xml.element(root, "response-processing"), "set-outcome-value", identifier="SCORE")
    total = xml.element(score, "sum")
    for identifier in identifiers:
        xml.element(total, "map-response", identifier=identifier)


def _feedback(xml: QtiXml, root: etree._Element, name: str, text: str, *, figures: bool) -> None:
    feedback = xml.element(root, "modal-feedback", outcome_identifier="FEEDBACK", identifier=name, show_hide="show")
    xml.lines(xml.element(feedback, "content-body") if xml.version is V3 else feedback, text, figures=figures)
