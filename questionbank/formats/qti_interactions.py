"""The interactions of QTI 2.1, 2.2 and 3.0 items, each read by a function of its own (1EdTech QTI 3.0 §5)."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import isclose
from typing import Final

import msgspec

from exam.core.areas import Area, find_area
from questionbank.formats.embedded import find_picture
from questionbank.formats.markup import Node, tidy_lines
from questionbank.formats.media import Fetch
from questionbank.formats.options import LETTERS, label_options
from questionbank.formats.qti_weights import find_weights, weights_of
from questionbank.formats.reading import Proposal
from questionbank.formats.refusals import RowError
from questionbank.formats.weighing import weights_lines
from questionbank.formats.words import find_truth
from questionbank.interactions.hotspot import area_line
from questionbank.interactions.match import pair_line
from questionbank.items.content import FALSE, TRUE, Interaction, Option

FEEDBACK: Final = ("feedbackinline", "feedbackblock", "modalfeedback", "rubricblock")
_BLANK: Final = "_____"
_MATCH_SETS: Final = 2
_TOGETHER: Final = frozenset({"inlinechoiceinteraction", "choiceinteraction"})
"""Interactions of which an item may hold several."""


def count_feature(unsupported: dict[str, int], feature: str) -> None:
    """Note once more that an item has a feature which is left out."""
    unsupported[feature[:40]] = unsupported.get(feature[:40], 0) + 1


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One interaction of an item with the declaration of its response, or several of a kind that belong together."""

    body: Node
    pairs: tuple[tuple[Node, Node], ...]
    unsupported: dict[str, int]
    fetch: Fetch
    template: str = ""
    """The name of the standard response processing, empty where the item has its own."""

    @property
    def photo(self) -> bytes:
        """The picture of the interaction, empty where it has none; raises RowError where it cannot be had."""
        return find_picture(self.interaction, self.fetch)

    def read(self, row: int) -> Proposal:
        """Return what the item asks, or raise RowError."""
        return _READERS[self.interaction.name](row, self)

    @property
    def interaction(self) -> Node:
        return self.pairs[0][0]

    @property
    def declaration(self) -> Node:
        return self.pairs[0][1]

    @property
    def correct(self) -> tuple[str, ...]:
        """The values of the correct response, in the order of the document."""
        return _correct(self.declaration)

    @property
    def stem(self) -> str:
        """The text of the body and the prompt without that of the interaction."""
        prompt = "\n".join(node.text(*FEEDBACK) for node in self.interaction.children("prompt"))
        return tidy_lines(f"{self.body.text(self.interaction.name, *FEEDBACK)}\n{prompt}")

    def with_blanks(self, blank: str) -> str:
        """Return the text of the body with each interaction as a blank; the body is changed by it."""
        places = {id(interaction) for interaction, _ in self.pairs}
        for node in [self.body, *walk(self.body)]:
            node.parts = [blank if id(part) in places else part for part in node.parts]
        return tidy_lines(self.body.text(*FEEDBACK))

    def note_mapping(self) -> None:
        """Note marks by answer that an item cannot hold: all but the same for each correct value."""
        if any(self._maps_unevenly(declaration) for _, declaration in self.pairs):
            count_feature(self.unsupported, "mapping")

    def weights(self, interaction: Interaction, words: Mapping[str, tuple[str, str]], key: Sequence[str]) -> str:
        """Return the marks by answer as text; `words` are label and word of each mapped answer.

        What an item cannot hold is noted, and what says no more than the key is nothing.
        """
        if not self._maps_unevenly(self.declaration):
            return ""
        labels = {mapped: label for mapped, (label, _) in words.items()}
        by_mapping = self.template == "map_response"
        found = find_weights(self.declaration, interaction, labels, key) if by_mapping else None
        if found is None:
            count_feature(self.unsupported, "mapping")
            return ""
        return "\n".join(weights_lines(found, list(words.values())))

    def _maps_unevenly(self, declaration: Node) -> bool:
        maps_evenly = _EVENLY.get(self.interaction.name)
        return bool(declaration.children("mapping")) and not (maps_evenly and maps_evenly(declaration))


def _correct(declaration: Node) -> tuple[str, ...]:
    found = [
        value.text().strip()
        for correct in declaration.children("correctresponse")
        for value in correct.children("value")
    ]
    return tuple(found)


def _shares_evenly(declaration: Node) -> bool:
    """Tell whether a mapping gives every pair of the correct response the same marks and nothing to any other."""
    earning = _earning(declaration)
    right = _correct(declaration) or tuple(_full_mark_keys(declaration))
    most = sum(earning.values())
    return set(earning) == set(right) and len(set(earning.values())) == 1 and _adds_up(declaration, "mapping", most)


def _picks_evenly(declaration: Node) -> bool:
    """Tell whether a mapping of one choice gives marks to the right one alone."""
    return declaration.attributes.get("cardinality") != "multiple" and _shares_evenly(declaration)


def _accepts_evenly(declaration: Node) -> bool:
    """Tell whether a mapping gives every variant of an answer the same marks and nothing to any other text."""
    earning = _earning(declaration)
    most = max(earning.values(), default=0.0)
    return len(set(earning.values())) == 1 and _adds_up(declaration, "mapping", most)


def _earning(declaration: Node) -> dict[str, float]:
    """Return the mapped answers that change the marks."""
    values = {
        entry.attributes.get("mapkey", ""): _number(entry.attributes.get("mappedvalue", "0"))
        for entry in declaration.descendants("mapentry")
    }
    return {key: value for key, value in values.items() if value}


def _adds_up(declaration: Node, name: str, most: float) -> bool:
    """Tell whether a mapping is the sum of its entries, from 0 to `most`: nothing for any other answer, no bound that cuts."""
    for said in (mapping.attributes for mapping in declaration.children(name)):
        others, lowest = _number(said.get("defaultvalue", "0")), _number(said.get("lowerbound", "0"))
        highest = _number(said.get("upperbound", str(most)))
        if others or not lowest <= 0 or not (highest > most or isclose(highest, most)):
            return False
    return True


def find_asked(root: Node, body: Node, unsupported: dict[str, int], fetch: Fetch) -> Asked:
    """Return what an item body asks; raises RowError where that is nothing we know, or several that are no one item."""
    names = {node.name for node in walk(body) if node.name.endswith("interaction")}
    found = body.descendants(*names)
    together = found and names <= _TOGETHER and len(names) == 1
    if not together and (len(found) != 1 or found[0].name not in _READERS):
        raise RowError("unsupported_interaction", kind="+".join(sorted(names))[:40] or "no interaction")
    declared = {each.attributes.get("identifier"): each for each in root.children("responsedeclaration")}
    identifiers = [each.attributes.get("responseidentifier") for each in found]
    if not set(identifiers) <= set(declared):
        raise RowError("key_missing")
    pairs = tuple((each, declared[name]) for each, name in zip(found, identifiers, strict=True))
    return Asked(body=body, pairs=pairs, unsupported=unsupported, fetch=fetch, template=_template(root))


def _template(root: Node) -> str:
    named = [each.attributes.get("template", "") for each in root.children("responseprocessing")]
    return named[0].rpartition("/")[2].removesuffix(".xml") if named else ""


def walk(node: Node) -> list[Node]:
    """Return all elements below."""
    nodes = [part for part in node.parts if isinstance(part, Node)]
    return nodes + [below for part in nodes for below in walk(part)]


def _label(asked: Asked) -> tuple[tuple[Option, ...], tuple[str, ...]]:
    """Return the simple choices as options and the correct response in their letters."""
    choices = asked.interaction.children("simplechoice")
    options = label_options([tidy_lines(choice.text(*FEEDBACK)) for choice in choices])
    letters = {
        choice.attributes.get("identifier", ""): option.id for choice, option in zip(choices, options, strict=True)
    }
    return options, tuple(letters.get(value, value) for value in asked.correct)


def _read_choice(row: int, asked: Asked) -> Proposal:
    if len(asked.pairs) > 1:
        return _read_case(row, asked)
    options, key = _label(asked)
    multiple = asked.declaration.attributes.get("cardinality") == "multiple"
    names = [each.attributes.get("identifier", "") for each in asked.interaction.children("simplechoice")]
    words = {name: (option.id, option.id) for name, option in zip(names, options, strict=True)}
    kind, weights = Interaction.MULTIPLE if multiple else "", ""
    if not multiple and {find_truth(option.text) for option in options} == {TRUE, FALSE}:
        asked.note_mapping()
    else:
        weights = asked.weights(Interaction.MULTIPLE if multiple else Interaction.CHOICE, words, key)
    return Proposal(row=row, kind=kind, stem=asked.stem, options=options, key=key, weights=weights)


def _read_case(row: int, asked: Asked) -> Proposal:
    """Read several choice interactions as the questions of one case, each right as a whole."""
    asked.note_mapping()
    options: list[Option] = []
    key: list[str] = []
    for number, (interaction, declaration) in enumerate(asked.pairs, 1):
        own, right = _label(msgspec.structs.replace(asked, pairs=((interaction, declaration),)))
        prompt = " ".join(node.text(*FEEDBACK) for node in interaction.children("prompt"))
        options.append(Option(str(number), " ".join(prompt.split())))
        options += [Option(f"{number}{option.id}", option.text) for option in own]
        key += [f"{number}{letter}" for letter in right]
    if not key:
        raise RowError("key_missing")
    stem = tidy_lines(asked.body.text("choiceinteraction", *FEEDBACK))
    return Proposal(row=row, kind=Interaction.CASE, stem=stem, options=tuple(options), key=tuple(key))


def _read_order(row: int, asked: Asked) -> Proposal:
    options, key = _label(asked)
    if not key:
        raise RowError("key_missing")
    asked.note_mapping()
    return Proposal(row=row, kind=Interaction.ORDER, stem=asked.stem, options=options, key=key)


def _read_text_entry(row: int, asked: Asked) -> Proposal:
    variants = dict.fromkeys([*asked.correct, *_full_mark_keys(asked.declaration)])
    if not variants:
        raise RowError("key_missing")
    asked.note_mapping()
    stem = asked.with_blanks(asked.body.attributes.get("dataankaoblank", _BLANK))
    return Proposal(row=row, kind=Interaction.TEXT_ENTRY, stem=stem, key=tuple(variants))


def _read_gaps(row: int, asked: Asked) -> Proposal:
    """Read one inline choice or several as the blanks of one item, each worth the same."""
    asked.note_mapping()
    options: list[Option] = []
    key: list[str] = []
    for number, (interaction, declaration) in enumerate(asked.pairs, 1):
        choices = interaction.children("inlinechoice")
        own = label_options([tidy_lines(choice.text(*FEEDBACK)) for choice in choices])
        names = [choice.attributes.get("identifier", "") for choice in choices]
        letters = {name: f"{number}{option.id}" for name, option in zip(names, own, strict=True)}
        options += [Option(f"{number}{option.id}", option.text) for option in own]
        key += [letters.get(value, f"{number}?") for value in _correct(declaration) or _full_mark_keys(declaration)]
    if not key:
        raise RowError("key_missing")
    stem = asked.with_blanks(_BLANK)
    return Proposal(row=row, kind=Interaction.INLINE_CHOICE, stem=stem, options=tuple(options), key=tuple(key))


def _read_match(row: int, asked: Asked) -> Proposal:
    """Read a match in which each choice of one set, taken as the sources, belongs to one of the other."""
    sets = [each.children("simpleassociablechoice") for each in asked.interaction.children("simplematchset")]
    pairs = [value.split() for value in asked.correct or _full_mark_keys(asked.declaration)]
    if not pairs:
        raise RowError("key_missing")
    if len(sets) != _MATCH_SETS or any(len(pair) != _MATCH_SETS for pair in pairs):
        raise RowError("record_shape", detail="matchInteraction")
    names = [[choice.attributes.get("identifier", "") for choice in each] for each in sets]
    turned = sorted(source for source, _ in pairs) != sorted(names[0])
    if turned:
        sets, names, pairs = sets[::-1], names[::-1], [pair[::-1] for pair in pairs]
    targets = label_options([tidy_lines(choice.text(*FEEDBACK)) for choice in sets[1]])
    sources = [Option(str(number), tidy_lines(each.text(*FEEDBACK))) for number, each in enumerate(sets[0], 1)]
    number_of = {name: option.id for name, option in zip(names[0], sources, strict=True)}
    letter_of = {name: option.id for name, option in zip(names[1], targets, strict=True)}
    key = tuple(f"{number_of.get(source, '?')}{letter_of.get(target, '?')}" for source, target in pairs)
    words = {
        f"{second} {first}" if turned else f"{first} {second}": (f"{source.id}{target.id}", pair_line(source, target))
        for (first, source), (second, target) in product(
            zip(names[0], sources, strict=True), zip(names[1], targets, strict=True)
        )
    }
    weights = asked.weights(Interaction.MATCH, words, key)
    options = (*sources, *targets)
    return Proposal(row=row, kind=Interaction.MATCH, stem=asked.stem, options=options, key=key, weights=weights)


def _read_points(row: int, asked: Asked) -> Proposal:
    """Read the areas that earn marks, with the names that our own packages give them."""
    entries = [entry for each in asked.declaration.children("areamapping") for entry in each.children("areamapentry")]
    values = [_number(entry.attributes.get("mappedvalue", "0")) for entry in entries]
    areas = [_area(entry) for entry, value in zip(entries, values, strict=True) if value > 0]
    if not areas:
        raise RowError("key_missing")
    names = _names(asked.body.attributes.get("dataankaoareas", ""))
    lines = [area_line(name, area) for name, area in zip(names + [""] * len(areas), areas, strict=False)]
    return msgspec.structs.replace(_pointing(row, asked, lines), weights=_area_weights(asked, entries, values))


def _area_weights(asked: Asked, entries: Sequence[Node], values: Sequence[float]) -> str:
    """Return the marks by area as text, empty where each area earns the same and nothing else counts."""
    earning = [value for value in values if value]
    if len(set(earning)) == 1 and _adds_up(asked.declaration, "areamapping", sum(earning)):
        return ""
    labels = LETTERS[: len(entries)]
    mapped = dict(zip(labels, (each.attributes.get("mappedvalue", "0") for each in entries), strict=False))
    found = None
    if min(values) > 0 and len(labels) == len(entries) and asked.template == "map_response_point":
        mapping, *_ = asked.declaration.children("areamapping")
        found = weights_of(mapping, mapped, Interaction.HOTSPOT, labels, labels)
    if found is None:
        count_feature(asked.unsupported, "mapping")
        return ""
    return "\n".join(weights_lines(found, [(label, label) for label in labels]))


def _read_hotspots(row: int, asked: Asked) -> Proposal:
    """Read the hotspots that are right; whoever points elsewhere is wrong without an area for it."""
    asked.note_mapping()
    right = asked.correct or tuple(_full_mark_keys(asked.declaration))
    found = {each.attributes.get("identifier", ""): each for each in asked.interaction.children("hotspotchoice")}
    if not right:
        raise RowError("key_missing")
    if not set(right) <= set(found):
        raise RowError("key_without_option", key="".join(sorted(set(right) - set(found)))[:20])
    return _pointing(
        row, asked, [area_line(found[each].attributes.get("hotspotlabel", ""), _area(found[each])) for each in right]
    )


def _read_essay(row: int, asked: Asked) -> Proposal:
    """Read a text of one's own with what its scorers are told, or with the correct response."""
    told = [tidy_lines(node.text()) for node in asked.body.descendants("rubricblock") if is_for_scorers(node)]
    asked.note_mapping()
    key = "\n".join(told or asked.correct)
    return Proposal(row=row, kind=Interaction.EXTENDED_TEXT, stem=asked.stem, key=key)


def is_for_scorers(node: Node) -> bool:
    """Tell a rubric that is for scorers alone."""
    return node.name == "rubricblock" and node.attributes.get("view", "").split() == ["scorer"]


def _pointing(row: int, asked: Asked, lines: list[str]) -> Proposal:
    options = label_options(lines)
    return Proposal(row=row, kind=Interaction.HOTSPOT, stem=asked.stem, options=options, key="", photo=asked.photo)


def _area(node: Node) -> Area:
    shape, coords = node.attributes.get("shape", ""), node.attributes.get("coords", "")
    area = find_area(f"{shape} {','.join(coords.replace(',', ' ').split())}")
    if area is None:
        raise RowError("area_unclear", excerpt=f"{shape} {coords}"[:40])
    return area


def _names(text: str) -> list[str]:
    try:
        return msgspec.json.decode(text, type=list[str]) if text else []
    except msgspec.DecodeError:
        return []


def _full_mark_keys(declaration: Node) -> list[str]:
    """Return the mapped answers that earn the most, which is what the correct response earns."""
    entries = declaration.descendants("mapentry")
    values = {
        entry.attributes.get("mapkey", "").strip(): _number(entry.attributes.get("mappedvalue", "0"))
        for entry in entries
    }
    best = max(values.values(), default=0.0)
    return [key for key, value in values.items() if key and value == best and best > 0]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise RowError("record_shape", detail="mappedValue") from error


_EVENLY: Final[Mapping[str, Callable[[Node], bool]]] = {
    "choiceinteraction": _picks_evenly,
    "inlinechoiceinteraction": _shares_evenly,
    "matchinteraction": _shares_evenly,
    "textentryinteraction": _accepts_evenly,
}
"""Interactions of which each right part, or each variant, earns the same, with the mappings that say no more than that."""

_READERS: Final[Mapping[str, Callable[[int, Asked], Proposal]]] = {
    "choiceinteraction": _read_choice,
    "textentryinteraction": _read_text_entry,
    "orderinteraction": _read_order,
    "inlinechoiceinteraction": _read_gaps,
    "matchinteraction": _read_match,
    "selectpointinteraction": _read_points,
    "hotspotinteraction": _read_hotspots,
    "extendedtextinteraction": _read_essay,
}
