"""撤销成批修改: the items as they were before one's own change over a search, as next versions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from exam.core.errors import ConflictError
from exam.core.principal import Principal
from questionbank.items.bulk import MOST, draft_of_version, write_revisions
from questionbank.items.drafting import require_account
from questionbank.items.models import ItemEventRow, ItemRow, ItemVersionRow
from questionbank.items.state import ItemState

UNDONE_WITHIN: Final = timedelta(days=30)
SHOWN: Final = 10
_OPEN: Final = (ItemState.DRAFT, ItemState.IN_REVIEW, ItemState.APPROVED)


class BulkGoneError(ConflictError):
    """Nothing of a change can be undone: it is not one's own, too old, or every item has moved on."""

    code = "bulk_gone"
    message = "这次成批修改已不能撤销:其中的试题后来又改过、已发布,或已超过 30 天。"


class BulkDone(msgspec.Struct, frozen=True, kw_only=True):
    """One's own change over a search: when and why it was made, and how many of its items are still as it left them."""

    at: datetime
    reason: str
    items: int
    open: int


async def list_bulks(session: AsyncSession, account: UUID, *, at: datetime) -> Sequence[BulkDone]:
    """Return the changes of an account that can be undone, the newest first."""
    items, still = func.count(), func.count().filter(_still_open())
    query = (
        select(ItemEventRow.at, ItemEventRow.reason, items, still)
        .join(ItemRow, ItemRow.id == ItemEventRow.item_id)
        .where(*_own(account), ItemEventRow.at >= at - UNDONE_WITHIN)
        .group_by(ItemEventRow.at, ItemEventRow.reason)
        .having(still > 0)
        .order_by(ItemEventRow.at.desc())
        .limit(SHOWN)
    )
    return [BulkDone(at=made, reason=why, items=n, open=left) for made, why, n, left in await session.execute(query)]


def _own(account: UUID) -> tuple[ColumnElement[bool], ...]:
    """Return what makes an event one of a change over a search."""
    return ItemEventRow.bulk.is_(True), ItemEventRow.account_id == account


def _still_open() -> ColumnElement[bool]:
    return and_(ItemRow.version == ItemEventRow.version, ItemRow.state.in_(_OPEN), ItemEventRow.version > 1)


async def undo_bulk(session: AsyncSession, principal: Principal, made: datetime, *, at: datetime) -> int:
    """Give the items of one's own change the words of the version before it, and return how many.

    What was revised or published since is left alone; everything else goes back in one transaction. Raises BulkGoneError,
    RegionForbiddenError.
    """
    account = require_account(principal)
    if made < at - UNDONE_WITHIN:
        raise BulkGoneError
    before = aliased(ItemVersionRow)
    query = (
        select(ItemRow, before, ItemEventRow.reason)
        .join(ItemEventRow, ItemEventRow.item_id == ItemRow.id)
        .join(before, and_(before.item_id == ItemRow.id, before.number == ItemEventRow.version - 1))
        .where(*_own(account), ItemEventRow.at == made, _still_open())
        .order_by(ItemRow.id)
        .limit(MOST)
    )
    found = (await session.execute(query.execution_options(populate_existing=True))).all()
    if not found:
        raise BulkGoneError
    drafts = [(item, draft_of_version(version)) for item, version, _ in found]
    reason = f"撤销成批修改:{found[0].reason}"
    await write_revisions(session, principal, drafts, "items.bulk_undone", reason=reason, facts={}, at=at)
    return len(drafts)
