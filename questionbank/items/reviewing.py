"""送审, 审定, 退回, 发布, 公开练习, 停用, 待复核: acts on one item or on many at once, each by the right person of three."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ForbiddenError, NotFoundError
from exam.core.principal import Principal
from exam.identity.api import require_region
from questionbank.forms.canonical import digest
from questionbank.items.drafting import event_values, require_account
from questionbank.items.errors import (
    ItemsChangedError,
    ItemStateError,
    ReasonRequiredError,
    ReviewNotDueError,
    SameMakerError,
)
from questionbank.items.models import ItemEventRow, ItemRow, ItemVersionRow
from questionbank.items.releasing import require_releasable
from questionbank.items.state import NOT_OWN, STATE_WORDS, STEPS, ItemAct, ItemState


class _Standing(msgspec.Struct, frozen=True):
    """What of an item decides who may act on it."""

    item_id: UUID
    region: str
    state: ItemState
    version: int
    reviewed_by: UUID | None
    author_id: UUID
    in_force: int | None
    released: bool
    due: bool


async def act_on_items(
    session: AsyncSession,
    principal: Principal,
    act: ItemAct,
    item_ids: Sequence[UUID],
    *,
    at: datetime,
    reason: str = "",
    batch: UUID | None = None,
    seen: Mapping[UUID, int] | None = None,
) -> int:
    """Do one act on every item or on none, with one audit entry, and return how many items it moved.

    `batch` is the import batch that the items make up; `seen` are the versions that the person read. Raises
    ItemStateError, ItemsChangedError, SameMakerError, ReasonRequiredError, RegionForbiddenError, NotFoundError; upholding also ReviewNotDueError; releasing
    ItemReleasedError, ItemMayBeDrawnError, and PoolTooSmallError where the blueprint in force would run short.
    """
    wanted = sorted(set(item_ids))
    if not wanted:
        return 0
    step, reason = STEPS[act], reason.strip()
    if step.reason and not reason:
        raise ReasonRequiredError
    found = await _standings(session, wanted)
    if seen is not None and any(seen.get(one.item_id) != one.version for one in found):
        raise ItemsChangedError
    for region in {one.region for one in found}:
        require_region(principal, region, *step.roles)
    _require_states(found, step.before)
    if act is ItemAct.UPHELD and not all(one.due for one in found):
        raise ReviewNotDueError
    if act is ItemAct.RETIRED and not principal.has_role("publisher"):
        _require_own_drafts(principal, found)
    await _require_other_person(session, principal, act, found)
    if act is ItemAct.RELEASED:
        await require_releasable(session, [(one.item_id, one.released) for one in found], at=at)
    events = [event_values(one.item_id, act, one.version, principal, one.region, at, reason) for one in found]
    await session.execute(insert(ItemEventRow), events)
    await _log(session, principal, act, found, at=at, reason=reason, batch=batch)
    session.expire_all()
    return len(found)


async def _standings(session: AsyncSession, item_ids: Sequence[UUID]) -> list[_Standing]:
    rows = await session.scalars(select(ItemRow).where(ItemRow.id.in_(item_ids)).order_by(ItemRow.id))
    found = [
        _Standing(
            item_id=row.id,
            region=row.region,
            state=ItemState(row.state),
            version=row.version,
            reviewed_by=row.reviewed_by,
            author_id=row.author_id,
            in_force=row.published_version or row.practice_version,
            released=row.released_at is not None,
            due=row.review_due_since is not None,
        )
        for row in rows
    ]
    if len(found) < len(item_ids):
        raise NotFoundError(items=len(item_ids) - len(found))
    return found


def _require_states(found: Sequence[_Standing], before: frozenset[ItemState]) -> None:
    wrong = sorted({one.state for one in found} - before)
    if wrong:
        raise ItemStateError(state=STATE_WORDS[wrong[0]])


def _require_own_drafts(principal: Principal, found: Sequence[_Standing]) -> None:
    """Let authors withdraw only what is theirs and was never published: the rest may stand in forms to come."""
    account = require_account(principal)
    for one in found:
        if one.author_id != account or one.state is not ItemState.DRAFT or one.in_force is not None:
            raise ForbiddenError(item_id=str(one.item_id))


async def _require_other_person(
    session: AsyncSession, principal: Principal, act: ItemAct, found: Sequence[_Standing]
) -> None:
    """Refuse whoever wrote any version, and for publishing whoever approved this one."""
    if act not in NOT_OWN:
        return
    account = require_account(principal)
    ids = [one.item_id for one in found]
    query = select(ItemVersionRow.item_id).distinct()
    own = set(await session.scalars(query.where(ItemVersionRow.item_id.in_(ids), ItemVersionRow.author_id == account)))
    if act is ItemAct.PUBLISHED:
        own |= {one.item_id for one in found if one.reviewed_by == account}
    if own:
        raise SameMakerError(items=len(own))


async def _log(
    session: AsyncSession,
    principal: Principal,
    act: ItemAct,
    found: Sequence[_Standing],
    *,
    at: datetime,
    reason: str,
    batch: UUID | None,
) -> None:
    """Write one entry: of a single item under its id, of many under their batch or the digest of their ids."""
    region = found[0].region
    if len(found) == 1 and batch is None:
        facts: dict[str, Fact] = {"version": found[0].version, "reason": reason}
        await record(session, principal, f"item.{act}", ("item", found[0].item_id), at=at, region=region, facts=facts)
        return
    listed = digest([[str(one.item_id), one.version] for one in found])
    subject = ("import", str(batch)) if batch else ("items", listed)
    many: dict[str, Fact] = {"items": len(found), "listed": listed, "reason": reason}
    await record(session, principal, f"items.{act}", subject, at=at, region=region, facts=many)
