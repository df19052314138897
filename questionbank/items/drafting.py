"""Writing items: drafts in bulk, and new versions of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ForbiddenError, NotFoundError
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.identity.api import require_region
from exam.standards.api import get_qualification
from questionbank.forms.canonical import digest
from questionbank.items.content import ItemDraft
from questionbank.items.errors import ItemUnchangedError, ItemVersionError, ReasonRequiredError
from questionbank.items.models import ItemEventRow, ItemRow, ItemVersionRow
from questionbank.items.state import ItemAct, ItemState


class Maker(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes for which bank, and when."""

    principal: Principal
    account: UUID
    qualification: str
    region: str
    at: datetime


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where drafts come from: an import batch, and per row the near twin it found, an item or an earlier row."""

    import_id: UUID | None = None
    similar: Mapping[int, UUID | int] = {}


CONSOLE = UUID("00000000-0000-7000-8000-000000000001")
"""The author of what the command line imports: no account, so that whoever ran it may neither review nor publish as it."""


def require_account(principal: Principal) -> UUID:
    """Return who answers for an act: an account, or the console where it was granted a role; scheduled work has none."""
    if principal.account is None and not principal.grants:
        raise ForbiddenError
    return principal.account or CONSOLE


async def draft_items(
    session: AsyncSession,
    principal: Principal,
    *,
    qualification: str,
    region: str,
    drafts: Sequence[ItemDraft],
    at: datetime,
    origin: Origin | None = None,
) -> list[UUID]:
    """Store drafts, one new item each, and return their ids in order; the audit entry is the caller's.

    An import of ten thousand rows is three statements. Raises RegionForbiddenError without an author's grant.
    """
    require_region(principal, region, "author")
    get_qualification(qualification)
    maker = Maker(
        principal=principal, account=require_account(principal), qualification=qualification, region=region, at=at
    )
    pairs = [(new_id(), draft) for draft in drafts]
    if pairs:
        placed = {draft.row: item_id for item_id, draft in pairs}
        items = [_item_values(each, draft, maker, origin or Origin(), placed) for each, draft in pairs]
        await session.execute(insert(ItemRow), items)
        await add_versions(session, maker, ItemAct.DRAFTED, [(each, 1, draft) for each, draft in pairs])
    return [item_id for item_id, _ in pairs]


async def create_item(
    session: AsyncSession, principal: Principal, *, qualification: str, region: str, draft: ItemDraft, at: datetime
) -> UUID:
    """Store one draft written by hand and log it."""
    ids = await draft_items(session, principal, qualification=qualification, region=region, drafts=[draft], at=at)
    facts = {"qualification": qualification, "digest": digest(draft.content)}
    await record(session, principal, "item.drafted", ("item", ids[0]), at=at, region=region, facts=facts)
    return ids[0]


async def revise_item(
    session: AsyncSession,
    principal: Principal,
    item_id: UUID,
    draft: ItemDraft,
    *,
    based_on: int,
    reason: str,
    at: datetime,
) -> int:
    """Store a new version as a draft and return its number; what is published stays so until the new one is.

    Raises ItemVersionError when `based_on` is no longer the newest, ItemUnchangedError when nothing was changed,
    ReasonRequiredError.
    """
    reason = reason.strip()
    item = await session.get(ItemRow, item_id, populate_existing=True)
    if item is None:
        raise NotFoundError(item_id=str(item_id))
    require_region(principal, item.region, "author")
    if item.version != based_on:
        raise ItemVersionError(item_id=str(item_id), newest=item.version)
    if await _equals_newest(session, item, draft):
        raise ItemUnchangedError(item_id=str(item_id))
    if not reason:
        raise ReasonRequiredError
    maker = Maker(
        principal=principal,
        account=require_account(principal),
        qualification=item.qualification,
        region=item.region,
        at=at,
    )
    number = item.version + 1
    await add_versions(session, maker, ItemAct.REVISED, [(item_id, number, draft)], reason=reason)
    facts: dict[str, Fact] = {"version": number, "digest": digest(draft.content), "reason": reason}
    await record(session, principal, "item.revised", ("item", item_id), at=at, region=item.region, facts=facts)
    session.expire(item)
    return number


async def _equals_newest(session: AsyncSession, item: ItemRow, draft: ItemDraft) -> bool:
    newest = (ItemVersionRow.item_id == item.id, ItemVersionRow.number == item.version)
    query = select(ItemVersionRow.digest, ItemVersionRow.node, ItemVersionRow.depth, ItemVersionRow.difficulty)
    row = (await session.execute(query.where(*newest))).one()
    return tuple(row) == (digest(draft.content), draft.node, draft.depth.value, draft.difficulty)


async def add_versions(
    session: AsyncSession,
    maker: Maker,
    act: ItemAct,
    versions: Sequence[tuple[UUID, int, ItemDraft]],
    *,
    reason: str = "",
    bulk: bool = False,
) -> None:
    """Store versions of items, by id and number, each with its event; the audit entry is the caller's."""
    rows = [_version_values(item_id, number, draft, maker) for item_id, number, draft in versions]
    events = [
        event_values(item_id, act, number, maker.principal, maker.region, maker.at, reason, bulk=bulk)
        for item_id, number, _ in versions
    ]
    await session.execute(insert(ItemVersionRow), rows)
    await session.execute(insert(ItemEventRow), events)


def _item_values(
    item_id: UUID, draft: ItemDraft, maker: Maker, origin: Origin, placed: Mapping[int, UUID]
) -> dict[str, Any]:
    twin = origin.similar.get(draft.row)
    return {
        "id": item_id,
        "qualification": maker.qualification,
        "region": maker.region,
        "state": ItemState.DRAFT.value,
        "version": 1,
        "interaction": draft.content.interaction.value,
        "node": draft.node,
        "stem": draft.content.stem,
        "author_id": maker.account,
        "import_id": origin.import_id,
        "import_row": draft.row if origin.import_id else None,
        "similar_to": placed.get(twin) if isinstance(twin, int) else twin,
        "created_at": maker.at,
        "changed_at": maker.at,
    }


def _version_values(item_id: UUID, number: int, draft: ItemDraft, maker: Maker) -> dict[str, Any]:
    return {
        "id": new_id(),
        "item_id": item_id,
        "number": number,
        "region": maker.region,
        "content": msgspec.to_builtins(draft.content),
        "digest": digest(draft.content),
        "node": draft.node,
        "depth": draft.depth.value,
        "difficulty": draft.difficulty,
        "author_id": maker.account,
        "author_name": maker.principal.name,
        "created_at": maker.at,
    }


def event_values(
    item_id: UUID,
    act: ItemAct,
    version: int,
    principal: Principal,
    region: str,
    at: datetime,
    reason: str = "",
    *,
    bulk: bool = False,
) -> dict[str, Any]:
    """Return the row of one event; `bulk` marks one of a change over a search."""
    return {
        "id": new_id(),
        "item_id": item_id,
        "region": region,
        "act": act.value,
        "version": version,
        "account_id": require_account(principal),
        "account_name": principal.name,
        "reason": reason,
        "bulk": bulk,
        "at": at,
    }
