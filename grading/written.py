"""Answers in words (简答题): called for marks at the close, marked by two apart, settled by them or by a third."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.errors import ForbiddenError
from exam.core.ids import new_id
from exam.core.jobs import defer
from exam.core.principal import Principal
from exam.delivery.api import AttemptView, list_final_responses
from exam.identity.api import require_region
from exam.sitting.api import SittingView
from grading.errors import AnswerMarkedError, AnswerNotFoundError, AnswerSettledError, AnswerWithdrawnError
from grading.marking import find_agreed, get_rule, require_mark
from grading.models import Answer, AnswerMark
from grading.scoring import Rule
from questionbank.api import ScoringForm

SCORE_SITTING = "grading.score_sitting"
NOTE_LENGTH = 1000
FIRST_TWO = 2
OPEN, DISPUTED, SETTLED, WITHDRAWN = "open", "disputed", "settled", "withdrawn"

_IS_UNSETTLED = Answer.state.in_((OPEN, DISPUTED))


class Pile(msgspec.Struct, frozen=True, kw_only=True):
    """All answers to one item in one sitting, as one assessor sees them: counts, and which answer is next for them."""

    sitting_id: UUID
    item_id: UUID
    qualification: str
    form_id: UUID
    slot: int
    answers: int
    settled: int
    disputed: int
    own: int
    """Answers that this assessor has marked and that are not settled yet."""
    waiting: int
    """Answers that this assessor may mark now."""
    next_id: UUID | None


async def call_for_marks(
    session: AsyncSession, sitting: SittingView, attempt: AttemptView, form: ScoringForm, *, at: datetime
) -> bool:
    """Note each answer of an attempt that people must mark; tell whether one of them is not settled.

    What was left blank earns nothing and is shown to nobody. Running again changes nothing.
    """
    asked = {slot.slot: slot for slot in form.slots if slot.rule == Rule.MARKED}
    if not asked or attempt.form_id is None:
        return False
    rule, final = get_rule(sitting.qualification), await list_final_responses(session, attempt.id)
    rows = [
        {
            "id": new_id(),
            "attempt_id": attempt.id,
            "sitting_id": sitting.id,
            "region": attempt.region,
            "qualification": sitting.qualification,
            "form_id": attempt.form_id,
            "slot": number,
            "item_id": UUID(slot.item_id),
            "full_marks": slot.marks,
            "tolerance": rule.tolerance(slot.marks),
            "step": rule.step,
            "state": OPEN,
            "called_at": at,
        }
        for number, slot in sorted(asked.items())
        if number in final and str(final[number].response).strip() and isinstance(final[number].response, str)
    ]
    if rows:
        await session.execute(insert(Answer).values(rows).on_conflict_do_nothing())
    unsettled = select(func.count()).where(Answer.attempt_id == attempt.id, _IS_UNSETTLED)
    return bool(await session.scalar(unsettled))


async def list_awarded(session: AsyncSession, attempt_id: UUID) -> dict[int, int]:
    """Return the settled marks of an attempt's answers by slot."""
    query = select(Answer.slot, Answer.marks).where(Answer.attempt_id == attempt_id, Answer.state == SETTLED)
    return {slot: marks or 0 for slot, marks in await session.execute(query)}


async def list_unsettled(session: AsyncSession, sitting_id: UUID) -> set[UUID]:
    """Return the attempts of a sitting that wait for marks."""
    query = select(Answer.attempt_id).where(Answer.sitting_id == sitting_id, _IS_UNSETTLED).distinct()
    return set(await session.scalars(query))


async def withdraw_answers(session: AsyncSession, sitting_id: UUID, attempt_id: UUID) -> None:
    """Call no longer for marks of an attempt that was voided; the rest of its sitting may be scored without them."""
    of_attempt = update(Answer).where(Answer.attempt_id == attempt_id, _IS_UNSETTLED)
    if (await session.execute(of_attempt.values(state=WITHDRAWN).returning(Answer.id))).all():
        await _score_when_settled(session, sitting_id)


async def _score_when_settled(session: AsyncSession, sitting_id: UUID) -> None:
    if not await list_unsettled(session, sitting_id):
        lock = f"{SCORE_SITTING}:{sitting_id}"
        await defer(session, SCORE_SITTING, lock=lock, sitting_id=str(sitting_id))


async def mark_answer(
    session: AsyncSession, principal: Principal, answer_id: UUID, *, marks: int, note: str = "", at: datetime
) -> str:
    """Give one's own mark, which no other marker sees before two are in; return the state that the answer is in then.

    The second mark settles the answer where it agrees with the first; otherwise a third person's mark does, whatever it is.
    Raises AnswerMarkedError, AnswerSettledError, AnswerWithdrawnError, AnswerMarksError.
    """
    row = await session.get(Answer, answer_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise AnswerNotFoundError(answer_id=str(answer_id))
    require_region(principal, row.region, "assessor")
    if principal.account is None:
        raise ForbiddenError
    given = await list_marks(session, answer_id)
    if principal.account in {each.account_id for each in given}:
        raise AnswerMarkedError
    if row.state == SETTLED:
        raise AnswerSettledError
    if row.state == WITHDRAWN:
        raise AnswerWithdrawnError
    require_mark(marks, full=row.full_marks, step=row.step)
    mark = AnswerMark(
        id=new_id(),
        answer_id=row.id,
        region=row.region,
        place=len(given) + 1,
        account_id=principal.account,
        account_name=principal.name,
        marks=marks,
        note=note.strip()[:NOTE_LENGTH],
        at=at,
    )
    session.add(mark)
    await session.flush()
    await _note(session, principal, "answer.marked", row, at, {"place": mark.place, "marks": marks})
    await _settle(session, principal, row, [*(each.marks for each in given), marks], at)
    return row.state


async def _settle(session: AsyncSession, principal: Principal, row: Answer, marks: Sequence[int], at: datetime) -> None:
    """Move the answer on by the marks that are in; the last one of its sitting lets the worker score."""
    if len(marks) < FIRST_TWO:
        return
    agreed = find_agreed(marks[0], marks[1], tolerance=row.tolerance) if len(marks) == FIRST_TWO else marks[-1]
    if agreed is None:
        row.state = DISPUTED
        await session.flush()
        await _note(session, principal, "answer.disputed", row, at, {"difference": abs(marks[0] - marks[1])})
        return
    row.state, row.marks, row.settled_at = SETTLED, agreed, at
    await session.flush()
    await _note(session, principal, "answer.settled", row, at, {"marks": agreed, "markers": len(marks)})
    await _score_when_settled(session, row.sitting_id)


async def get_answer(session: AsyncSession, answer_id: UUID) -> Answer:
    """Return one answer of the scope; raises AnswerNotFoundError."""
    row = await session.get(Answer, answer_id)
    if row is None:
        raise AnswerNotFoundError(answer_id=str(answer_id))
    return row


async def list_marks(session: AsyncSession, answer_id: UUID) -> list[AnswerMark]:
    """Return the marks of an answer in the order in which they were given."""
    query = select(AnswerMark).where(AnswerMark.answer_id == answer_id).order_by(AnswerMark.place)
    return list(await session.scalars(query))


def may_see_marks(row: Answer, marks: Sequence[AnswerMark]) -> bool:
    """Tell whether the marks of others may be shown: once two are in, to whomever."""
    return row.state != OPEN and len(marks) >= FIRST_TWO


async def list_piles(session: AsyncSession, account: UUID) -> list[Pile]:
    """Return what is to be marked in the scope, item by item, what waits for this assessor first."""
    is_own = _is_own(account)
    waiting = ~is_own & _IS_UNSETTLED
    query = (
        select(
            Answer.sitting_id,
            Answer.item_id,
            Answer.qualification,
            (func.array_agg(Answer.form_id))[1].label("form_id"),
            (func.array_agg(Answer.slot))[1].label("slot"),
            func.count().label("answers"),
            func.count().filter(Answer.state == SETTLED).label("settled"),
            func.count().filter(Answer.state == DISPUTED).label("disputed"),
            func.count().filter(is_own & _IS_UNSETTLED).label("own"),
            func.count().filter(waiting).label("waiting"),
            (func.array_agg(Answer.id).filter(waiting))[1].label("next_id"),
        )
        .where(Answer.state != WITHDRAWN)
        .group_by(Answer.sitting_id, Answer.item_id, Answer.qualification)
        .order_by(func.count().filter(waiting).desc(), func.max(Answer.called_at).desc(), Answer.item_id)
    )
    return [Pile(**row._mapping) for row in await session.execute(query.limit(100))]  # noqa: SLF001  # its public name


async def find_next(session: AsyncSession, row: Answer, account: UUID) -> UUID | None:
    """Return another answer to the same item that this assessor may mark; those in dispute come first."""
    same = (Answer.sitting_id == row.sitting_id, Answer.item_id == row.item_id)
    query = select(Answer.id).where(*same, _IS_UNSETTLED, ~_is_own(account))
    return await session.scalar(query.order_by(Answer.state, Answer.id).limit(1))


async def count_waiting(session: AsyncSession, account: UUID) -> int:
    """Return how many answers of the scope this assessor may mark."""
    query = select(func.count()).select_from(Answer).where(_IS_UNSETTLED, ~_is_own(account))
    return await session.scalar(query) or 0


def _is_own(account: UUID) -> ColumnElement[bool]:
    marked = select(AnswerMark.id).where(AnswerMark.answer_id == Answer.id, AnswerMark.account_id == account)
    return marked.exists()


async def _note(
    session: AsyncSession, principal: Principal, act: str, row: Answer, at: datetime, facts: Mapping[str, Fact]
) -> None:
    told: dict[str, Fact] = {"attempt": str(row.attempt_id), "slot": row.slot, **facts}
    await record(session, principal, act, ("answer", row.id), at=at, region=row.region, facts=told)
