"""One item at a time: asked without its key, answered, and only then explained."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.areas import Point, find_point
from exam.core.clock import local_date
from exam.core.errors import NotFoundError
from exam.core.ports import Ports
from exam.training.classes.views import EnrolmentView
from exam.training.practice.errors import PracticeUnansweredError
from exam.training.practice.models import PracticeAnswer
from exam.training.practice.ports import SCORER, Response
from questionbank.api import (
    CandidateSlot,
    Interaction,
    PoolItem,
    PracticeItemGoneError,
    Solution,
    is_sequence,
    list_practice_pool,
    show_practice,
    single_form,
    solve_practice,
    words_of,
)


class AnswerView(msgspec.Struct, frozen=True, kw_only=True):
    """An answer that was given, with the item and what is told of it now."""

    id: UUID
    item_id: UUID
    version: str
    qualification: str
    node: str
    slot: CandidateSlot
    response: tuple[str, ...]
    correct: bool
    solution: Solution

    @property
    def given(self) -> tuple[str, ...]:
        """The response in words."""
        return words_of(self.slot.interaction, self.slot.options, self.response)

    @property
    def points(self) -> tuple[Point, ...]:
        """The places of the photo that were shown."""
        return tuple(filter(None, map(find_point, self.response))) if self.slot.photo else ()


async def ask(session: AsyncSession, item: PoolItem, qualification: str, *, at: datetime) -> CandidateSlot:
    """Return an item as the terminal shows it."""
    form = await single_form(
        session, item_id=item.item_id, version=item.version, qualification=qualification, on=local_date(at)
    )
    return (await show_practice(session, form)).slots[0]


async def find_item(session: AsyncSession, learner: EnrolmentView, version: str) -> PoolItem:
    """Return the item that is open for practice in this version; raises PracticeItemGoneError."""
    for item in await list_practice_pool(session, learner.qualification, learner.region):
        if item.version == version:
            return item
    raise PracticeItemGoneError(version=version)


async def answer_item(
    session: AsyncSession,
    ports: Ports,
    learner: EnrolmentView,
    version: str,
    response: tuple[str, ...],
    *,
    at: datetime,
) -> UUID:
    """Score and keep one answer and return its id; raises PracticeUnansweredError and PracticeItemGoneError."""
    item = await find_item(session, learner, version)
    given = tuple(each.strip() for each in response if each.strip())
    if not given:
        raise PracticeUnansweredError
    given = given if is_sequence(item.interaction) else tuple(sorted(set(given)))
    form = await single_form(
        session, item_id=item.item_id, version=version, qualification=learner.qualification, on=local_date(at)
    )
    scored, _ = await solve_practice(session, form)
    [mark] = ports.get(SCORER)(scored, {1: as_response(item.interaction, given)})
    row = PracticeAnswer(
        person_id=learner.person_id,
        region=learner.region,
        qualification=learner.qualification,
        item_id=UUID(item.item_id),
        version=version,
        node=item.node,
        response=list(given),
        correct=mark.right,
        at=at,
    )
    session.add(row)
    await session.flush()
    return row.id


def as_response(interaction: Interaction, stored: tuple[str, ...]) -> Response:
    """Return a stored response as scoring takes it: a text is no list of labels."""
    if interaction is Interaction.TEXT_ENTRY:
        return stored[0] if stored else ""
    return stored


async def get_answer(session: AsyncSession, person_id: UUID, answer_id: UUID) -> AnswerView:
    """Return an own answer with its solution; raises NotFoundError."""
    row = await session.get(PracticeAnswer, answer_id)
    if row is None or row.person_id != person_id:
        raise NotFoundError(answer_id=str(answer_id))
    form = await single_form(
        session,
        item_id=str(row.item_id),
        version=row.version,
        qualification=row.qualification,
        on=local_date(row.at),
    )
    shown, (_, [solution]) = await show_practice(session, form), await solve_practice(session, form)
    return AnswerView(
        id=row.id,
        item_id=row.item_id,
        version=row.version,
        qualification=row.qualification,
        node=row.node,
        slot=shown.slots[0],
        response=tuple(row.response),
        correct=row.correct,
        solution=solution,
    )
