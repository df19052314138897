"""Figures of an item: the marks at which they stand in its texts, and what is kept of a picture, a recording, a formula."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final

import nh3

from exam.core.pdf.errors import PhotoTooLargeError, PhotoUnreadableError
from exam.core.photo import Size, clean_photo, plain_size
from questionbank.formats.refusals import RowError
from questionbank.interactions.photo import MOST_BYTES, PHOTO_PX
from questionbank.interactions.recording import fit_recording
from questionbank.items.content import Figure, FigureKind

MARK_WORDS: Final = {FigureKind.IMAGE: "图", FigureKind.AUDIO: "音", FigureKind.FORMULA: "式"}
_KINDS: Final = {word: kind for kind, word in MARK_WORDS.items()}
MOST_FIGURES: Final = 12
_MARK: Final = re.compile(r"〔(图|音|式)([1-9][0-9]?)〕")
_SIZES: Final[tuple[Size, ...]] = (PHOTO_PX, (640, 640), (400, 400))
"""The largest of them at which a picture has few enough bytes: one full of small detail is made smaller."""
_FORMULA_BYTES: Final = 8 * 1024
MATHML: Final = {
    *(
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "mspace",
        "ms",
        "mfrac",
        "msqrt",
        "mroot",
        "mstyle",
        "merror",
        "mpadded",
    ),
    *("mphantom", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts"),
    *("mtable", "mtr", "mtd"),
}
"""MathML Core without links, scripts and foreign content: nothing of it loads or does anything."""
_ELSEWHERE: Final = {"annotation", "annotation-xml", "script", "style"}
"""What stands in these is no part of a formula."""
MATHML_ATTRIBUTES: Final = {
    "math": {"display"},
    "mi": {"mathvariant"},
    "mo": {"fence", "separator", "stretchy", "form", "largeop", "movablelimits"},
    "mfrac": {"linethickness"},
    "mspace": {"width"},
    "mtd": {"columnspan", "rowspan"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "munderover": {"accent", "accentunder"},
}


def mark(kind: FigureKind, number: int) -> str:
    """Return the mark of a figure in a text; `number` counts all figures of an item from 1."""
    return f"〔{MARK_WORDS[kind]}{number}〕"


def read_marks(text: str) -> Iterator[str | tuple[FigureKind, int]]:
    """Yield a text's runs between marks as str and each mark as kind and number of its figure; empty runs are left out."""
    at = 0
    for found in _MARK.finditer(text):
        if found.start() > at:
            yield text[at : found.start()]
        yield _KINDS[found[1]], int(found[2])
        at = found.end()
    if at < len(text):
        yield text[at:]


def split_marks(text: str) -> Iterator[str | int]:
    """Yield a text's runs between marks as str and each mark as the number of its figure; empty runs are left out."""
    yield from (each if isinstance(each, str) else each[1] for each in read_marks(text))


def replace_marks(text: str, put: Callable[[FigureKind, int], str]) -> str:
    """Return a text with what `put` says of each mark in its place."""
    return _MARK.sub(lambda found: put(_KINDS[found[1]], int(found[2])), text)


def settle_figures(texts: Sequence[str], figures: Sequence[Figure]) -> tuple[list[str], tuple[Figure, ...]]:
    """Return texts and figures in the one form in which they are stored: each figure once, sorted by digest.

    No order of the texts tells in that numbering, for options may be stored in any. The first text is the stem: a figure
    that no text names comes to its end, so that none is lost. Raises RowError `figure_missing` at a mark without its
    figure, `figure_count` at more than `MOST_FIGURES`.
    """
    named = {each for text in texts for each in split_marks(text) if isinstance(each, int)}
    if missing := [number for number in sorted(named) if number > len(figures)]:
        raise RowError("figure_missing", number=missing[0])
    unnamed = (mark(figure.kind, at) for at, figure in enumerate(figures, 1) if at not in named)
    texts = ["\n".join(filter(None, (texts[0], *unnamed))), *texts[1:]]
    digests = [sha256(figure.data).hexdigest() for figure in figures]
    first = dict(zip(reversed(digests), reversed(figures), strict=True))  # of the same file twice
    kept = {digest: first[digest] for digest in sorted(first)}
    if len(kept) > MOST_FIGURES:
        raise RowError("figure_count", count=len(kept), most=MOST_FIGURES)
    numbers = {digest: number for number, digest in enumerate(kept, 1)}

    def rename(found: re.Match[str]) -> str:
        old = int(found[2]) - 1
        return mark(figures[old].kind, numbers[digests[old]])

    return [_MARK.sub(rename, text) for text in texts], tuple(kept.values())


def pick_figures(texts: Sequence[str], figures: Sequence[Figure]) -> tuple[list[str], tuple[Figure, ...]]:
    """Return texts with the figures that they name and no other, counted anew: none tells of a text that is not shown."""
    every = (each for text in texts for each in split_marks(text))
    named = sorted({each for each in every if isinstance(each, int) and each <= len(figures)})
    numbers = {old: new for new, old in enumerate(named, 1)}
    again = [replace_marks(text, lambda kind, number: mark(kind, numbers.get(number, number))) for text in texts]
    return again, tuple(figures[number - 1] for number in named)


def clean_formula(data: bytes) -> str:
    """Return the mathematics of a formula and nothing else, the same on the way in and on the way out."""
    text = data.decode("utf-8", "replace")
    return nh3.clean(text, tags=MATHML, attributes=MATHML_ATTRIBUTES, clean_content_tags=_ELSEWHERE).strip()


def fit_figure(kind: FigureKind, data: bytes, text: str = "") -> Figure:
    """Return what an item keeps of a file; what this function once returned comes back unchanged.

    A picture is JPEG or PNG, a recording anything that libav decodes, a formula MathML in UTF-8. Raises RowError
    `figure_unreadable`, `recording_unreadable`, `recording_long` or `formula_unreadable`.
    """
    return _FITTERS[kind](data, text)


def _fit_image(data: bytes, text: str) -> Figure:
    jpeg = next(filter(None, (_small(data, most) for most in _SIZES)), b"")
    if not jpeg:
        raise RowError("figure_unreadable")
    width, height = plain_size(jpeg, PHOTO_PX) or (0, 0)
    return Figure(FigureKind.IMAGE, jpeg, width, height, text)


def _small(data: bytes, most: Size) -> bytes:
    """Return a picture of at most so many pixels, empty where even the plainest has too many bytes."""
    try:
        return clean_photo(data, most, MOST_BYTES)
    except PhotoUnreadableError as error:
        raise RowError("figure_unreadable") from error
    except PhotoTooLargeError:
        return b""


def _fit_audio(data: bytes, text: str) -> Figure:
    return Figure(FigureKind.AUDIO, fit_recording(data), text=text)


def _fit_formula(data: bytes, text: str) -> Figure:
    clean = clean_formula(data)
    if not clean.startswith("<math") or clean.count("<math") != 1 or len(clean) > _FORMULA_BYTES:
        raise RowError("formula_unreadable")
    return Figure(FigureKind.FORMULA, clean.encode(), text=text)


_FITTERS: Final[Mapping[FigureKind, Callable[[bytes, str], Figure]]] = {
    FigureKind.IMAGE: _fit_image,
    FigureKind.AUDIO: _fit_audio,
    FigureKind.FORMULA: _fit_formula,
}
