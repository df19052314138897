"""Scoring attempts: from final responses to a score and the first version of a result, once per attempt."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.audit.entry import Fact
from exam.core.audit.ledger import record
from exam.core.clock import local_date
from exam.core.crypto import digest
from exam.core.errors import ConflictError
from exam.core.ids import new_id
from exam.core.principal import SYSTEM
from exam.core.runtime import Runtime
from exam.delivery.api import AttemptView, list_final_responses, mark_scored
from exam.sitting.api import SittingView, list_passes
from exam.standards.api import RuleSet, recall_rule_set
from grading.changes import RuleChange, scaled_marks, score_attempt
from grading.judging import Judgement, Pass, judge
from grading.logged import note_result, score_digest
from grading.models import Regrade, Result, Score
from grading.scoring import FormScore, Response
from grading.verdict import Part
from grading.written import call_for_marks, list_awarded
from questionbank.api import ScoringForm, open_scoring_views

ALGORITHM = "integers@2"
"""Names the arithmetic of `grading.scoring` and `grading.changes`; raise it when a response would earn otherwise."""

SCORABLE = frozenset({"submitted", "expired"})


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """What scoring one attempt came to, before it is stored."""

    form_digest: bytes
    score: FormScore
    slots: list[dict[str, Any]]


async def score_one(
    session: AsyncSession,
    sitting: SittingView,
    attempt: AttemptView,
    forms: Mapping[UUID, ScoringForm],
    *,
    at: datetime,
) -> bool:
    """Score a handed-in attempt by its form; False where it is scored already or voided, which makes a re-run harmless.

    The attempt's own lock comes first: of two workers one scores, and what is voided at this moment stays unscored. An
    attempt with answers in words waits for their marks.
    """
    form = forms.get(attempt.form_id) if attempt.form_id else None
    if form is not None and await call_for_marks(session, sitting, attempt, form, at=at):
        return False
    try:
        await mark_scored(session, attempt.id)
    except ConflictError:
        return False
    rules = recall_rule_set(sitting.qualification, attempt.rule_set)
    found = await _recompute(session, attempt, forms, ())
    score = score_row(attempt, found, version=1, regrade_id=None, at=at)
    session.add(score)
    await session.flush()  # the result's foreign key names it, and mappers without relationships know no order
    taken_at = attempt.finalised_at or at
    marks = scaled_marks(found.score, rules.theory_full_marks.require())
    judgement = await judge_theory(session, rules, attempt.person_id, sitting.qualification, marks, taken_at, at)
    result = theory_result(sitting, attempt, score, marks, judgement, taken_at=taken_at, at=at)
    session.add(result)
    await session.flush()
    await note_result(session, SYSTEM, result, score, at=at)
    facts: dict[str, Fact] = {
        "marks": marks,
        "passed": judgement.passed,
        "score": score_digest(score).hex(),
        "algorithm": ALGORITHM,
    }
    subject = ("attempt", attempt.id)
    await record(session, SYSTEM, "attempt.scored", subject, at=at, region=attempt.region, facts=facts)
    return True


async def open_forms(
    session: AsyncSession, runtime: Runtime, attempts: Iterable[AttemptView], *, at: datetime
) -> dict[UUID, ScoringForm]:
    """Return the opened scoring views of attempts by form; raises as `open_scoring_views`."""
    form_ids = {attempt.form_id for attempt in attempts if attempt.form_id is not None}
    return await open_scoring_views(session, runtime, form_ids, now=at)


async def _recompute(
    session: AsyncSession, attempt: AttemptView, forms: Mapping[UUID, ScoringForm], changes: Sequence[RuleChange]
) -> Scored:
    """Score an attempt from its stored responses and form, under `changes`; nothing is written."""
    if attempt.form_id is None:
        raise ConflictError(attempt_id=str(attempt.id))
    form = forms[attempt.form_id]
    final = await list_final_responses(session, attempt.id)
    responses = {slot: each.response for slot, each in final.items()}
    return score_under(form, responses, changes, await list_awarded(session, attempt.id))


def score_under(
    form: ScoringForm, responses: Mapping[int, Response], changes: Sequence[RuleChange], awarded: Mapping[int, int]
) -> Scored:
    """Return the score with one object for each counted slot."""
    score = score_attempt(form, responses, changes, awarded)
    asked = {slot.slot: slot for slot in form.slots}
    slots = [
        {
            "slot": number,
            "item": asked[number].item_id,
            "marks": earned.marks_hundredths,
            "full": asked[number].marks,
            "correct": earned.correct,
        }
        for number, earned in score.slots
    ]
    canonical = msgspec.json.encode(form, order="deterministic")
    return Scored(form_digest=digest(canonical), score=score, slots=slots)


def score_row(attempt: AttemptView, found: Scored, *, version: int, regrade_id: UUID | None, at: datetime) -> Score:
    """Return the row of a score."""
    return Score(
        id=new_id(),
        attempt_id=attempt.id,
        version=version,
        sitting_id=attempt.sitting_id,
        region=attempt.region,
        form_id=attempt.form_id,
        regrade_id=regrade_id,
        form_digest=found.form_digest,
        response_digest=attempt.response_digest,
        algorithm=ALGORITHM,
        slots=found.slots,
        marks=found.score.marks,
        full_marks=found.score.full_marks,
        correct=found.score.correct,
        answered=found.score.answered,
        made_at=at,
    )


async def judge_theory(
    session: AsyncSession,
    rules: RuleSet,
    person_id: UUID,
    qualification: str,
    marks: int,
    taken_at: datetime,
    at: datetime,
) -> Judgement:
    """Judge a theory part together with what the person has passed before, in any region."""
    earlier: list[Pass] = []
    if len(rules.parts.require()) > 1:
        passes = await list_passes(session, person_id, qualification)
        earlier = [Pass(Part(each.part), each.passed_on) for each in passes]
    return judge(rules, Part.THEORY, marks, taken_at, on=local_date(at), earlier=earlier)


def theory_result(
    sitting: SittingView,
    attempt: AttemptView,
    score: Score,
    marks: int,
    judgement: Judgement,
    *,
    taken_at: datetime,
    at: datetime,
) -> Result:
    """Return the first version of an attempt's result."""
    return Result(
        id=new_id(),
        attempt_id=attempt.id,
        version=1,
        sitting_id=sitting.id,
        registration_id=attempt.registration_id,
        person_id=attempt.person_id,
        region=attempt.region,
        qualification=sitting.qualification,
        part=Part.THEORY.value,
        marks=marks,
        pass_marks=judgement.pass_marks,
        passed=judgement.passed,
        outcome=judgement.outcome.value,
        rule_set=attempt.rule_set,
        score_id=score.id,
        reason="scored",
        taken_at=taken_at,
        made_at=at,
    )


async def list_changes(session: AsyncSession, sitting_id: UUID, *, until: datetime | None = None) -> list[RuleChange]:
    """Return the approved changes of a sitting in the order they were approved, at most those until a moment."""
    query = select(Regrade.changes).where(Regrade.sitting_id == sitting_id, Regrade.state == "approved")
    if until is not None:
        query = query.where(Regrade.decided_at <= until)
    rows = await session.scalars(query.order_by(Regrade.decided_at, Regrade.id))
    return [msgspec.convert(change, RuleChange) for changes in rows for change in changes]


async def newest_scores(session: AsyncSession, sitting_id: UUID) -> dict[UUID, Score]:
    """Return the newest score of every attempt of a sitting, by attempt."""
    query = select(Score).where(Score.sitting_id == sitting_id).ext(distinct_on(Score.attempt_id))
    newest = query.order_by(Score.attempt_id, Score.version.desc())
    return {score.attempt_id: score for score in await session.scalars(newest)}


async def find_unfaithful_scores(
    session: AsyncSession,
    runtime: Runtime,
    attempts: Sequence[AttemptView],
    *,
    at: datetime,
) -> list[UUID]:
    """Recompute stored scores from responses and forms; return the attempts whose newest score is not reproduced."""
    unlike: list[UUID] = []
    for sitting_id in {attempt.sitting_id for attempt in attempts}:
        changes = await list_changes(session, sitting_id)
        stored = await newest_scores(session, sitting_id)
        scored = [each for each in attempts if each.sitting_id == sitting_id and each.id in stored]
        forms = await open_forms(session, runtime, scored, at=at)
        for attempt in scored:
            score = stored[attempt.id]
            again = await _recompute(session, attempt, forms, changes)
            fresh = score_row(attempt, again, version=score.version, regrade_id=score.regrade_id, at=at)
            if score_digest(fresh) != score_digest(score):
                unlike.append(attempt.id)
    return unlike
