"""Breaking and shrinking text to fit a printed box; nothing is ever cut off.

Widths and sizes are in points. Chinese may break between any two characters, except that closing punctuation never
begins a line and opening punctuation never ends one; Latin words and numbers stay whole.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec
from reportlab.pdfbase.pdfmetrics import stringWidth

POINTS_PER_MM = 72 / 25.4
STEP = 0.25
"""How finely sizes are tried, in points."""
SINGLE, SEVERAL = 0.72, 0.74
"""Shares of the wanted size: down to which one line shrinks, and from which several lines begin."""

_NO_START = frozenset("、。，．；：！？）》〉」』】〕”’…·％,.;:?!)%")
_NO_END = frozenset("（《〈「『【〔“‘(")
_PIECE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-/:@_#?=&+%]*|\s+|.", re.DOTALL)


class Fitted(msgspec.Struct, frozen=True):
    """Lines of text and the size in points at which all of them fit."""

    lines: tuple[str, ...]
    size: float


def wrap(text: str, font: str, size: float, width: float) -> tuple[str, ...]:
    """Break `text` into lines no wider than `width`; a line feed always breaks."""
    return tuple(line for part in text.split("\n") for line in _wrap_part(part, font, size, width))


def fit(text: str, font: str, size: float, width: float, *, max_lines: int = 1) -> Fitted:
    """Return the text at the largest size up to `size` at which it needs at most `max_lines`.

    One line may shrink to SINGLE of `size`; two start smaller, so that they stay within the height of a row. Where
    even that is too wide the text goes on shrinking, because a name printed small is still the name.
    """
    for tried in _sizes(size, size * SINGLE):
        if stringWidth(text, font, tried) <= width:
            return Fitted((text,), tried)
    for tried in _sizes(size * (SEVERAL if max_lines > 1 else SINGLE), STEP):
        broken = _at_middle_dot(text, font, tried, width) if max_lines > 1 else None
        broken = broken or _evenly(text, font, tried, width)
        if len(broken) <= max_lines:
            return Fitted(broken, tried)
    return Fitted((text,), STEP)


def _sizes(size: float, floor: float) -> Iterator[float]:
    while size >= floor:
        yield size
        size -= STEP


def _at_middle_dot(text: str, font: str, size: float, width: float) -> tuple[str, ...] | None:
    """Break a name such as 阿卜杜热合曼·买买提 after the dot nearest its middle, if both halves fit."""
    dots = [place + 1 for place, letter in enumerate(text) if letter == "·"]
    if not dots:
        return None
    middle = min(dots, key=lambda place: abs(place - len(text) / 2))
    halves = (text[:middle], text[middle:])
    return halves if all(stringWidth(half, font, size) <= width for half in halves) else None


def _evenly(text: str, font: str, size: float, width: float) -> tuple[str, ...]:
    """Break as `wrap` does, into lines of nearly one length: two characters alone in the last look like a slip."""
    broken = wrap(text, font, size, width)
    for share in range(50, 100, 5):
        even = wrap(text, font, size, width * share / 100)
        if len(even) == len(broken):
            return even
    return broken


def _wrap_part(text: str, font: str, size: float, width: float) -> Iterator[str]:
    line, used = "", 0.0
    for piece in _pieces(text, font, size, width):
        if line and used + stringWidth(piece.rstrip(), font, size) > width:
            yield line.rstrip()
            line, used = "", 0.0
            piece = piece.lstrip()  # noqa: PLW2901 - the space before a break is not printed
        line += piece
        used += stringWidth(piece, font, size)
    yield line.rstrip()


def _pieces(text: str, font: str, size: float, width: float) -> Iterator[str]:
    """Yield what may not be broken: words, single characters, and these with the punctuation that clings to them."""
    held = ""
    for piece in _split_long(_PIECE.findall(text), font, size, width):
        if held and piece[0] not in _NO_START and held[-1] not in _NO_END:
            yield held
            held = piece
        else:
            held += piece
    if held:
        yield held


def _split_long(pieces: Iterable[str], font: str, size: float, width: float) -> Iterator[str]:
    for piece in pieces:
        if len(piece) > 1 and stringWidth(piece, font, size) > width:
            yield from piece
        else:
            yield piece
