"""What an item asks and what counts as its answer, independent of where it is stored or shown."""

from base64 import b64encode
from enum import StrEnum

import msgspec

from exam.core.weights import Weights


class Interaction(StrEnum):
    """题型: how the candidate responds (QTI 3.0 interaction families)."""

    JUDGEMENT = "judgement"
    CHOICE = "choice"
    MULTIPLE = "multiple"
    TEXT_ENTRY = "text_entry"
    ORDER = "order"
    MATCH = "match"
    INLINE_CHOICE = "inline_choice"
    HOTSPOT = "hotspot"
    CASE = "case"
    EXTENDED_TEXT = "extended_text"


class Depth(StrEnum):
    """Depth that the syllabus asks of a node: 了解, 掌握, 熟练掌握."""

    KNOW = "know"
    GRASP = "grasp"
    MASTER = "master"


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One choice of an item; `id` is A, B, C … in the stored order, never the displayed one.

    A match has sources 1, 2, … besides, an inline choice 1A, 1B, …, 2A, … for its blanks.
    """

    id: str
    text: str


TRUE, FALSE = "T", "F"


class Photo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """照片: a small plain JPEG of `width` × `height` pixels (questionbank.interactions.photo)."""

    width: int
    height: int
    jpeg: bytes

    def __repr__(self) -> str:
        """Return the size alone: nobody reads the bytes in a log."""
        return f"Photo({self.width}×{self.height})"

    @property
    def url(self) -> str:
        """The photo as a data URL (RFC 2397)."""
        return f"data:image/jpeg;base64,{b64encode(self.jpeg).decode()}"


class FigureKind(StrEnum):
    """What stands in a text at a figure's mark."""

    IMAGE = "image"
    AUDIO = "audio"
    FORMULA = "formula"


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """附图: a small plain JPEG of `width` × `height` pixels, an M4A recording or MathML (questionbank.interactions.figures).

    `text` says in words what it shows or says, for those who cannot see or hear it; a formula's sizes are 0, as a recording's.
    """

    kind: FigureKind
    data: bytes
    width: int = 0
    height: int = 0
    text: str = ""

    def __repr__(self) -> str:
        """Return kind and size alone: nobody reads the bytes in a log."""
        return f"Figure({self.kind}, {len(self.data)} bytes)"

    @property
    def url(self) -> str:
        """A picture or a recording as a data URL (RFC 2397)."""
        return f"data:{_MEDIA_TYPES[self.kind]};base64,{b64encode(self.data).decode()}"


_MEDIA_TYPES = {
    FigureKind.IMAGE: "image/jpeg",
    FigureKind.AUDIO: "audio/mp4",
    FigureKind.FORMULA: "application/mathml+xml",
}


class ItemContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """试题 content: stem, options and key.

    `key` holds option ids for choice (one) and multiple (two or more), "T" or "F" for judgement, the accepted variants
    for text entry, the points that markers look for of extended text, all option ids in their right order for order, and a pair for each group of match and inline choice,
    as "1B". Judgement, text entry and extended text have no options: 正确/错误 are the interaction's own. The options of a hotspot are the
    areas to be found on its photo, those of a case its questions 1, 2, … and their options 1A, 1B, …, of which the key
    names those that are right. Each interaction's rules stand in `questionbank.interactions`.

    `weights` say what each answer adds, by option id or pair; the key earns the most. `figures` stand at their marks in
    stem, options and explanation, counted from 1: a picture at 〔图1〕, a recording at 〔音2〕. `photo`, `weights` and
    `figures` are unset rather than empty: the bytes, and so the digest, of items without them stay what they were.
    """

    interaction: Interaction
    stem: str
    options: tuple[Option, ...] = ()
    key: tuple[str, ...]
    explanation: str = ""
    basis: str = ""
    photo: Photo | msgspec.UnsetType = msgspec.UNSET
    weights: Weights | msgspec.UnsetType = msgspec.UNSET
    figures: tuple[Figure, ...] | msgspec.UnsetType = msgspec.UNSET


class ItemDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item as an author or a file proposes it, before it is stored.

    `node` is the code of a syllabus node or empty when the file does not say; `difficulty` is the expected
    percentage of wrong answers, 0–100; `row` is the row, line or ordinal in the source file, from 1.
    """

    content: ItemContent
    node: str = ""
    depth: Depth = Depth.GRASP
    difficulty: int = 30
    row: int = 0
