"""The interactions of QTI 2.1, 2.2 and 3.0 items, each read by a function of its own (1EdTech QTI 3.0 §5)."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Final

import msgspec

from questionbank.formats.markup import Node, tidy_lines
from questionbank.formats.media import Fetch
from questionbank.formats.options import label_options
from questionbank.formats.qti_asked import FEEDBACK, Asked, correct_of, full_mark_keys, walk
from questionbank.formats.qti_pointing import read_hotspots, read_points
from questionbank.formats.reading import Proposal
from questionbank.formats.refusals import RowError
from questionbank.formats.words import find_truth
from questionbank.interactions.match import pair_line
from questionbank.items.content import FALSE, TRUE, Interaction, Option

_BLANK: Final = "_____"
_MATCH_SETS: Final = 2
_TOGETHER: Final = frozenset({"inlinechoiceinteraction", "choiceinteraction"})
"""Interactions of which an item may hold several."""


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
    """Return the name of the standard response processing that an item names, or writes out where it is one mapping."""
    processing = root.children("responseprocessing")
    named = [each.attributes.get("template", "") for each in processing]
    if any(named):
        return named[0].rpartition("/")[2].removesuffix(".xml")
    scored = [each for each in root.descendants("setoutcomevalue") if each.attributes.get("identifier") == "SCORE"]
    direct = [each for one in processing for each in one.children("setoutcomevalue")]
    values = [part.name for each in scored for part in each.parts if isinstance(part, Node)]
    alone = len(scored) == 1 and any(scored[0] is each for each in direct)
    return _MAPPED.get(values[0], "") if alone and len(values) == 1 else ""


_MAPPED: Final = {"mapresponse": "map_response", "mapresponsepoint": "map_response_point"}


def read_asked(row: int, asked: Asked) -> Proposal:
    """Return what an item asks, or raise RowError."""
    return _READERS[asked.interaction.name](row, asked)


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
        options.append(Option(str(number), tidy_lines(prompt).replace("\n", " ")))
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
    variants = dict.fromkeys([*asked.correct, *full_mark_keys(asked.declaration)])
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
        key += [letters.get(value, f"{number}?") for value in correct_of(declaration) or full_mark_keys(declaration)]
    if not key:
        raise RowError("key_missing")
    stem = asked.with_blanks(_BLANK)
    return Proposal(row=row, kind=Interaction.INLINE_CHOICE, stem=stem, options=tuple(options), key=tuple(key))


def _read_match(row: int, asked: Asked) -> Proposal:
    """Read a match in which each choice of one set, taken as the sources, belongs to one of the other."""
    sets = [each.children("simpleassociablechoice") for each in asked.interaction.children("simplematchset")]
    pairs = [value.split() for value in asked.correct or full_mark_keys(asked.declaration)]
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


def _read_essay(row: int, asked: Asked) -> Proposal:
    """Read a text of one's own with what its scorers are told, or with the correct response."""
    told = [tidy_lines(node.text()) for node in asked.body.descendants("rubricblock") if is_for_scorers(node)]
    asked.note_mapping()
    key = "\n".join(told or asked.correct)
    return Proposal(row=row, kind=Interaction.EXTENDED_TEXT, stem=asked.stem, key=key)


def is_for_scorers(node: Node) -> bool:
    """Tell a rubric that is for scorers alone."""
    return node.name == "rubricblock" and node.attributes.get("view", "").split() == ["scorer"]


_READERS: Final[Mapping[str, Callable[[int, Asked], Proposal]]] = {
    "choiceinteraction": _read_choice,
    "textentryinteraction": _read_text_entry,
    "orderinteraction": _read_order,
    "inlinechoiceinteraction": _read_gaps,
    "matchinteraction": _read_match,
    "selectpointinteraction": read_points,
    "hotspotinteraction": read_hotspots,
    "extendedtextinteraction": _read_essay,
}
