"""The interactions of QTI 2.1, 2.2 and 3.0 items, each read by a function of its own (1EdTech QTI 3.0 §5)."""

from collections.abc import Callable, Mapping
from math import isclose
from typing import Final

import msgspec

from exam.core.areas import Area, find_area
from questionbank.formats.markup import Node, tidy_lines
from questionbank.formats.options import label_options
from questionbank.formats.reading import Proposal
from questionbank.formats.refusals import RowError
from questionbank.interactions.hotspot import area_line
from questionbank.items.content import Interaction, Option

FEEDBACK: Final = ("feedbackinline", "feedbackblock", "modalfeedback", "rubricblock")
_BLANK: Final = "_____"
_MATCH_SETS: Final = 2
_TOGETHER: Final = frozenset({"inlinechoiceinteraction", "choiceinteraction"})
"""Interactions of which an item may hold several."""


def count_feature(unsupported: dict[str, int], feature: str) -> None:
    """Note once more that an item has a feature which is left out."""
    unsupported[feature[:40]] = unsupported.get(feature[:40], 0) + 1


Fetch = Callable[[str], bytes]
"""Returns a file by its reference in an item; empty where it is not there."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One interaction of an item with the declaration of its response, or several of a kind that belong together."""

    body: Node
    pairs: tuple[tuple[Node, Node], ...]
    unsupported: dict[str, int]
    fetch: Fetch

    @property
    def photo(self) -> bytes:
        """The picture of the interaction, which stands in the package; empty where it is not there."""
        pictures = self.interaction.descendants("object", "img")
        return (
            self.fetch(pictures[0].attributes.get("data") or pictures[0].attributes.get("src", "")) if pictures else b""
        )

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
        maps_evenly = _EVENLY.get(self.interaction.name)
        for _, declaration in self.pairs:
            if declaration.children("mapping") and not (maps_evenly and maps_evenly(declaration)):
                count_feature(self.unsupported, "mapping")
                return


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
    return Asked(body=body, pairs=pairs, unsupported=unsupported, fetch=fetch)


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
    asked.note_mapping()
    multiple = asked.declaration.attributes.get("cardinality") == "multiple"
    return Proposal(row=row, kind=Interaction.MULTIPLE if multiple else "", stem=asked.stem, options=options, key=key)


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
    asked.note_mapping()
    sets = [each.children("simpleassociablechoice") for each in asked.interaction.children("simplematchset")]
    pairs = [value.split() for value in asked.correct or _full_mark_keys(asked.declaration)]
    if not pairs:
        raise RowError("key_missing")
    if len(sets) != _MATCH_SETS or any(len(pair) != _MATCH_SETS for pair in pairs):
        raise RowError("record_shape", detail="matchInteraction")
    names = [[choice.attributes.get("identifier", "") for choice in each] for each in sets]
    if sorted(source for source, _ in pairs) != sorted(names[0]):
        sets, names, pairs = sets[::-1], names[::-1], [pair[::-1] for pair in pairs]
    targets = label_options([tidy_lines(choice.text(*FEEDBACK)) for choice in sets[1]])
    sources = [Option(str(number), tidy_lines(each.text(*FEEDBACK))) for number, each in enumerate(sets[0], 1)]
    number_of = {name: option.id for name, option in zip(names[0], sources, strict=True)}
    letter_of = {name: option.id for name, option in zip(names[1], targets, strict=True)}
    key = tuple(f"{number_of.get(source, '?')}{letter_of.get(target, '?')}" for source, target in pairs)
    return Proposal(row=row, kind=Interaction.MATCH, stem=asked.stem, options=(*sources, *targets), key=key)


def _read_points(row: int, asked: Asked) -> Proposal:
    """Read the areas that earn marks, with the names that our own packages give them."""
    entries = asked.declaration.descendants("areamapentry")
    values = [_number(entry.attributes.get("mappedvalue", "0")) for entry in entries]
    if len({value for value in values if value}) > 1 or not _adds_up(asked.declaration, "areamapping", sum(values)):
        count_feature(asked.unsupported, "mapping")
    areas = [_area(entry) for entry, value in zip(entries, values, strict=True) if value > 0]
    if not areas:
        raise RowError("key_missing")
    names = _names(asked.body.attributes.get("dataankaoareas", ""))
    lines = [area_line(name, area) for name, area in zip(names + [""] * len(areas), areas, strict=False)]
    return _pointing(row, asked, lines)


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
}
