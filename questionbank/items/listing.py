"""Lists of items: what a search finds a page at a time, and what waits for whom."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Text, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from exam.standards.api import list_qualifications
from questionbank.forms.canonical import digest
from questionbank.items.content import Interaction
from questionbank.items.errors import ItemStateError
from questionbank.items.finding import ItemFilter, conditions_of, matching, plan_anew, source_of
from questionbank.items.models import ImportBatch, ItemEventRow, ItemRow
from questionbank.items.state import ItemAct, ItemState
from questionbank.statistics.models import ItemSuspicion

PAGE = 50


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
    difficulty: int
    similar: bool
    suspected: bool
    due: bool
    changed_at: datetime

    @property
    def mark(self) -> str:
        """Name item and version as forms send them back: an act is about what was read."""
        return f"{self.id}:{self.version}"


async def list_items(
    session: AsyncSession, wanted: ItemFilter, *, page: int = 1, limit: int = PAGE
) -> tuple[list[ItemLine], int]:
    """Return one page, the last changed first, and how many items the filter finds in all."""
    # ids alone are counted and sorted: whole rows of a large bank would go by way of the disk
    source = source_of(wanted)
    found = select(source.id, func.count().over().label("total")).where(*conditions_of(wanted, source))
    shown = found.order_by(*_order(source)).limit(limit).offset((page - 1) * limit).subquery()
    query = select(ItemRow, shown.c.total).join(shown, shown.c.id == ItemRow.id).order_by(*_order(ItemRow))
    await plan_anew(session)
    rows = (await session.execute(query)).all()
    doubted = await _suspected(session, [row.id for row, _ in rows])
    if not rows and page > 1:
        return [], await count_items(session, wanted)
    return [_line(row, suspected=row.id in doubted) for row, _ in rows], rows[0][1] if rows else 0


def _order(row: type[ItemRow]) -> tuple[Any, ...]:
    return row.changed_at.desc(), row.import_row, row.id


async def _suspected(session: AsyncSession, items: Sequence[UUID]) -> set[UUID]:
    open_ones = select(ItemSuspicion.item_id).where(ItemSuspicion.item_id.in_(items), ItemSuspicion.state == "open")
    return set(await session.scalars(open_ones))


async def list_stems(session: AsyncSession, ids: Sequence[str]) -> dict[str, str]:
    """Return the newest stems of items by id; what is no item's is left out."""
    rows = await session.execute(select(ItemRow.id, ItemRow.stem).where(ItemRow.id.in_(map(UUID, ids))))
    return {str(item): stem for item, stem in rows}


async def list_ids(session: AsyncSession, wanted: ItemFilter, *, limit: int) -> list[UUID]:
    """Return the ids of the first items found."""
    query = matching(wanted).with_only_columns(ItemRow.id).order_by(ItemRow.id).limit(limit)
    return list(await session.scalars(query))


async def count_items(session: AsyncSession, wanted: ItemFilter) -> int:
    """Return how many items a filter finds."""
    await plan_anew(session)
    source = source_of(wanted)
    return await session.scalar(select(func.count()).select_from(source).where(*conditions_of(wanted, source))) or 0


def _line(row: ItemRow, *, suspected: bool = False) -> ItemLine:
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
        difficulty=row.difficulty or 0,
        similar=row.similar_to is not None,
        suspected=suspected,
        due=row.review_due_since is not None,
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
    # one look into the index for each known code: a large bank is not read through
    codes = func.unnest(literal([each.code for each in list_qualifications()], ARRAY(Text))).column_valued("code")
    held = select(ItemRow.id).where(ItemRow.qualification == codes).exists()
    return sorted(await session.scalars(select(codes).where(held)))


async def count_states(session: AsyncSession, wanted: ItemFilter) -> dict[str, int]:
    """Return how many of the items found are in each state."""
    source = source_of(wanted)
    query = select(source.state, func.count()).where(*conditions_of(wanted, source)).group_by(source.state)
    return {state: count for state, count in await session.execute(query)}  # noqa: C416
