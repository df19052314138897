"""The published items of a qualification, as assembly and rendering need them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ScalarSelect, and_, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text

from exam.core.clock import local_date
from exam.core.errors import ConflictError
from questionbank.blueprints.cells import PoolItem
from questionbank.forms.canonical import digest
from questionbank.items.content import Interaction, ItemContent
from questionbank.items.models import ItemEventRow, ItemRow, ItemVersionRow
from questionbank.items.state import ItemAct


class ItemAlteredError(ConflictError):
    """A stored version's content does not have the digest that it was reviewed under."""

    code = "item_altered"
    message = "题库中有试题内容与审定时不一致,已停止组卷。请联系审计管理员。"


async def list_pool(session: AsyncSession, qualification: str) -> list[PoolItem]:
    """Return every published item of a qualification, in order of id."""
    options = func.jsonb_array_length(ItemVersionRow.content["options"])
    query = (
        select(
            ItemRow.id,
            ItemVersionRow.digest,
            ItemVersionRow.node,
            ItemVersionRow.content["interaction"].astext,
            ItemVersionRow.difficulty,
            options,
            _first_published(),
        )
        .join(
            ItemVersionRow,
            and_(ItemVersionRow.item_id == ItemRow.id, ItemVersionRow.number == ItemRow.published_version),
        )
        .where(ItemRow.qualification == qualification)
        .order_by(ItemRow.id)
    )
    families = await _families(session, qualification)
    return [
        PoolItem(
            item_id=str(item_id),
            version=version,
            node=node,
            interaction=Interaction(interaction),
            difficulty=difficulty,
            options=count,
            family=families.get(item_id, ""),
            since=local_date(since) if since else None,
        )
        for item_id, version, node, interaction, difficulty, count, since in await session.execute(query)
    ]


def _first_published() -> ScalarSelect[datetime]:
    published = (ItemEventRow.item_id == ItemRow.id, ItemEventRow.act == ItemAct.PUBLISHED)
    return select(func.min(ItemEventRow.at)).where(*published).correlate(ItemRow).scalar_subquery()


async def _families(session: AsyncSession, qualification: str) -> dict[UUID, str]:
    """Return the family of every item that an import found near another, or another near it: its least id."""
    pairs = select(ItemRow.id, ItemRow.similar_to).where(
        ItemRow.qualification == qualification, ItemRow.similar_to.is_not(None)
    )
    root: dict[UUID, UUID] = {}
    for item, twin in await session.execute(pairs):
        if twin is not None:
            one, other = sorted((_root(root, item), _root(root, twin)))
            root[other] = one
    return {item: str(_root(root, item)) for item in list(root)}


def _root(root: dict[UUID, UUID], item: UUID) -> UUID:
    root.setdefault(item, item)
    while root[item] != item:
        item = root[item]
    return item


async def get_contents(session: AsyncSession, digests: Iterable[str]) -> dict[str, ItemContent]:
    """Return the contents of versions by digest; raises ItemAlteredError where a digest no longer fits."""
    wanted = sorted(set(digests))
    query = (
        select(ItemVersionRow.digest, ItemVersionRow.content)
        .ext(distinct_on(ItemVersionRow.digest))
        .where(ItemVersionRow.digest == any_(literal(wanted, ARRAY(Text))))
    )
    rows = await session.execute(query)
    contents = {version: msgspec.convert(content, ItemContent) for version, content in rows}
    for version, content in contents.items():
        if digest(content) != version:
            raise ItemAlteredError(version=version)
    return contents
