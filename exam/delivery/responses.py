"""Responses at the edge: the wire format of a save and its check against the slot's shape, without knowing any key."""

import re
from collections.abc import Callable, Mapping
from string import ascii_uppercase
from typing import Annotated, Final

import msgspec

from exam.core.areas import find_point
from exam.core.errors import DomainError, Kind

MAX_BATCH_BYTES = 16_384
MAX_SAVES = 64
MAX_TEXT, MAX_ESSAY = 500, 2000
"""Characters of a text entry, and of an answer in words of one's own."""

JUDGEMENT_LABELS = ("T", "F")
GROUPED = frozenset({"match", "inline_choice", "case"})
"""Interactions whose response names choices in several groups, as `1B`; a case may name several of one group."""

# PostgreSQL text cannot hold U+0000, and one such save must not fail the batch it travels in
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Label = Annotated[str, msgspec.Meta(min_length=1, max_length=len("1023,1023"))]
"""A displayed label, of a group its number and a letter, or a point of a photo."""
Labels = Annotated[list[Label], msgspec.Meta(max_length=len(ascii_uppercase))]
Text = Annotated[str, msgspec.Meta(max_length=MAX_ESSAY)]
Response = tuple[str, ...] | str


class BatchInvalidError(DomainError):
    """The body is not a batch of saves; nothing of it was stored."""

    code = "batch_invalid"
    message = "提交的内容格式不正确,答案未被接收。"


class BatchTooLargeError(DomainError):
    """The body is larger than a terminal ever sends."""

    kind = Kind.TOO_LARGE
    code = "batch_too_large"
    message = "一次提交的答案过多,请分批提交。"


class ResponseInvalidError(DomainError):
    """A response cannot be an answer to its slot; the last valid one stays in force."""

    code = "response_invalid"
    message = "第 {slot} 题的作答内容无效,未被接收;此前保存的答案仍然有效。"


class Save(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change by the candidate; `seq` counts the candidate's changes and orders them."""

    slot: Annotated[int, msgspec.Meta(ge=1, le=500)]
    seq: Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
    response: Labels | Text


class SaveBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a terminal sends: a few saves in any order."""

    saves: Annotated[list[Save], msgspec.Meta(min_length=1, max_length=MAX_SAVES)]


class SlotShape(msgspec.Struct, frozen=True):
    """What is known of a slot at the edge: its interaction and the number of displayed options, in each group if any.

    Of a hotspot `options` is the number of points and `groups` width and height of the photo.
    """

    interaction: str
    options: int
    groups: tuple[int, ...] = ()


_batches = msgspec.json.Decoder(SaveBatch)


def decode_batch(body: bytes) -> SaveBatch:
    """Return the batch in a request body, or raise `BatchTooLargeError` or `BatchInvalidError`."""
    if len(body) > MAX_BATCH_BYTES:
        raise BatchTooLargeError(limit=MAX_BATCH_BYTES)
    try:
        return _batches.decode(body)
    except ValueError as error:  # malformed JSON, a wrong type, bytes that are not UTF-8
        raise BatchInvalidError from error


def check_response(save: Save, shape: SlotShape) -> Response:
    """Return the response in canonical form, or raise `ResponseInvalidError`.

    () is a cleared response of any interaction; judgement gives ("T",) or ("F",), choice one displayed label, multiple
    its labels sorted, order its labels in the candidate's sequence, match and
    inline choice a sorted label for each group that is answered, text entry and extended text the text as typed, hotspot its points in
    the candidate's sequence, as "120,45" in pixels of the photo.
    """
    response = save.response
    if not response:
        return ()
    canonical = _CANONICAL.get(shape.interaction, _refuse)(response, shape)
    if canonical is None:
        raise ResponseInvalidError(slot=save.slot)
    return canonical


def encode_response(response: Response) -> bytes:
    """Return the canonical bytes of a checked response: compact JSON, a list of sorted labels or one string."""
    return msgspec.json.encode(response)


def _refuse(response: list[str] | str, shape: SlotShape) -> None:
    del response, shape


def _text(response: list[str] | str, shape: SlotShape) -> str | None:
    most = MAX_ESSAY if shape.interaction == "extended_text" else MAX_TEXT
    if not isinstance(response, str) or len(response) > most or _CONTROL.search(response):
        return None
    return response


def _judgement(response: list[str] | str, shape: SlotShape) -> Response | None:
    del shape
    return tuple(response) if response in [[label] for label in JUDGEMENT_LABELS] else None


def _choice(response: list[str] | str, shape: SlotShape) -> Response | None:
    return tuple(response) if len(response) == 1 and _are_displayed(response, shape) else None


def _multiple(response: list[str] | str, shape: SlotShape) -> Response | None:
    return tuple(sorted(response)) if _are_displayed(response, shape) else None


def _order(response: list[str] | str, shape: SlotShape) -> Response | None:
    """Keep the sequence, also of a part: the rest is still to be placed."""
    return tuple(response) if _are_displayed(response, shape) else None


def _grouped(response: list[str] | str, shape: SlotShape) -> Response | None:
    """Take displayed choices, at most one of each group but for a case."""
    several = shape.interaction == "case"
    if not isinstance(response, list) or len({label if several else label[0] for label in response}) < len(response):
        return None
    displayed = {f"{group}{letter}" for group, size in enumerate(shape.groups, 1) for letter in ascii_uppercase[:size]}
    return tuple(sorted(response)) if set(response) <= displayed else None


def _points(response: list[str] | str, shape: SlotShape) -> Response | None:
    """Take different points of the photo, no more than are asked for, each written in the one way."""
    found = [find_point(each) for each in response] if isinstance(response, list) else [None]
    width, height = shape.groups
    inside = [f"{point[0]},{point[1]}" for point in found if point and point[0] < width and point[1] < height]
    fits = inside == response and len(set(inside)) == len(inside) <= shape.options
    return tuple(inside) if fits else None


def _are_displayed(response: list[str] | str, shape: SlotShape) -> bool:
    """Tell whether a response names displayed options, each once."""
    different = isinstance(response, list) and len(set(response)) == len(response)
    return different and set(response) <= set(ascii_uppercase[: shape.options])


_CANONICAL: Final[Mapping[str, Callable[[list[str] | str, SlotShape], Response | None]]] = {
    "judgement": _judgement,
    "choice": _choice,
    "multiple": _multiple,
    "text_entry": _text,
    "extended_text": _text,
    "order": _order,
    **dict.fromkeys(GROUPED, _grouped),
    "hotspot": _points,
}
