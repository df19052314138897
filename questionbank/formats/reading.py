"""What reading a question file yields: drafts, refused rows and features that were left out."""

import msgspec

from questionbank.items.content import ItemDraft, Option

FieldValue = str | int


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A row that gives no item; `message` is a template over `fields`, translatable, and `text` fills it in."""

    row: int
    code: str
    message: str
    fields: dict[str, FieldValue] = {}

    @property
    def text(self) -> str:
        """Return the Chinese sentence."""
        return self.message.format(**self.fields)


class Column(msgspec.Struct, frozen=True):
    """A column by its title and what was read from it; empty where that is nothing."""

    title: str
    field: str


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One file, read: every row of it stands in `drafts` or in `refused`, in file order.

    `unsupported` counts, per feature, what the file says and an item cannot hold, the refused interactions included.
    `columns` are those of a table with headings: what each was read as.
    """

    dialect: str
    drafts: tuple[ItemDraft, ...]
    refused: tuple[Refusal, ...]
    unsupported: dict[str, int] = {}
    columns: tuple[Column, ...] = ()


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """What a dialect found in one row, not yet judged.

    `key` as str is in the file's own notation; as tuple it is option ids or text-entry variants already.
    `kind` is the file's word for the interaction, empty when it does not say.
    """

    row: int
    stem: str
    key: str | tuple[str, ...]
    kind: str = ""
    options: tuple[Option, ...] = ()
    node: str = ""
    depth: str = ""
    difficulty: str = ""
    explanation: str = ""
    basis: str = ""
