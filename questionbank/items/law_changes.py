"""法规变动: a law or standard has changed, and every item that cites it is marked as due for review."""

from collections import Counter
from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import NotFoundError
from exam.core.principal import Principal
from questionbank.forms.canonical import digest
from questionbank.items.errors import ItemsChangedError, ReasonRequiredError
from questionbank.items.finding import cited_in
from questionbank.items.models import ItemEventRow, ItemRow
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct, ItemState

SHOWN, RECENT = 20, 20


class Affected(msgspec.Struct, frozen=True, kw_only=True):
    """The items that cite a law: how many by qualification and state, how many are due already, some stems.

    `listed` commits to exactly these items in these versions.
    """

    law: str
    items: int
    due: int
    by_state: tuple[tuple[str, ItemState, int], ...]
    stems: tuple[str, ...]
    listed: str


async def find_affected(session: AsyncSession, typed: str) -> Affected | None:
    """Return what a change of a law would mark, or None where no item cites it; nothing is written.

    `typed` may be the law as authors cite it, such as GB26860-2011 or 《中华人民共和国安全生产法》.
    """
    read = await session.scalar(select(cited_in(typed)))
    law = read[0] if read else typed
    rows = await _citing(session, law)
    if not rows:
        return None
    counts = Counter((row.qualification, ItemState(row.state)) for row in rows)
    return Affected(
        law=law,
        items=len(rows),
        due=sum(row.review_due_since is not None for row in rows),
        by_state=tuple((code, state, count) for (code, state), count in sorted(counts.items())),
        stems=tuple(row.stem for row in rows[:SHOWN]),
        listed=_listed(rows),
    )


async def mark_law_changed(
    session: AsyncSession, principal: Principal, law: str, *, change: str, listed: str, at: datetime
) -> int:
    """Mark every item that cites `law` as due for review, in one transaction, and return how many there are.

    `listed` is what the dry run showed. Raises ReasonRequiredError, ItemsChangedError, NotFoundError, ForbiddenError.
    """
    if not change.strip():
        raise ReasonRequiredError
    rows = await _citing(session, law)
    if not rows:
        raise NotFoundError(law=law)
    if _listed(rows) != listed:
        raise ItemsChangedError
    reason = f"{law}:{change.strip()}"
    return await act_on_items(session, principal, ItemAct.FLAGGED, [row.id for row in rows], at=at, reason=reason)


async def _citing(session: AsyncSession, law: str) -> list[ItemRow]:
    query = select(ItemRow).where(ItemRow.laws.contains([law]), ItemRow.state != ItemState.RETIRED)
    return list(await session.scalars(query.order_by(ItemRow.id)))


def _listed(rows: list[ItemRow]) -> str:
    return digest([[str(row.id), row.version] for row in rows])


class LawChange(msgspec.Struct, frozen=True, kw_only=True):
    """One marking: what changed, who said so, how many items it marked and how many wait still."""

    reason: str
    by: str
    at: datetime
    items: int
    due: int


async def list_law_changes(session: AsyncSession) -> list[LawChange]:
    """Return the latest markings, the newest first."""
    due = func.count().filter(ItemRow.review_due_since == ItemEventRow.at)
    query = (
        select(ItemEventRow.reason, ItemEventRow.account_name, ItemEventRow.at, func.count(), due)
        .join(ItemRow, ItemRow.id == ItemEventRow.item_id)
        .where(ItemEventRow.act == ItemAct.FLAGGED)
        .group_by(ItemEventRow.at, ItemEventRow.reason, ItemEventRow.account_name)
        .order_by(ItemEventRow.at.desc())
        .limit(RECENT)
    )
    rows = await session.execute(query)
    return [LawChange(reason=reason, by=by, at=at, items=items, due=due) for reason, by, at, items, due in rows]
