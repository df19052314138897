"""What a learner has answered and kept; the session's scope is the learner's own."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from exam.training.classes.views import EnrolmentView
from exam.training.practice.choosing import Answered
from exam.training.practice.models import Favourite, PracticeAnswer


async def load_answered(session: AsyncSession, person_id: UUID, qualification: str) -> dict[str, Answered]:
    """Return the newest answer to each item, by item id; what a mock left open says nothing of what is known."""
    query = (
        select(PracticeAnswer.item_id, PracticeAnswer.node, PracticeAnswer.correct, PracticeAnswer.at)
        .ext(distinct_on(PracticeAnswer.item_id))
        .where(
            PracticeAnswer.person_id == person_id,
            PracticeAnswer.qualification == qualification,
            func.jsonb_array_length(PracticeAnswer.response) > 0,
        )
        .order_by(PracticeAnswer.item_id, PracticeAnswer.at.desc(), PracticeAnswer.id.desc())
    )
    return {str(item_id): Answered(node, correct, at) for item_id, node, correct, at in await session.execute(query)}


async def load_favourites(session: AsyncSession, person_id: UUID, qualification: str) -> set[str]:
    """Return the ids of the items that are kept."""
    query = (
        select(Favourite.item_id, Favourite.kept)
        .ext(distinct_on(Favourite.item_id))
        .where(Favourite.person_id == person_id, Favourite.qualification == qualification)
        .order_by(Favourite.item_id, Favourite.at.desc(), Favourite.id.desc())
    )
    return {str(item_id) for item_id, kept in await session.execute(query) if kept}


async def keep_item(session: AsyncSession, learner: EnrolmentView, item_id: UUID, *, kept: bool, at: datetime) -> None:
    """Put an item among the favourites, or take it out again."""
    standing = await load_favourites(session, learner.person_id, learner.qualification)
    if (str(item_id) in standing) is kept:
        return
    row = Favourite(
        person_id=learner.person_id,
        region=learner.region,
        qualification=learner.qualification,
        item_id=item_id,
        kept=kept,
        at=at,
    )
    session.add(row)
    await session.flush()


def wrong_items(answered: Mapping[str, Answered]) -> set[str]:
    """Return the ids of the wrong-answer book (错题本): what was answered wrong and not yet right since."""
    return {item_id for item_id, each in answered.items() if not each.right}
