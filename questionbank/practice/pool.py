"""The items released for practice: all that is seen of the bank without its role."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from questionbank.blueprints.cells import PoolItem
from questionbank.forms.canonical import digest
from questionbank.items.content import Interaction, ItemContent
from questionbank.items.pool import ItemAlteredError

_POOL = text(
    "select item_id, digest, node, interaction, difficulty, options from questionbank_practice_pool(:code, :region)"
)
_CONTENT = text("select digest, content from questionbank_practice_content(:wanted)")


async def list_practice_pool(session: AsyncSession, qualification: str, region: str) -> list[PoolItem]:
    """Return the items that people of a region may practise with, in order of id."""
    rows = await session.execute(_POOL, {"code": qualification, "region": region})
    return [
        PoolItem(
            item_id=str(item_id),
            version=version,
            node=node,
            interaction=Interaction(interaction),
            difficulty=difficulty,
            options=options,
        )
        for item_id, version, node, interaction, difficulty, options in rows
    ]


async def get_practice_contents(session: AsyncSession, digests: Iterable[str]) -> dict[str, ItemContent]:
    """Return the contents of released versions by digest; raises ItemAlteredError where a digest no longer fits."""
    rows = await session.execute(_CONTENT, {"wanted": sorted(set(digests))})
    contents = {version: msgspec.convert(content, ItemContent) for version, content in rows}
    for version, content in contents.items():
        if digest(content) != version:
            raise ItemAlteredError(version=version)
    return contents


async def list_practice_stems(session: AsyncSession, digests: Iterable[str]) -> dict[str, str]:
    """Return what released versions ask, by digest."""
    return {version: content.stem for version, content in (await get_practice_contents(session, digests)).items()}
