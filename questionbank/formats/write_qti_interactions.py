"""What each interaction writes into a QTI item: its response declaration and its part of the body."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from questionbank.formats.qti_names import QtiXml
from questionbank.interactions.registry import kind_of
from questionbank.interactions.text_entry import BLANK
from questionbank.items.content import Interaction, ItemContent

Write = Callable[[QtiXml, Any, ItemContent], None]
DATA_BLANK: Final = "data-ankao-blank"


def _correct(xml: QtiXml, declaration: etree._Element, content: ItemContent) -> None:
    correct = xml.element(declaration, "correct-response")
    for value in content.key:
        xml.element(correct, "value", value)


def _variants(xml: QtiXml, declaration: etree._Element, content: ItemContent) -> None:
    """Declare the first variant as the correct response and all of them in a mapping."""
    xml.element(xml.element(declaration, "correct-response"), "value", content.key[0])
    mapping = xml.element(declaration, "mapping", default_value="0")
    for variant in content.key:
        xml.element(mapping, "map-entry", map_key=variant, mapped_value="1", case_sensitive="false")


def _fill_choice(xml: QtiXml, body: etree._Element, content: ItemContent) -> None:
    xml.lines(body, content.stem)
    judgement, several = content.interaction is Interaction.JUDGEMENT, content.interaction is Interaction.MULTIPLE
    interaction = xml.element(
        body,
        "choice-interaction",
        response_identifier="RESPONSE",
        shuffle="false" if judgement else "true",
        max_choices="0" if several else "1",
    )
    _choices(xml, interaction, content)


def _choices(xml: QtiXml, interaction: etree._Element, content: ItemContent) -> None:
    for identifier, text in kind_of(content).written(content):
        xml.lines(xml.element(interaction, "simple-choice", identifier=identifier), text)


def _fill_text(xml: QtiXml, body: etree._Element, content: ItemContent) -> None:
    """Put the entry where the stem has its blank, whose wording goes into an attribute."""
    blank = BLANK.search(content.stem)
    body.set(DATA_BLANK, blank[0] if blank else "")
    before, after = (content.stem[: blank.start()], content.stem[blank.end() :]) if blank else (content.stem, "")
    *whole, start = before.split("\n")
    xml.lines(body, "\n".join(whole))
    end, *rest = after.split("\n")
    entry = xml.element(xml.element(body, "p", start), "text-entry-interaction", response_identifier="RESPONSE")
    entry.tail = end or None
    xml.lines(body, "\n".join(rest))


def _fill_order(xml: QtiXml, body: etree._Element, content: ItemContent) -> None:
    xml.lines(body, content.stem)
    interaction = xml.element(body, "order-interaction", response_identifier="RESPONSE", shuffle="true")
    _choices(xml, interaction, content)


class ItemWriter(msgspec.Struct, frozen=True):
    """How one interaction is declared, written and scored (a standard response-processing template)."""

    fill: Write
    cardinality: str = "single"
    base_type: str = "identifier"
    declare: Write = _correct
    template: str = "match_correct"


WRITERS: Final[Mapping[Interaction, ItemWriter]] = {
    Interaction.JUDGEMENT: ItemWriter(_fill_choice),
    Interaction.CHOICE: ItemWriter(_fill_choice),
    Interaction.MULTIPLE: ItemWriter(_fill_choice, cardinality="multiple"),
    Interaction.TEXT_ENTRY: ItemWriter(_fill_text, base_type="string", declare=_variants, template="map_response"),
    Interaction.ORDER: ItemWriter(_fill_order, cardinality="ordered"),
}
