"""What each interaction writes into a QTI item: its response declaration and its part of the body."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
from lxml import etree  # type: ignore[import-untyped]

from exam.core.areas import Area
from exam.core.weights import Weights
from questionbank.formats.qti_names import V3, QtiXml
from questionbank.formats.qti_numbers import DATA_VARIANTS, nears_of, numbers_as_words, score_numbers
from questionbank.formats.write_figures import EMPTY_LINE
from questionbank.interactions.case import questions_of
from questionbank.interactions.hotspot import area_of, name_of
from questionbank.interactions.inline_choice import GAP
from questionbank.interactions.registry import kind_of
from questionbank.interactions.text_entry import BLANK
from questionbank.items.content import Interaction, ItemContent, Photo

Write = Callable[[QtiXml, Any, ItemContent], None]
DATA_BLANK: Final = "data-ankao-blank"
DATA_AREAS: Final = "data-ankao-areas"
_RESPONSE: Final = {"response_identifier": "RESPONSE"}


class Declared(msgspec.Struct, frozen=True):
    """One response: its correct values, and those, or the areas, that earn a mark by a mapping."""

    correct: tuple[str, ...]
    mapped: tuple[str, ...] = ()
    identifier: str = "RESPONSE"
    areas: tuple[Area, ...] = ()
    weights: Weights | None = None
    """By the names of the mapped answers, or by the places of the areas."""


def _correct(content: ItemContent) -> list[Declared]:
    return [Declared(content.key, weights=content.weights or None)]


def _variants(content: ItemContent) -> list[Declared]:
    """Declare the first variant as the correct response and all of them in a mapping."""
    words = numbers_as_words(content.key)
    return [Declared(words[:1], words)]


def _number(content: ItemContent) -> list[Declared]:
    return [Declared((nears_of(content)[0][0],))]


def _pairs(content: ItemContent) -> list[Declared]:
    pairs = tuple(map(_pair, content.key))
    if content.weights is msgspec.UNSET:
        return [Declared(pairs, pairs)]
    named = content.weights.named({label: _pair(label) for label, _ in content.weights.entries})
    return [Declared(pairs, weights=named)]


def _pair(label: str) -> str:
    return f"S{label[:1]} T{label[1:]}"


def _gaps(content: ItemContent) -> list[Declared]:
    return [Declared((f"G{label}",), (f"G{label}",), f"RESPONSE{label[:1]}") for label in content.key]


def _answers(content: ItemContent) -> list[Declared]:
    return [
        Declared(tuple(f"Q{label}" for label in content.key if label[:1] == head.id), identifier=f"RESPONSE{head.id}")
        for head in questions_of(content)
    ]


def _fill_case(xml: QtiXml, body: etree._Element, content: ItemContent) -> None:
    """Write the situation, and a choice interaction for each question of it."""
    xml.lines(body, content.stem)
    for head in questions_of(content):
        several = sum(label[:1] == head.id for label in content.key) > 1
        asked = xml.element(
            body,
            "choice-interaction",
            response_identifier=f"RESPONSE{head.id}",
            shuffle="true",
            max_choices="0" if several else "1",
        )
        xml.run(xml.element(asked, "prompt"), head.text)
        for option in content.options:
            if option.id[:1] == head.id != option.id:
                xml.lines(xml.element(asked, "simple-choice", identifier=f"Q{option.id}"), option.text)


def _score_case(xml: QtiXml, root: etree._Element, content: ItemContent) -> None:
    """Add one for each question that is answered as its correct response."""
    processing = xml.element(root, "response-processing")
    for head in questions_of(content):
        right = xml.element(xml.element(processing, "response-condition"), "response-if")
        match = xml.element(right, "match")
        xml.element(match, "variable", identifier=f"RESPONSE{head.id}")
        xml.element(match, "correct", identifier=f"RESPONSE{head.id}")
        total = xml.element(xml.element(right, "set-outcome-value", identifier="SCORE"), "sum")
        xml.element(total, "variable", identifier="SCORE")
        xml.element(total, "base-value", "1", base_type="float")


def _places(content: ItemContent) -> list[Declared]:
    areas = tuple(area_of(option.text) for option in content.options)
    points = tuple(f"{x} {y}" for x, y in (area.inside() for area in areas))
    return [Declared(points, areas=areas, weights=content.weights or None)]


def _fill_photo(xml: QtiXml, body: etree._Element, content: ItemContent) -> None:
    """Write the photo by the name that the package gives it; the names of the areas go into an attribute."""
    if content.photo is msgspec.UNSET:
        return
    body.set(DATA_AREAS, msgspec.json.encode([name_of(option.text) for option in content.options]).decode())
    xml.lines(body, content.stem)
    most = str(len(content.options))
    interaction = xml.element(body, "select-point-interaction", min_choices="0", max_choices=most, **_RESPONSE)
    size = {"width": str(content.photo.width), "height": str(content.photo.height)}
    path = f"../{photo_path(content.photo)}"
    if xml.version is V3:
        xml.element(interaction, "img", src=path, alt="", **size)
    else:
        xml.element(interaction, "object", type="image/jpeg", data=path, **size)


def photo_path(photo: Photo) -> str:
    """Return the name of a photo in a package: the same photo is there once."""
    return f"photos/{sha256(photo.jpeg).hexdigest()[:32]}.jpg"


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
    if numbers_as_words(content.key) != content.key and not nears_of(content):
        body.set(DATA_VARIANTS, msgspec.json.encode(content.key).decode())
    parts = BLANK.split(content.stem) if blank else [content.stem, ""]
    _with_gaps(xml, body, parts, lambda parent, _: xml.element(parent, "text-entry-interaction", **_RESPONSE))


def _with_gaps(
    xml: QtiXml, body: etree._Element, parts: Sequence[str], write: Callable[[etree._Element, int], etree._Element]
) -> None:
    """Write the parts of a stem, a paragraph for each line, with what `write` makes of the first, second … gap between."""
    paragraph = xml.element(body, "p")
    for number, part in enumerate(parts):
        if number:
            write(paragraph, number)
        head, *more = part.split("\n")
        xml.run(paragraph, head)
        for at, line in enumerate(more, 1):
            paragraph = xml.element(body, "p")
            xml.run(paragraph, line or EMPTY_LINE * (at < len(more)))


def _fill_gaps(xml: QtiXml, body: etree._Element, content: ItemContent) -> None:
    def write(parent: etree._Element, number: int) -> etree._Element:
        gap = xml.element(parent, "inline-choice-interaction", response_identifier=f"RESPONSE{number}", shuffle="true")
        for option in content.options:
            if option.id.startswith(str(number)):
                xml.run(xml.element(gap, "inline-choice", identifier=f"G{option.id}"), option.text)
        return gap

    _with_gaps(xml, body, content.stem.split(GAP), write)


def _fill_match(xml: QtiXml, body: etree._Element, content: ItemContent) -> None:
    xml.lines(body, content.stem)
    match = xml.element(body, "match-interaction", shuffle="true", max_associations=str(len(content.key)), **_RESPONSE)
    for sign, most in (("S", "1"), ("T", "0")):
        own = xml.element(match, "simple-match-set")
        for option in content.options:
            if option.id.isdigit() == (sign == "S"):
                name = f"{sign}{option.id}"
                xml.lines(xml.element(own, "simple-associable-choice", identifier=name, match_max=most), option.text)


def _fill_order(xml: QtiXml, body: etree._Element, content: ItemContent) -> None:
    xml.lines(body, content.stem)
    interaction = xml.element(body, "order-interaction", response_identifier="RESPONSE", shuffle="true")
    _choices(xml, interaction, content)


def _fill_essay(xml: QtiXml, body: etree._Element, content: ItemContent) -> None:
    """Write the points for scorers alone, then what is asked."""
    rubric = xml.element(body, "rubric-block", view="scorer", **({"use": "scoring"} if xml.version is V3 else {}))
    xml.lines(
        xml.element(rubric, "content-body") if xml.version is V3 else rubric, "\n".join(content.key), figures=False
    )
    xml.lines(body, content.stem)
    xml.element(body, "extended-text-interaction", expected_lines="15", **_RESPONSE)


def _no_key(content: ItemContent) -> list[Declared]:
    del content
    return [Declared(())]


def _by_people(xml: QtiXml, root: etree._Element, content: ItemContent) -> None:
    """Write no response processing: people score."""
    del xml, root, content


class ItemWriter(msgspec.Struct, frozen=True):
    """How one interaction is declared, written and scored: by a standard template, or by the sum of all mapped responses."""

    fill: Write
    cardinality: str = "single"
    base_type: str = "identifier"
    declare: Callable[[ItemContent], list[Declared]] = _correct
    template: str = "match_correct"
    score: Callable[[QtiXml, Any, ItemContent], None] | None = None
    """Writes response processing of its own instead."""


WRITERS: Final[Mapping[Interaction, ItemWriter]] = {
    Interaction.JUDGEMENT: ItemWriter(_fill_choice),
    Interaction.CHOICE: ItemWriter(_fill_choice),
    Interaction.MULTIPLE: ItemWriter(_fill_choice, cardinality="multiple"),
    Interaction.TEXT_ENTRY: ItemWriter(_fill_text, base_type="string", declare=_variants, template="map_response"),
    Interaction.ORDER: ItemWriter(_fill_order, cardinality="ordered"),
    Interaction.MATCH: ItemWriter(_fill_match, "multiple", "directedPair", _pairs, "map_response"),
    Interaction.INLINE_CHOICE: ItemWriter(_fill_gaps, declare=_gaps, template=""),
    Interaction.HOTSPOT: ItemWriter(_fill_photo, "multiple", "point", _places, "map_response_point"),
    Interaction.CASE: ItemWriter(_fill_case, "multiple", declare=_answers, template="", score=_score_case),
    Interaction.EXTENDED_TEXT: ItemWriter(_fill_essay, base_type="string", declare=_no_key, score=_by_people),
}
_NUMBERS: Final = ItemWriter(_fill_text, base_type="float", declare=_number, template="", score=score_numbers)


def writer_of(content: ItemContent) -> ItemWriter:
    """Return how an item is written: a text entry that accepts numbers alone is one of a number."""
    return _NUMBERS if nears_of(content) else WRITERS[content.interaction]
