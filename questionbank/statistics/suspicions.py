"""疑似泄题: what waits for a person to look at, and what was decided."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.ledger import record
from exam.core.errors import ConflictError, NotFoundError
from exam.core.principal import Principal
from exam.identity.api import require_region
from questionbank.items.drafting import require_account
from questionbank.items.errors import ReasonRequiredError
from questionbank.items.models import ItemRow
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct, ItemState
from questionbank.statistics.models import ItemSuspicion, SittingStatistic

PAGE = 25


class SuspicionDecidedError(ConflictError):
    """Somebody has decided it already."""

    code = "suspicion_decided"
    message = "这条线索已由他人处理,请刷新后再看。"


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """One jump of one item; `centre` is empty where it was everywhere, percentages are facilities."""

    id: UUID
    item_id: UUID
    item_state: ItemState
    qualification: str
    stem: str
    centre: str
    sitting: str
    asked_before: int
    percent_before: int
    percent_expected: int
    asked_now: int
    percent_now: int
    found_at: datetime
    state: str
    decided_by: str
    decided_at: datetime | None
    reason: str


async def list_suspicions(
    session: AsyncSession, *, state: str = "", item_id: UUID | None = None, page: int = 1
) -> list[Suspicion]:
    """Return one page, the newest first."""
    query = (
        select(ItemSuspicion, ItemRow, SittingStatistic.title)
        .join(ItemRow, ItemRow.id == ItemSuspicion.item_id)
        .outerjoin(SittingStatistic, SittingStatistic.sitting_id == ItemSuspicion.sitting_id)
        .order_by(ItemSuspicion.found_at.desc(), ItemSuspicion.id)
    )
    if state:
        query = query.where(ItemSuspicion.state == state)
    if item_id:
        query = query.where(ItemSuspicion.item_id == item_id)
    rows = await session.execute(query.limit(PAGE).offset((page - 1) * PAGE))
    return [_told(row, item, title or "") for row, item, title in rows]


def _told(row: ItemSuspicion, item: ItemRow, sitting: str) -> Suspicion:
    return Suspicion(
        id=row.id,
        item_id=item.id,
        item_state=ItemState(item.state),
        qualification=item.qualification,
        stem=item.stem,
        centre=row.centre_name,
        sitting=sitting,
        asked_before=row.asked_before,
        percent_before=row.percent_before,
        percent_expected=row.percent_expected,
        asked_now=row.asked_now,
        percent_now=row.percent_now,
        found_at=row.found_at,
        state=row.state,
        decided_by=row.decided_by_name,
        decided_at=row.decided_at,
        reason=row.reason,
    )


async def count_suspicions(session: AsyncSession) -> dict[str, int]:
    """Return how many there are in each state."""
    query = select(ItemSuspicion.state, func.count()).group_by(ItemSuspicion.state)
    return {state: count for state, count in await session.execute(query)}  # noqa: C416  # rows are no pairs


async def decide_suspicion(
    session: AsyncSession, principal: Principal, suspicion_id: UUID, *, leaked: bool, reason: str, at: datetime
) -> None:
    """Decide what a jump was; a leaked item is retired in the same transaction, and every other doubt about it decided.

    Raises NotFoundError, RegionForbiddenError, ReasonRequiredError, SuspicionDecidedError.
    """
    row = await session.get(ItemSuspicion, suspicion_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFoundError(suspicion_id=str(suspicion_id))
    require_region(principal, row.region, "publisher")
    reason = reason.strip()
    if not reason:
        raise ReasonRequiredError
    if row.state != "open":
        raise SuspicionDecidedError
    decided = [row]
    if leaked:
        others = select(ItemSuspicion).where(ItemSuspicion.item_id == row.item_id, ItemSuspicion.state == "open")
        decided = list(await session.scalars(others.with_for_update()))
    state = "confirmed" if leaked else "dismissed"
    await _decide(session, principal, decided, state, reason, at)
    item = await session.get_one(ItemRow, row.item_id)
    if leaked and item.state != ItemState.RETIRED:
        await act_on_items(session, principal, ItemAct.RETIRED, [item.id], at=at, reason=reason)


async def _decide(
    session: AsyncSession, principal: Principal, rows: Sequence[ItemSuspicion], state: str, reason: str, at: datetime
) -> None:
    for row in rows:
        row.state, row.reason, row.decided_at = state, reason, at
        row.decided_by, row.decided_by_name = require_account(principal), principal.name
        facts = {"suspicion": str(row.id), "centre": row.centre_name, "reason": reason}
        subject = ("item", row.item_id)
        act = "item.suspicion_confirmed" if state == "confirmed" else "item.suspicion_dismissed"
        await record(session, principal, act, subject, at=at, region=row.region, facts=facts)
    await session.flush()
