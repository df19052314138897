"""意见: what authors, reviewers and publishers say about an item, and to its author."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import NotFoundError
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.identity.api import require_region
from questionbank.forms.canonical import digest_of
from questionbank.items.drafting import require_account
from questionbank.items.errors import CommentEmptyError
from questionbank.items.models import ItemCommentRow, ItemRow

MAKERS = ("author", "reviewer", "publisher")
NEWEST = 10


class Comment(msgspec.Struct, frozen=True, kw_only=True):
    """One remark on the version that was the newest then."""

    item_id: UUID
    stem: str
    version: int
    by: str
    words: str
    at: datetime


async def comment_on_item(
    session: AsyncSession, principal: Principal, item_id: UUID, *, words: str, at: datetime
) -> None:
    """Add a remark; raises NotFoundError, RegionForbiddenError, CommentEmptyError."""
    item = await session.get(ItemRow, item_id)
    if item is None:
        raise NotFoundError(item_id=str(item_id))
    require_region(principal, item.region, *MAKERS)
    words = words.replace("\r\n", "\n").strip()
    if not words:
        raise CommentEmptyError
    comment = ItemCommentRow(
        id=new_id(),
        item_id=item_id,
        region=item.region,
        version=item.version,
        account_id=require_account(principal),
        account_name=principal.name,
        words=words,
        at=at,
    )
    session.add(comment)
    await session.flush()
    facts: dict[str, Fact] = {"version": item.version, "words": digest_of(words.encode())}
    await record(session, principal, "item.commented", ("item", item_id), at=at, region=item.region, facts=facts)


async def list_comments(session: AsyncSession, item_id: UUID) -> list[Comment]:
    """Return the remarks on an item, the newest first."""
    query = select(ItemCommentRow, ItemRow.stem).join(ItemRow, ItemRow.id == ItemCommentRow.item_id)
    query = query.where(ItemCommentRow.item_id == item_id).order_by(ItemCommentRow.id.desc())
    return [_told(row, stem) for row, stem in await session.execute(query)]


async def list_comments_for(session: AsyncSession, author: UUID) -> list[Comment]:
    """Return what others said last about the items of an author."""
    query = select(ItemCommentRow, ItemRow.stem).join(ItemRow, ItemRow.id == ItemCommentRow.item_id)
    query = query.where(ItemRow.author_id == author, ItemCommentRow.account_id != author)
    query = query.order_by(ItemCommentRow.id.desc()).limit(NEWEST)
    return [_told(row, stem) for row, stem in await session.execute(query)]


def _told(row: ItemCommentRow, stem: str) -> Comment:
    return Comment(item_id=row.item_id, stem=stem, version=row.version, by=row.account_name, words=row.words, at=row.at)
