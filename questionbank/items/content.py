"""What an item asks and what counts as its answer, independent of where it is stored or shown."""

from enum import StrEnum

import msgspec


class Interaction(StrEnum):
    """题型: how the candidate responds (QTI 3.0 interaction families)."""

    JUDGEMENT = "judgement"
    CHOICE = "choice"
    MULTIPLE = "multiple"
    TEXT_ENTRY = "text_entry"
    ORDER = "order"
    MATCH = "match"
    INLINE_CHOICE = "inline_choice"


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


class ItemContent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """试题 content: stem, options and key.

    `key` holds option ids for choice (one) and multiple (two or more), "T" or "F" for judgement, the accepted variants
    for text entry, all option ids in their right order for order, and a pair for each group of match and inline choice,
    as "1B". Judgement and text entry have no options: 正确/错误 are the interaction's own. Each interaction's rules stand in `questionbank.interactions`.
    """

    interaction: Interaction
    stem: str
    options: tuple[Option, ...] = ()
    key: tuple[str, ...]
    explanation: str = ""
    basis: str = ""


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
