"""Weighing a regrade: which results would change, and who would pass or fail by it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.areas import find_area
from exam.core.runtime import Runtime
from exam.delivery.api import AttemptView, list_attempts, list_final_responses
from exam.sitting.api import SittingView
from exam.standards.api import recall_rule_set
from grading.changes import NEEDS_KEY, RuleChange, scaled_marks
from grading.errors import RegradeEmptyError, RegradeItemError, RegradeKeyError
from grading.judging import Judgement
from grading.models import Score
from grading.scores import Scored, judge_theory, list_changes, newest_scores, score_under
from grading.scoring import percent_of
from grading.views import ResultView, list_results
from grading.written import list_awarded
from questionbank.api import Interaction, ScoringForm, ScoringSlot, open_scoring_view


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """One result that a regrade changes: as it is, and as it would be."""

    attempt: AttemptView
    before: ResultView
    found: Scored
    marks: int
    judgement: Judgement


class ItemFigure(msgspec.Struct, frozen=True, kw_only=True):
    """How one item did in a sitting; `form_id` and `slot` name one place where it was asked."""

    item_id: str
    asked: int
    correct: int
    form_id: UUID
    slot: int

    @property
    def correct_percent(self) -> int:
        """Share of full answers, rounded half up."""
        return percent_of(self.correct, self.asked) if self.asked else 0


async def weigh(
    session: AsyncSession,
    runtime: Runtime,
    sitting: SittingView,
    changes: Sequence[RuleChange],
    *,
    at: datetime,
) -> list[Weighed]:
    """Return the results that would change under `changes` on top of what is approved, by seat."""
    if not changes:
        raise RegradeEmptyError
    standing = await list_changes(session, sitting.id)
    scores = await newest_scores(session, sitting.id)
    results = {each.attempt_id: each for each in await list_results(session, sitting.id) if each.attempt_id}
    wanted = {change.item_id for change in changes}
    places: dict[str, ScoringSlot] = {}
    weighed: list[Weighed] = []
    for attempt in await list_attempts(session, sitting.id, now=at):
        score, before = scores.get(attempt.id), results.get(attempt.id)
        if score is None or before is None or attempt.state == "voided":
            continue
        form = await open_scoring_view(session, runtime, score.form_id, now=at)
        met = {slot.item_id: slot for slot in form.slots if slot.item_id in wanted}
        places |= met
        if met:
            check_keys(changes, met)
            each = await _weigh_one(session, sitting, attempt, before, score, form, [*standing, *changes], at)
            weighed += [each] if each else []
    if wanted - set(places) or len(wanted) < len(changes):
        raise RegradeItemError(items=sorted(wanted - set(places)))
    return weighed


async def _weigh_one(
    session: AsyncSession,
    sitting: SittingView,
    attempt: AttemptView,
    before: ResultView,
    score: Score,
    form: ScoringForm,
    changes: Sequence[RuleChange],
    at: datetime,
) -> Weighed | None:
    """Return what an attempt's result would become, or None where no slot of it changes."""
    final = await list_final_responses(session, attempt.id)
    responses = {slot: each.response for slot, each in final.items()}
    found = score_under(form, responses, changes, await list_awarded(session, attempt.id))
    if found.slots == score.slots:
        return None
    rules = recall_rule_set(sitting.qualification, before.rule_set)
    marks = scaled_marks(found.score, rules.theory_full_marks.require())
    judgement = await judge_theory(session, rules, attempt.person_id, sitting.qualification, marks, before.taken_at, at)
    return Weighed(attempt=attempt, before=before, found=found, marks=marks, judgement=judgement)


def check_keys(changes: Iterable[RuleChange], slots: Mapping[str, ScoringSlot]) -> None:
    """Refuse a new key that the item's interaction cannot have; raises RegradeKeyError."""
    for change in changes:
        slot = slots.get(change.item_id)
        if slot is not None and not _fits(slot, change):
            raise RegradeKeyError(item=change.item_id)


def _fits(slot: ScoringSlot, change: RuleChange) -> bool:
    if change.action not in NEEDS_KEY:
        return not change.key
    labels = {original for _, original in slot.option_map} or {"T", "F"}
    known = len(set(change.key)) == len(change.key) and set(change.key) <= labels
    match slot.interaction:
        case Interaction.JUDGEMENT | Interaction.CHOICE:
            return known and len(change.key) == 1
        case Interaction.MULTIPLE:
            return known and len(change.key) > 1
        case Interaction.ORDER:
            return known and len(change.key) == len(labels)
        case Interaction.MATCH | Interaction.INLINE_CHOICE | Interaction.CASE:
            groups = sorted({label[:1] for label in labels if len(label) > 1})
            chosen = [label[:1] for label in change.key if len(label) > 1]
            return known and sorted(set(chosen) if slot.interaction is Interaction.CASE else chosen) == groups
        case Interaction.TEXT_ENTRY | Interaction.HOTSPOT | Interaction.EXTENDED_TEXT:
            by_key = slot.interaction is not Interaction.EXTENDED_TEXT
            fits = find_area if slot.interaction is Interaction.HOTSPOT else str.strip
            return by_key and bool(change.key) and all(map(fits, change.key))


def effect_of(weighed: Sequence[Weighed]) -> dict[str, int]:
    """Count what a regrade does."""
    return {
        "affected": len(weighed),
        "raised": sum(each.marks > each.before.marks for each in weighed),
        "lowered": sum(each.marks < each.before.marks for each in weighed),
        "up": sum(each.judgement.passed and not each.before.passed for each in weighed),
        "down": sum(each.before.passed and not each.judgement.passed for each in weighed),
    }


def item_figures(scores: Iterable[Score]) -> list[ItemFigure]:
    """Return every counted item of a sitting, the least often correct first."""
    asked: dict[str, list[int]] = {}
    place: dict[str, tuple[UUID, int]] = {}
    for score in scores:
        for slot in score.slots:
            counts = asked.setdefault(slot["item"], [0, 0])
            counts[0] += 1
            counts[1] += bool(slot["correct"])
            place.setdefault(slot["item"], (score.form_id, slot["slot"]))
    figures = [
        ItemFigure(item_id=item, asked=counts[0], correct=counts[1], form_id=place[item][0], slot=place[item][1])
        for item, counts in asked.items()
    ]
    return sorted(figures, key=lambda figure: (figure.correct / figure.asked, -figure.asked, figure.item_id))
