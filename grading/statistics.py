"""How the items of a closed sitting did: sums over its candidates, pushed down to the bank (DESIGN.md §3.4)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.clock import local_date
from exam.core.db.roles import Role
from exam.core.db.scope import Scope
from exam.core.jobs import defer
from exam.core.runtime import Runtime
from exam.delivery.api import AttemptView, list_attempts, list_final_responses_of
from exam.sitting.api import SittingState, get_sitting
from grading.scores import newest_scores, open_forms
from grading.scoring import Response, Rule
from questionbank.api import (
    FULL,
    WHOLE,
    FormsAwaitCustodiansError,
    ScoredSitting,
    ScoringForm,
    ScoringSlot,
    Sums,
    record_item_statistics,
)

WRITE_STATISTICS = "grading.write_statistics"
BATCH = 50


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate's form, responses, and the counted slots as stored in the score; None where nothing counts."""

    form: ScoringForm
    responses: Mapping[int, Response]
    slots: Sequence[Mapping[str, Any]] | None


def tally(papers: Iterable[Paper]) -> dict[tuple[UUID, str], Sums]:
    """Return the sums of every item version that stood in one of the papers."""
    parts: dict[tuple[UUID, str], list[Sums]] = defaultdict(list)
    for paper in papers:
        counted = {slot["slot"]: slot for slot in paper.slots or ()}
        marks, full = (sum(slot[name] for slot in counted.values()) for name in ("marks", "full"))
        for slot in paper.form.slots:
            own = counted.get(slot.slot)
            response = paper.responses.get(slot.slot, ())
            one = _one(slot, own, response, rest=(marks, full)) if own else Sums(seen=1)
            parts[UUID(slot.item_id), slot.version].append(one)
    return {version: Sums.total(sums) for version, sums in parts.items()}


def _one(slot: ScoringSlot, own: Mapping[str, Any], response: Response, *, rest: tuple[int, int]) -> Sums:
    """Return what one candidate adds; `rest` are marks and full marks of all counted slots, this one among them."""
    marks, full = rest[0] - own["marks"], rest[1] - own["full"]
    x = own["marks"] * FULL // own["full"] if own["full"] else 0
    r = marks * WHOLE // full if full else 0
    return Sums(
        seen=1,
        asked=1,
        correct=int(bool(own["correct"])),
        blank=int(not response),
        earned=x,
        earned_squares=x * x,
        rest=r,
        rest_squares=r * r,
        products=x * r,
        choices=_choices(slot, response),
    )


def _choices(slot: ScoringSlot, response: Response) -> dict[str, int]:
    """Return the chosen options by the author's labels; what was typed, or put in order, is nobody's statistic."""
    if slot.rule in {Rule.TEXT, Rule.SEQUENCE} or isinstance(response, str):
        return {}
    labels = dict(slot.option_map)
    return dict.fromkeys((labels.get(label, label) for label in response), 1)


async def ask_for_statistics(session: AsyncSession, sitting_id: UUID) -> None:
    """Let the bank be told how the sitting's items did once this has committed."""
    await defer(session, WRITE_STATISTICS, lock=f"{WRITE_STATISTICS}:{sitting_id}", sitting_id=str(sitting_id))


async def write_statistics(runtime: Runtime, *, sitting_id: str) -> None:
    """Tell the bank how the items of a closed sitting did, as its newest scores have it; running twice changes nothing."""
    scope, at = Scope(region=runtime.settings.root_region), runtime.clock.now()
    async with runtime.databases.session(scope) as session:
        sitting = await get_sitting(session, UUID(sitting_id))
        if sitting.state is not SittingState.CLOSED:
            return
        begun = [
            each
            for each in await list_attempts(session, sitting.id, now=at)
            if each.form_id is not None and each.started_at is not None
        ]
        try:
            items = await _add_up(session, runtime, sitting.id, begun)
        except FormsAwaitCustodiansError:
            return  # nothing is scored either: the scoring that comes with the key asks again
    told = ScoredSitting(
        sitting_id=sitting.id,
        qualification=sitting.qualification,
        region=sitting.region,
        centre_id=sitting.centre_id,
        centre_name=sitting.centre_name,
        title=sitting.title,
        held_on=local_date(sitting.starts_at),
        candidates=len(begun),
    )
    async with runtime.databases.transaction(scope, Role.BANK) as bank:
        await record_item_statistics(bank, told, items, at=at)


async def _add_up(
    session: AsyncSession, runtime: Runtime, sitting_id: UUID, begun: Sequence[AttemptView]
) -> dict[tuple[UUID, str], Sums]:
    """Add the sitting up a batch of forms at a time, so that a large one does not stand in memory whole."""
    scores, at = await newest_scores(session, sitting_id), runtime.clock.now()
    found: dict[tuple[UUID, str], Sums] = {}
    for start in range(0, len(begun), BATCH):
        batch = begun[start : start + BATCH]
        forms, papers = await open_forms(session, runtime, batch, at=at), []
        final = await list_final_responses_of(session, [attempt.id for attempt in batch])
        for attempt in batch:
            score = scores.get(attempt.id) if attempt.state != "voided" else None
            responses = {slot: each.response for slot, each in final[attempt.id].items()}
            if attempt.form_id is not None:
                form = forms[attempt.form_id]
                papers.append(Paper(form=form, responses=responses, slots=score.slots if score else None))
        for version, sums in tally(papers).items():
            found[version] = Sums.total([found[version], sums]) if version in found else sums
    return found
