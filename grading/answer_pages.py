"""The marker's pages: piles of answers in words, and one answer at a time, without a name and without the others' marks."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.errors import DomainError, ForbiddenError
from exam.core.principal import Principal
from exam.core.runtime import Runtime
from exam.delivery.api import list_final_responses
from exam.identity.api import require_region
from exam.sitting.api import get_sitting
from exam.standards.api import get_qualification
from exam.web.format import marks as show_marks
from exam.web.policy import allow
from exam.web.problem import form_again
from exam.web.request import done
from grading.marking import AnswerMarksError
from grading.models import Answer
from grading.schemas import MarkForm, marks_from_text
from grading.written import (
    DISPUTED,
    OPEN,
    SETTLED,
    find_next,
    get_answer,
    list_marks,
    list_piles,
    mark_answer,
    may_see_marks,
)
from questionbank.api import CandidateSlot, ScoringSlot, open_candidate_view, open_scoring_view

PAGE = "grading/answer.html"
SAID = {
    OPEN: "已提交。另一位考评员评阅后才能确定,两人互不知道对方的分数。",
    DISPUTED: "两人的分数相差超过限度,等待第三位考评员裁定。",
    SETTLED: "已提交,这份答卷的分数已经确定。",
}


class AnswersController(Controller):
    """简答评阅."""

    path = "/assess/answers"
    opt = allow("assessor")

    @get()
    async def piles(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
    ) -> Template:
        piles = await list_piles(session, _account(principal))
        asked = [await _asked(session, runtime, pile.form_id, pile.slot) for pile in piles]
        context = {
            "piles": [(pile, slot.stem) for pile, (slot, _) in zip(piles, asked, strict=True)],
            "sittings": {each: await get_sitting(session, each) for each in {pile.sitting_id for pile in piles}},
            "titles": {pile.qualification: get_qualification(pile.qualification).title for pile in piles},
        }
        return Template("grading/answers.html", context=context)

    @get("/{answer_id:uuid}")
    async def show(
        self,
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        answer_id: FromPath[UUID],
    ) -> Template:
        row = await get_answer(session, answer_id)
        require_region(principal, row.region, "assessor")
        return Template(PAGE, context={**await _context(session, principal, runtime, row), "problem": None})

    @post("/{answer_id:uuid}")
    async def mark(
        self,
        request: Request[Any, Any, Any],
        session: NamedDependency[AsyncSession],
        principal: NamedDependency[Principal],
        runtime: NamedDependency[Runtime],
        answer_id: FromPath[UUID],
        data: URLEncodedBody[MarkForm],
    ) -> Template | Redirect:
        row = await get_answer(session, answer_id)
        require_region(principal, row.region, "assessor")
        try:
            async with session.begin_nested():
                given, at = _hundredths(data.marks, row), runtime.clock.now()
                state = await mark_answer(session, principal, answer_id, marks=given, note=data.note, at=at)
        except DomainError as error:
            context = await _context(session, principal, runtime, row)
            return form_again(request, error, PAGE, {**context, "typed": data})
        following = await find_next(session, row, _account(principal))
        return done(f"/assess/answers/{following}" if following else "/assess/answers", SAID[state])


def _account(principal: Principal) -> UUID:
    if principal.account is None:
        raise ForbiddenError
    return principal.account


def _hundredths(text: str, row: Answer) -> int:
    """Return what was typed; what is no number is refused by the sentence that names the item's range."""
    try:
        return marks_from_text(text, "")
    except DomainError as error:
        raise AnswerMarksError(full=show_marks(row.full_marks), step=show_marks(row.step)) from error


async def _asked(
    session: AsyncSession, runtime: Runtime, form_id: UUID, slot: int
) -> tuple[CandidateSlot, ScoringSlot]:
    """Return what was asked and what markers look for; the sitting is closed, both views are open."""
    now = runtime.clock.now()
    shown = await open_candidate_view(session, runtime, form_id, now=now)
    scored = await open_scoring_view(session, runtime, form_id, now=now)
    return (
        next(each for each in shown.slots if each.slot == slot),
        next(each for each in scored.slots if each.slot == slot),
    )


async def _context(session: AsyncSession, principal: Principal, runtime: Runtime, row: Answer) -> dict[str, Any]:
    asked, scored = await _asked(session, runtime, row.form_id, row.slot)
    final, marks = await list_final_responses(session, row.attempt_id), await list_marks(session, row.id)
    own = next((each for each in marks if each.account_id == _account(principal)), None)
    return {
        "answer": row,
        "stem": asked.stem,
        "figures": asked.figures,
        "points": scored.accepted,
        "written": final[row.slot].response,
        "own": own,
        "marks": marks if may_see_marks(row, marks) else [],
        "typed": MarkForm(),
        "title": get_qualification(row.qualification).title,
    }
