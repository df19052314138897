"""Tables of items, their versions, their review and their imports."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from exam.core.db.base import Base, Id


class ItemRow(Base):
    """试题: its row is moved by its events alone, in the database (`questionbank_apply_event`).

    `version` is the newest; `published_version` the one that forms are dealt from, None when there is none. From
    `released_at` on the item is for practice: it has a `practice_version` instead, and never a published one again.
    `stem`, `node` and `interaction` are copies of the newest version's, for lists and search; so are `difficulty`, `words`
    (every text but the key, in lower case) and `laws` (what its basis cites), which the database copies by itself.

    While `review_due_since` is set a law that it cites has changed; a later version's publication or a reviewer's word
    takes the mark away.
    """

    __tablename__ = "questionbank_item"

    id: Mapped[Id]
    qualification: Mapped[str]
    region: Mapped[str]
    state: Mapped[str]
    version: Mapped[int]
    published_version: Mapped[int | None]
    practice_version: Mapped[int | None]
    released_at: Mapped[datetime | None]
    interaction: Mapped[str]
    node: Mapped[str]
    stem: Mapped[str]
    difficulty: Mapped[int | None]
    words: Mapped[str] = mapped_column(deferred=True, server_default="")
    laws: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    review_due_since: Mapped[datetime | None]
    review_due_version: Mapped[int | None]
    review_due_reason: Mapped[str] = mapped_column(server_default="")
    author_id: Mapped[UUID]
    reviewed_by: Mapped[UUID | None]
    published_by: Mapped[UUID | None]
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("questionbank_import.id"))
    import_row: Mapped[int | None]
    similar_to: Mapped[UUID | None] = mapped_column(ForeignKey("questionbank_item.id"))
    """The near twin that the import found, for the reviewer to compare."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ItemVersionRow(Base):
    """试题版本: immutable; `content` is an ItemContent and `digest` that of its canonical bytes."""

    __tablename__ = "questionbank_item_version"
    __table_args__ = (UniqueConstraint("item_id", "number"),)

    id: Mapped[Id]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_item.id"))
    number: Mapped[int]
    region: Mapped[str]
    content: Mapped[dict[str, Any]]
    digest: Mapped[str]
    node: Mapped[str]
    depth: Mapped[str]
    difficulty: Mapped[int]
    author_id: Mapped[UUID]
    author_name: Mapped[str]
    created_at: Mapped[datetime]


class ItemEventRow(Base):
    """审题记录: one act on one version; inserting it moves the item."""

    __tablename__ = "questionbank_item_event"

    id: Mapped[Id]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_item.id"))
    region: Mapped[str]
    act: Mapped[str]
    version: Mapped[int]
    account_id: Mapped[UUID]
    account_name: Mapped[str]
    reason: Mapped[str]
    bulk: Mapped[bool] = mapped_column(server_default="false")
    """Whether it is one of a change over a search."""
    at: Mapped[datetime]


class ItemCommentRow(Base):
    """意见: a maker's remark on an item, appended."""

    __tablename__ = "questionbank_item_comment"

    id: Mapped[Id]
    item_id: Mapped[UUID] = mapped_column(ForeignKey("questionbank_item.id"))
    region: Mapped[str]
    version: Mapped[int]
    account_id: Mapped[UUID]
    account_name: Mapped[str]
    words: Mapped[str]
    at: Mapped[datetime]


class ImportBatch(Base):
    """导入批次: a file that was checked, and written once somebody confirmed it."""

    __tablename__ = "questionbank_import"

    id: Mapped[Id]
    qualification: Mapped[str]
    region: Mapped[str]
    filename: Mapped[str]
    file_digest: Mapped[str]
    storage_key: Mapped[str | None]
    dialect: Mapped[str]
    state: Mapped[str]
    accepted: Mapped[int]
    near_duplicate: Mapped[int]
    duplicate: Mapped[int]
    refused: Mapped[int]
    account_id: Mapped[UUID]
    account_name: Mapped[str]
    created_at: Mapped[datetime]
    written_at: Mapped[datetime | None]


class ImportLayout(Base):
    """列的对应: what the columns of a table mean whose titles, folded and sorted, are `heads`."""

    __tablename__ = "questionbank_import_layout"

    region: Mapped[str] = mapped_column(primary_key=True)
    heads: Mapped[str] = mapped_column(primary_key=True)
    fields: Mapped[dict[str, Any]]
    account_id: Mapped[UUID]
    account_name: Mapped[str]
    changed_at: Mapped[datetime]
