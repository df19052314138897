"""A test out as a QTI 3.0 or 2.2 package: its items, and the document that asks them."""

from collections.abc import Sequence
from typing import Final

from lxml import etree  # type: ignore[import-untyped]

from questionbank.formats.qti_names import V2, V3, QtiXml
from questionbank.formats.reading import Assessment, AssessmentSection
from questionbank.formats.write_qti import package
from questionbank.items.content import ItemDraft

TEST_FORMATS: Final = {"qti3": V3, "qti22": V2}
_OWN: Final = "urn:ankao:blueprint"
"""Namespace of what a section was chosen by; a selection may bear attributes of other namespaces."""


def write_test(assessment: Assessment, drafts: Sequence[ItemDraft], fmt: str) -> bytes:
    """Return a package of drafts and the test over them; rows count the drafts from 1, `fmt` is one of TEST_FORMATS."""
    version = TEST_FORMATS[fmt]
    return package(drafts, version, test=_test(QtiXml(version), assessment))


def _test(xml: QtiXml, assessment: Assessment) -> etree._Element:
    root = xml.element(None, "assessment-test", identifier="TEST", title=assessment.title)
    mastery = {"mastery_value": _decimal(assessment.pass_marks)} if assessment.pass_marks else {}
    xml.element(root, "outcome-declaration", identifier="SCORE", cardinality="single", base_type="float", **mastery)
    if assessment.duration_min:
        xml.element(root, "time-limits", max_time=str(assessment.duration_min * 60))
    part = xml.element(
        root, "test-part", identifier="PART-1", navigation_mode="nonlinear", submission_mode="simultaneous"
    )
    for number, section in enumerate(assessment.sections, 1):
        _section(xml, part, number, section)
    score = xml.element(xml.element(root, "outcome-processing"), "set-outcome-value", identifier="SCORE")
    xml.element(xml.element(score, "sum"), "test-variables", variable_identifier="SCORE", weight_identifier="MARKS")
    return root


def _section(xml: QtiXml, part: etree._Element, number: int, section: AssessmentSection) -> None:
    identifier = f"SECTION-{number}"
    element = xml.element(part, "assessment-section", identifier=identifier, title=section.title, visible="true")
    if section.select is not None:
        selection = xml.element(element, "selection", select=str(section.select), with_replacement="false")
        low, high = section.difficulty
        for name, value in (("node", section.node), ("low", str(low)), ("high", str(high))):
            selection.set(f"{{{_OWN}}}{name}", value)
        xml.element(element, "ordering", shuffle="true")
    for row, marks in zip(section.rows, section.marks, strict=True):
        reference = xml.element(
            element,
            "assessment-item-ref",
            identifier=f"ITEM-{number}-{row}",
            href=f"items/item-{row:06}.xml",
        )
        xml.element(reference, "weight", identifier="MARKS", value=_decimal(marks))


def _decimal(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"
