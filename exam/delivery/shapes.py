"""The shape of a form's slots, kept with the attempt, so that a malformed response is refused before it is stored."""

import re
from collections import Counter, OrderedDict
from collections.abc import Sequence
from functools import cache
from string import ascii_uppercase
from uuid import UUID

from exam.delivery.responses import (
    GROUPED,
    JUDGEMENT_LABELS,
    ResponseInvalidError,
    Save,
    SlotShape,
    check_response,
    encode_response,
)

LETTERS = {
    "judgement": "j",
    "choice": "c",
    "multiple": "m",
    "text_entry": "t",
    "order": "o",
    "match": "p",
    "inline_choice": "i",
    "hotspot": "h",
    "case": "k",
    "extended_text": "e",
}
_INTERACTIONS = {letter: name for name, letter in LETTERS.items()}
_PART = re.compile(r"([a-z])(\d+(?:\.\d+)*)")
CACHED_ATTEMPTS = 20_000


def encode_shape(slots: list[SlotShape]) -> str:
    """Return the shapes of slots 1, 2, … as one short text: `j2c4m5t0`, and `p4.4.4` for three groups of four.

    `h3.640.480` is a hotspot with three points on a photo of 640 × 480 pixels.
    """
    return "".join(f"{LETTERS[slot.interaction]}{'.'.join(map(str, _counts(slot)))}" for slot in slots)


def _counts(slot: SlotShape) -> tuple[int, ...]:
    return slot.groups if slot.interaction in GROUPED else (slot.options, *slot.groups)


def decode_shape(text: str) -> list[SlotShape]:
    """Return the shapes that `encode_shape` wrote."""
    return [_decode(_INTERACTIONS[letter], counts) for letter, counts in _PART.findall(text)]


def _decode(interaction: str, counts: str) -> SlotShape:
    first, *others = map(int, counts.split("."))
    if interaction in GROUPED:
        return SlotShape(interaction, 0, (first, *others))
    return SlotShape(interaction, first, tuple(others))


def shape_of(interaction: str, labels: Sequence[str], pointing: tuple[int, int, int] | None = None) -> SlotShape:
    """Return the shape of a slot from the labels that it displays, or the number of points, width and height of a photo."""
    if pointing is not None:
        points, *size = pointing
        return SlotShape(interaction, points, tuple(size))
    if interaction not in GROUPED:
        return SlotShape(interaction, len(labels))
    own = Counter(label[:1] for label in labels if label[1:].isalpha())
    shared = sum(label.isalpha() for label in labels)
    groups = sorted({label[:1] for label in labels if label[:1].isdigit()})
    return SlotShape(interaction, 0, tuple(own[group] or shared for group in groups))


def canonical_response(save: Save, shape: SlotShape) -> str:
    """Return the canonical JSON of a save's response (exam.delivery.responses), or raise `ResponseInvalidError`."""
    response = save.response
    if isinstance(response, list) and len(response) == 1:  # nearly every save; looked up in a table made by the rule
        known = _single_labels(shape).get(response[0])
        if known is not None:
            return known
    return encode_response(check_response(save, shape)).decode()


@cache
def _single_labels(shape: SlotShape) -> dict[str, str]:
    """Return the canonical JSON of every valid response of one label."""
    known = {}
    for label in (*ascii_uppercase, *JUDGEMENT_LABELS):
        try:
            known[label] = encode_response(check_response(Save(1, 1, [label]), shape)).decode()
        except ResponseInvalidError:
            continue
    return known


class ShapeCache:
    """Shapes of the attempts that this process has lately served; an attempt's shape never changes once it is set."""

    def __init__(self, limit: int = CACHED_ATTEMPTS) -> None:
        self._limit = limit
        self._shapes: OrderedDict[UUID, list[SlotShape]] = OrderedDict()

    def get(self, attempt_id: UUID) -> list[SlotShape] | None:
        return self._shapes.get(attempt_id)

    def put(self, attempt_id: UUID, shape: str) -> list[SlotShape]:
        slots = decode_shape(shape)
        self._shapes[attempt_id] = slots
        if len(self._shapes) > self._limit:
            self._shapes.popitem(last=False)
        return slots
