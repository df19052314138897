"""Deciding a practical part: from signed sheets to a result, told at once unless a hold keeps it back."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.clock import local_date
from exam.core.events import publish
from exam.core.ids import new_id
from exam.core.principal import Principal
from exam.delivery.api import find_attempt_of
from exam.sitting.api import list_passes
from exam.standards.api import RuleSet, recall_rule_set
from grading.events import PracticalDecided
from grading.judging import Judgement, Pass, judge
from grading.logged import note_result
from grading.models import PracticalSheet, Result
from grading.practical import PracticalScore, Settlement, score_practical
from grading.release import release_result
from grading.schemes import get_group
from grading.signed import first_sheet, second_sheet
from grading.verdict import Part
from grading.views import list_told_of, result_view


def score_of(row: PracticalSheet, rules: RuleSet) -> PracticalScore:
    """Return the score of a sheet that two assessors agree on or a third has settled."""
    settlement = None
    if row.settled_by is not None:
        vetoes = frozenset(row.settled_vetoes or ())
        settlement = Settlement(settled_by=str(row.settled_by), marks=row.settled_marks or {}, vetoes=vetoes)
    return score_practical(get_group(row.qualification).scheme(rules), first_sheet(row), second_sheet(row), settlement)


async def decide(session: AsyncSession, principal: Principal, row: PracticalSheet, *, at: datetime) -> dict[str, Fact]:
    """Store the result of a decided sheet and tell it; return what the ledger should know of it."""
    rules = recall_rule_set(row.qualification, row.rule_set)
    score = score_of(row, rules)
    passes = await list_passes(session, row.person_id, row.qualification)
    judgement = judge(
        rules,
        Part.PRACTICAL,
        score.marks,
        row.first_at,
        on=local_date(at),
        # a rule set may say that veto items are noted without failing the whole
        vetoed=bool(score.vetoes) and rules.practical_veto_fails.value is not False,
        earlier=[Pass(Part(each.part), each.passed_on) for each in passes],
    )
    result = _result(row, score, judgement, at)
    session.add(result)
    await session.flush()
    await note_result(session, principal, result, None, at=at)
    event = PracticalDecided(
        region=row.region,
        registration_id=row.registration_id,
        result_id=result.id,
        person_id=row.person_id,
        qualification=row.qualification,
        passed=result.passed,
    )
    await publish(session, event, at=at)
    attempt = await find_attempt_of(session, row.registration_id, now=at)
    if attempt is None or not (attempt.holds or attempt.state == "voided"):
        view = result_view(result, None)
        await release_result(session, principal, view, await list_told_of(session, view.origin), at=at)
    return {"result": str(result.id), "marks": result.marks, "passed": result.passed, "outcome": result.outcome}


def _result(row: PracticalSheet, score: PracticalScore, judgement: Judgement, at: datetime) -> Result:
    return Result(
        id=new_id(),
        sheet_id=row.id,
        version=1,
        sitting_id=row.sitting_id,
        registration_id=row.registration_id,
        person_id=row.person_id,
        region=row.region,
        qualification=row.qualification,
        part=Part.PRACTICAL.value,
        marks=score.marks,
        pass_marks=judgement.pass_marks,
        passed=judgement.passed,
        outcome=judgement.outcome.value,
        rule_set=row.rule_set,
        reason="assessed",
        made_by=row.first_by,
        approved_by=row.settled_by or row.second_by,
        taken_at=row.first_at,
        made_at=at,
    )
