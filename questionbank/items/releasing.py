"""公开练习: an item leaves the sealed pool for good, never while a sitting to come may have it in its forms."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from questionbank.blueprints.published import blueprint_of, find_published_row
from questionbank.forms.preparing import require_feasible
from questionbank.items.content import Interaction
from questionbank.items.errors import ItemMarkedByPeopleError, ItemMayBeDrawnError, ItemReleasedError
from questionbank.items.models import ItemRow
from questionbank.items.pool import list_pool


async def require_releasable(session: AsyncSession, found: Collection[tuple[UUID, bool]], *, at: datetime) -> None:
    """Refuse what is released already or may be drawn still, and what would leave too few for the blueprint in force.

    What people must mark has nobody to mark it in practice. `found` are (item id, released). The database refuses the first two by itself, for whoever comes between.
    """
    released = sum(is_released for _, is_released in found)
    if released:
        raise ItemReleasedError(items=released)
    leaving = [item_id for item_id, _ in found]
    by_people = ItemRow.interaction == Interaction.EXTENDED_TEXT.value
    if await session.scalar(select(ItemRow.id).where(ItemRow.id.in_(leaving), by_people).limit(1)):
        raise ItemMarkedByPeopleError
    drawn = select(func.count()).where(ItemRow.id.in_(leaving), func.questionbank_may_stand_in(ItemRow.id, at))
    items = await session.scalar(drawn) or 0
    if items:
        raise ItemMayBeDrawnError(items=items)
    for code in await session.scalars(select(ItemRow.qualification).where(ItemRow.id.in_(leaving)).distinct()):
        await _require_enough(session, code, {str(item_id) for item_id in leaving})


async def _require_enough(session: AsyncSession, qualification: str, leaving: Collection[str]) -> None:
    row = await find_published_row(session, qualification)
    if row is not None:
        pool = [item for item in await list_pool(session, qualification) if item.item_id not in leaving]
        require_feasible(blueprint_of(row), pool)
