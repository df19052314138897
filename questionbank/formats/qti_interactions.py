"""The interactions of QTI 2.1, 2.2 and 3.0 items, each read by a function of its own (1EdTech QTI 3.0 §5)."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from questionbank.formats.markup import Node, tidy_lines
from questionbank.formats.options import label_options
from questionbank.formats.reading import Proposal
from questionbank.formats.refusals import RowError
from questionbank.items.content import Interaction, Option

FEEDBACK: Final = ("feedbackinline", "feedbackblock", "modalfeedback", "rubricblock")
_BLANK: Final = "_____"


def count_feature(unsupported: dict[str, int], feature: str) -> None:
    """Note once more that an item has a feature which is left out."""
    unsupported[feature[:40]] = unsupported.get(feature[:40], 0) + 1


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One interaction of an item with the declaration of its response."""

    body: Node
    interaction: Node
    declaration: Node
    unsupported: dict[str, int]

    def read(self, row: int) -> Proposal:
        """Return what the item asks, or raise RowError."""
        return _READERS[self.interaction.name](row, self)

    @property
    def correct(self) -> tuple[str, ...]:
        """The values of the correct response, in the order of the document."""
        found = [
            value.text().strip()
            for correct in self.declaration.children("correctresponse")
            for value in correct.children("value")
        ]
        return tuple(found)

    @property
    def stem(self) -> str:
        """The text of the body and the prompt without that of the interaction."""
        prompt = "\n".join(node.text(*FEEDBACK) for node in self.interaction.children("prompt"))
        return tidy_lines(f"{self.body.text(self.interaction.name, *FEEDBACK)}\n{prompt}")

    def note_mapping(self) -> None:
        """Note marks by answer, which an item cannot hold."""
        if self.declaration.children("mapping"):
            count_feature(self.unsupported, "mapping")


def find_asked(root: Node, body: Node, unsupported: dict[str, int]) -> Asked:
    """Return the one interaction of an item body; raises RowError where there is another number or none we know."""
    names = {node.name for node in walk(body) if node.name.endswith("interaction")}
    found = body.descendants(*names)
    if len(found) != 1 or found[0].name not in _READERS:
        raise RowError("unsupported_interaction", kind="+".join(sorted(names))[:40] or "no interaction")
    identifier = found[0].attributes.get("responseidentifier")
    for declaration in root.children("responsedeclaration"):
        if declaration.attributes.get("identifier") == identifier:
            return Asked(body=body, interaction=found[0], declaration=declaration, unsupported=unsupported)
    raise RowError("key_missing")


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
    options, key = _label(asked)
    asked.note_mapping()
    multiple = asked.declaration.attributes.get("cardinality") == "multiple"
    return Proposal(row=row, kind=Interaction.MULTIPLE if multiple else "", stem=asked.stem, options=options, key=key)


def _read_order(row: int, asked: Asked) -> Proposal:
    options, key = _label(asked)
    if not key:
        raise RowError("key_missing")
    asked.note_mapping()
    return Proposal(row=row, kind=Interaction.ORDER, stem=asked.stem, options=options, key=key)


def _read_text_entry(row: int, asked: Asked) -> Proposal:
    body = asked.body
    blank = body.attributes.get("dataankaoblank", _BLANK)
    for node in [body, *walk(body)]:
        node.parts = [blank if part is asked.interaction else part for part in node.parts]
    variants = dict.fromkeys([*asked.correct, *_full_mark_keys(asked.declaration)])
    if not variants:
        raise RowError("key_missing")
    return Proposal(row=row, kind=Interaction.TEXT_ENTRY, stem=tidy_lines(body.text(*FEEDBACK)), key=tuple(variants))


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


_READERS: Final[Mapping[str, Callable[[int, Asked], Proposal]]] = {
    "choiceinteraction": _read_choice,
    "textentryinteraction": _read_text_entry,
    "orderinteraction": _read_order,
}
