"""Finding items: by words, node, interaction, state and batch, a page at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from questionbank.forms.canonical import digest
from questionbank.items.content import Interaction
from questionbank.items.errors import ItemStateError
from questionbank.items.models import ImportBatch, ItemEventRow, ItemRow, ItemVersionRow
from questionbank.items.state import ItemAct, ItemState

PAGE = 50


class ItemFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for; an empty field asks for nothing. `node` stands for its whole subtree.

    `use` is exam for what forms are dealt from, practice for what is open to learners.
    """

    qualification: str = ""
    words: str = ""
    node: str = ""
    interaction: str = ""
    state: str = ""
    use: str = ""
    batch: UUID | None = None
    author: UUID | None = None
    not_author: UUID | None = None
    not_reviewer: UUID | None = None


class ItemLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item in a list: its newest version's stem, never its key."""

    id: UUID
    qualification: str
    state: ItemState
    version: int
    published_version: int | None
    practice_version: int | None
    interaction: Interaction
    node: str
    stem: str
    similar: bool
    changed_at: datetime

    @property
    def mark(self) -> str:
        """Name item and version as forms send them back: an act is about what was read."""
        return f"{self.id}:{self.version}"


def _conditions(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    plain = {
        ItemRow.qualification: wanted.qualification,
        ItemRow.interaction: wanted.interaction,
        ItemRow.state: wanted.state,
    }
    found += [column == value for column, value in plain.items() if value]
    if wanted.words:
        found.append(ItemRow.stem.icontains(wanted.words, autoescape=True))
    if wanted.node:
        found.append(or_(ItemRow.node == wanted.node, ItemRow.node.startswith(f"{wanted.node}.", autoescape=True)))
    if wanted.use:
        in_use = {"exam": ItemRow.published_version, "practice": ItemRow.practice_version}.get(wanted.use)
        found.append(in_use.is_not(None) if in_use is not None else false())
    if wanted.batch:
        found.append(ItemRow.import_id == wanted.batch)
    if wanted.author:
        found.append(ItemRow.author_id == wanted.author)
    if wanted.not_author:
        wrote = select(ItemVersionRow.id).where(
            ItemVersionRow.item_id == ItemRow.id, ItemVersionRow.author_id == wanted.not_author
        )
        found.append(~wrote.exists())
    if wanted.not_reviewer:
        found.append(ItemRow.reviewed_by != wanted.not_reviewer)
    return found


def matching(wanted: ItemFilter) -> Select[ItemRow]:
    """Return the query of all items that a filter finds."""
    return select(ItemRow).where(*_conditions(wanted))


async def list_items(
    session: AsyncSession, wanted: ItemFilter, *, page: int = 1, limit: int = PAGE
) -> tuple[list[ItemLine], int]:
    """Return one page, the last changed first, and how many items the filter finds in all."""
    conditions = _conditions(wanted)
    total = await session.scalar(select(func.count()).select_from(ItemRow).where(*conditions)) or 0
    query = matching(wanted).order_by(ItemRow.changed_at.desc(), ItemRow.import_row, ItemRow.id)
    rows = await session.scalars(query.limit(limit).offset((page - 1) * limit))
    return [_line(row) for row in rows], total


def _line(row: ItemRow) -> ItemLine:
    return ItemLine(
        id=row.id,
        qualification=row.qualification,
        state=ItemState(row.state),
        version=row.version,
        published_version=row.published_version,
        practice_version=row.practice_version,
        interaction=Interaction(row.interaction),
        node=row.node,
        stem=row.stem,
        similar=row.similar_to is not None,
        changed_at=row.changed_at,
    )


def waiting_for(act: ItemAct, account: UUID) -> ItemFilter:
    """Return what waits for one person's act: own drafts to submit, other people's items to approve or publish."""
    match act:
        case ItemAct.SUBMITTED:
            return ItemFilter(state=ItemState.DRAFT, author=account)
        case ItemAct.APPROVED:
            return ItemFilter(state=ItemState.IN_REVIEW, not_author=account)
        case ItemAct.PUBLISHED:
            return ItemFilter(state=ItemState.APPROVED, not_author=account, not_reviewer=account)
        case _:
            raise ItemStateError(state="")


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """Items of one batch, or of none, that wait for the same act; `listed` commits to exactly these versions."""

    qualification: str
    batch: UUID | None
    filename: str
    items: int
    listed: str
    ids: tuple[UUID, ...]


async def list_pending(session: AsyncSession, wanted: ItemFilter) -> list[Pending]:
    """Group the items that a filter finds by qualification and batch, the largest group first."""
    query = matching(wanted).with_only_columns(ItemRow.qualification, ItemRow.import_id, ItemRow.id, ItemRow.version)
    groups: dict[tuple[str, UUID | None], list[tuple[UUID, int]]] = {}
    for qualification, batch, item_id, version in await session.execute(query.order_by(ItemRow.id)):
        groups.setdefault((qualification, batch), []).append((item_id, version))
    names = await batch_names(session, [batch for _, batch in groups if batch])
    found = [
        Pending(
            qualification=qualification,
            batch=batch,
            filename=names.get(batch, "") if batch else "",
            items=len(items),
            listed=digest([[str(item_id), version] for item_id, version in items]),
            ids=tuple(item_id for item_id, _ in items),
        )
        for (qualification, batch), items in groups.items()
    ]
    return sorted(found, key=lambda group: -group.items)


async def batch_names(session: AsyncSession, batches: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return the file names of import batches."""
    rows = await session.execute(select(ImportBatch.id, ImportBatch.filename).where(ImportBatch.id.in_(batches)))
    return {batch: name for batch, name in rows}  # noqa: C416  # rows are no pairs to the type checker


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that a reviewer or publisher gave back."""

    item: ItemLine
    by: str
    reason: str


async def list_returned(session: AsyncSession, author: UUID, *, limit: int = 20) -> list[Returned]:
    """Return the author's drafts whose last act was a return, the newest first."""
    newest = (
        select(ItemEventRow.id)
        .where(ItemEventRow.item_id == ItemRow.id)
        .order_by(ItemEventRow.id.desc())
        .limit(1)
        .correlate(ItemRow)
        .scalar_subquery()
    )
    query = (
        select(ItemRow, ItemEventRow)
        .join(ItemEventRow, ItemEventRow.id == newest)
        .where(ItemRow.author_id == author, ItemRow.state == "draft", ItemEventRow.act == "returned")
        .order_by(ItemEventRow.at.desc())
        .limit(limit)
    )
    rows = await session.execute(query)
    return [Returned(item=_line(item), by=event.account_name, reason=event.reason) for item, event in rows]


async def list_bank_qualifications(session: AsyncSession) -> list[str]:
    """Return the codes of qualifications that have items."""
    return sorted(await session.scalars(select(ItemRow.qualification).distinct()))


async def count_states(session: AsyncSession, wanted: ItemFilter) -> dict[str, int]:
    """Return how many of the items found are in each state."""
    query = select(ItemRow.state, func.count()).where(*_conditions(wanted)).group_by(ItemRow.state)
    return {state: count for state, count in await session.execute(query)}  # noqa: C416
