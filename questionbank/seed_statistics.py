"""Earlier sittings of a seed bank's item, of which one was too easy: so that a demonstration has a lead to look at."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.ids import new_id
from questionbank.items.content import Interaction, ItemContent
from questionbank.items.models import ItemRow, ItemVersionRow
from questionbank.statistics.figures import FULL, WHOLE, Sums
from questionbank.statistics.recording import ScoredSitting, record_item_statistics

_HELD: Final = ((1, 90, 64, 34), (0, 75, 58, 31), (1, 41, 60, 33), (0, 3, 42, 40))
"""Place of the centre, days ago, candidates, right answers; what each knows of the rest does not change."""
_REST: Final = WHOLE * 7 // 10


async def seed_item_statistics(
    session: AsyncSession,
    qualification: str,
    *,
    region: str,
    centres: Sequence[tuple[UUID, str]],
    at: datetime,
) -> int:
    """Tell the bank of four sittings at two centres in which the first choice item stood; return how many leads it raises.

    The session is the bank's.
    """
    version = (ItemVersionRow.item_id == ItemRow.id) & (ItemVersionRow.number == ItemRow.published_version)
    query = (
        select(ItemRow.id, ItemVersionRow.digest, ItemVersionRow.content)
        .join(ItemVersionRow, version)
        .where(ItemRow.qualification == qualification, ItemRow.interaction == Interaction.CHOICE.value)
        .order_by(ItemRow.import_row, ItemRow.id)
    )
    row = (await session.execute(query.limit(1))).first()
    if row is None:
        return 0
    content, raised = msgspec.convert(row.content, ItemContent), 0
    for place, days, candidates, right in _HELD:
        centre, name = centres[place]
        sitting = ScoredSitting(
            sitting_id=new_id(),
            qualification=qualification,
            region=region,
            centre_id=centre,
            centre_name=name,
            title="往期考试(演示数据)",
            held_on=local_date(at - timedelta(days=days)),
            candidates=candidates,
        )
        items: Mapping[tuple[UUID, str], Sums] = {(row.id, row.digest): _sums(content, candidates, right)}
        raised += await record_item_statistics(session, sitting, items, at=at)
    return raised


def _sums(content: ItemContent, asked: int, right: int) -> Sums:
    wrong = next(option.id for option in content.options if option.id not in content.key)
    return Sums(
        seen=asked,
        asked=asked,
        correct=right,
        earned=right * FULL,
        earned_squares=right * FULL**2,
        rest=asked * _REST,
        rest_squares=asked * _REST**2,
        products=right * FULL * _REST,
        choices={content.key[0]: right, wrong: asked - right},
    )
