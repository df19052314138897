"""The published items of a qualification, as assembly and rendering need them."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import and_, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Text

from exam.core.errors import ConflictError
from questionbank.blueprints.cells import PoolItem
from questionbank.forms.canonical import digest
from questionbank.items.content import Interaction, ItemContent
from questionbank.items.models import ItemRow, ItemVersionRow


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
        )
        .join(
            ItemVersionRow,
            and_(ItemVersionRow.item_id == ItemRow.id, ItemVersionRow.number == ItemRow.published_version),
        )
        .where(ItemRow.qualification == qualification)
        .order_by(ItemRow.id)
    )
    return [
        PoolItem(
            item_id=str(item_id),
            version=version,
            node=node,
            interaction=Interaction(interaction),
            difficulty=difficulty,
            options=count,
        )
        for item_id, version, node, interaction, difficulty, count in await session.execute(query)
    ]


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
