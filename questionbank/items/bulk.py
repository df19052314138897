"""成批修改: one change over everything that a search finds, shown first, then made whole or not at all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import and_
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.principal import Principal
from exam.identity.api import require_region
from questionbank.forms.canonical import digest
from questionbank.items.content import Depth, ItemContent, ItemDraft
from questionbank.items.drafting import Maker, add_versions, require_account
from questionbank.items.errors import BulkEmptyError, BulkTooManyError, ItemsChangedError, ReasonRequiredError
from questionbank.items.finding import ItemFilter, matching
from questionbank.items.models import ItemRow, ItemVersionRow
from questionbank.items.reviewing import act_on_items
from questionbank.items.state import ItemAct, ItemState

MOST, SHOWN = 2000, 20
_IN_REVIEW = {ItemState.IN_REVIEW, ItemState.APPROVED}


class BulkChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; an empty field stays as it is.

    `law` stands in the basis instead of `law_before`, or as the whole basis where that is empty. `act` moves the items on
    (submitted) or out (retired), and goes alone.
    """

    node: str = ""
    depth: Depth | None = None
    difficulty: int | None = None
    law_before: str = ""
    law: str = ""
    act: ItemAct | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing, or two things that do not go together."""
        edits = bool(self.node or self.law) or self.depth is not None or self.difficulty is not None
        return edits == (self.act is not None) or bool(self.law_before and not self.law)


class BulkPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a change would do: how many items it finds, changes, leaves as they are, takes out of review, leaves in use.

    `listed` commits to the items, their versions and the change.
    """

    found: int
    changed: int
    reviewed: int
    in_use: int
    stems: tuple[str, ...]
    listed: str

    @property
    def unchanged(self) -> int:
        return self.found - self.changed


_Pair = tuple[ItemRow, ItemVersionRow]


async def plan_bulk(session: AsyncSession, wanted: ItemFilter, change: BulkChange) -> BulkPlan:
    """Return what a change would do; nothing is written. Raises BulkEmptyError, BulkTooManyError."""
    return _plan(await _find(session, wanted, change), change)


async def apply_bulk(
    session: AsyncSession,
    principal: Principal,
    wanted: ItemFilter,
    change: BulkChange,
    *,
    reason: str,
    listed: str,
    at: datetime,
) -> int:
    """Make the change that was shown, in one transaction with one audit entry, and return how many items it changed.

    An edited item gets a new draft version of the principal's: what is published stays in force until two others have
    reviewed and published that. Raises as `plan_bulk` does, ReasonRequiredError, ItemsChangedError, RegionForbiddenError.
    """
    pairs = await _find(session, wanted, change)
    if _plan(pairs, change).listed != listed:
        raise ItemsChangedError
    if not reason.strip():
        raise ReasonRequiredError
    touched = _touched(pairs, change)
    if change.act:
        ids = [item.id for item, _ in touched]
        return await act_on_items(session, principal, change.act, ids, at=at, reason=reason)
    await _revise(session, principal, touched, change, reason=reason.strip(), listed=listed, at=at)
    return len(touched)


async def _find(session: AsyncSession, wanted: ItemFilter, change: BulkChange) -> list[_Pair]:
    """Return the found items with their newest versions; what is retired is left alone."""
    if change.is_empty:
        raise BulkEmptyError
    newest = and_(ItemVersionRow.item_id == ItemRow.id, ItemVersionRow.number == ItemRow.version)
    query = matching(wanted).join(ItemVersionRow, newest).add_columns(ItemVersionRow)
    query = query.where(ItemRow.state != ItemState.RETIRED).order_by(ItemRow.id).limit(MOST + 1)
    rows = (await session.execute(query.execution_options(populate_existing=True))).all()
    if len(rows) > MOST:
        raise BulkTooManyError(most=MOST)
    return [(item, version) for item, version in rows]


def _basis(version: ItemVersionRow, change: BulkChange) -> str:
    before: str = version.content.get("basis", "")
    if not change.law:
        return before
    return before.replace(change.law_before, change.law) if change.law_before else change.law


def _draft(version: ItemVersionRow, change: BulkChange) -> ItemDraft:
    before = draft_of_version(version)
    return msgspec.structs.replace(
        before,
        content=msgspec.structs.replace(before.content, basis=_basis(version, change)),
        node=change.node or before.node,
        depth=change.depth or before.depth,
        difficulty=before.difficulty if change.difficulty is None else change.difficulty,
    )


def draft_of_version(version: ItemVersionRow) -> ItemDraft:
    """Return a stored version as a draft."""
    content = msgspec.convert(version.content, ItemContent)
    return ItemDraft(content=content, node=version.node, depth=Depth(version.depth), difficulty=version.difficulty)


def _touched(pairs: Sequence[_Pair], change: BulkChange) -> list[_Pair]:
    if change.act is ItemAct.SUBMITTED:
        return [(item, version) for item, version in pairs if item.state == ItemState.DRAFT]
    return [
        (item, version) for item, version in pairs if change.act or _draft(version, change) != draft_of_version(version)
    ]


def _plan(pairs: Sequence[_Pair], change: BulkChange) -> BulkPlan:
    touched = [item for item, _ in _touched(pairs, change)]
    return BulkPlan(
        found=len(pairs),
        changed=len(touched),
        reviewed=sum(item.state in _IN_REVIEW for item in touched),
        in_use=sum(item.published_version is not None or item.practice_version is not None for item in touched),
        stems=tuple(item.stem for item in touched[:SHOWN]),
        listed=digest([[[str(item.id), item.version] for item in touched], msgspec.to_builtins(change)]),
    )


async def _revise(
    session: AsyncSession,
    principal: Principal,
    touched: Sequence[_Pair],
    change: BulkChange,
    *,
    reason: str,
    listed: str,
    at: datetime,
) -> None:
    drafts = [(item, _draft(version, change)) for item, version in touched]
    facts: dict[str, Fact] = {"listed": listed, **_facts(change)}
    await write_revisions(session, principal, drafts, "items.revised", reason=reason, facts=facts, at=at)


async def write_revisions(
    session: AsyncSession,
    principal: Principal,
    drafts: Sequence[tuple[ItemRow, ItemDraft]],
    act: str,
    *,
    reason: str,
    facts: Mapping[str, Fact],
    at: datetime,
) -> None:
    """Store a next version of each item, with one audit entry for every region."""
    by_region: dict[str, list[tuple[ItemRow, ItemDraft]]] = defaultdict(list)
    for item, draft in drafts:
        by_region[item.region].append((item, draft))
    listed = digest([[str(item.id), item.version] for item, _ in drafts])
    for region, pairs in sorted(by_region.items()):
        require_region(principal, region, "author")
        maker = Maker(principal=principal, account=require_account(principal), qualification="", region=region, at=at)
        versions = [(item.id, item.version + 1, draft) for item, draft in pairs]
        await add_versions(session, maker, ItemAct.REVISED, versions, reason=reason, bulk=True)
        told: dict[str, Fact] = {"items": len(pairs), "listed": listed, "reason": reason, **facts}
        await record(session, principal, act, ("items", listed), at=at, region=region, facts=told)
    session.expire_all()


def _facts(change: BulkChange) -> dict[str, str | int]:
    facts: dict[str, str | int] = {"node": change.node} if change.node else {}
    if change.depth is not None:
        facts["depth"] = change.depth.value
    if change.difficulty is not None:
        facts["difficulty"] = change.difficulty
    if change.law:
        facts |= {"law_before": change.law_before, "law": change.law}
    return facts
