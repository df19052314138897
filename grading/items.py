"""Items of a sitting as a clerk sees them when one is contested: stem and options in the author's labels, never the key."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.core.runtime import Runtime
from exam.delivery.api import list_attempts
from grading.models import Score
from grading.scores import newest_scores
from grading.weighing import ItemFigure, item_figures
from questionbank.api import Figure, Interaction, Photo, open_candidate_view, open_scoring_view

HARDEST = 20


class ItemShown(msgspec.Struct, frozen=True, kw_only=True):
    """One item with how it did; `options` are (author's label, text)."""

    item_id: str
    interaction: Interaction
    stem: str
    options: tuple[tuple[str, str], ...]
    asked: int
    correct: int
    correct_percent: int
    photo: Photo | msgspec.UnsetType = msgspec.UNSET
    figures: tuple[Figure, ...] | msgspec.UnsetType = msgspec.UNSET


async def hardest_items(session: AsyncSession, runtime: Runtime, sitting_id: UUID, *, now: datetime) -> list[ItemShown]:
    """Return the items least often answered rightly."""
    figures = item_figures((await newest_scores(session, sitting_id)).values())
    return [await _show(session, runtime, figure, now=now) for figure in figures[:HARDEST]]


async def find_shown_item(
    session: AsyncSession, runtime: Runtime, sitting_id: UUID, item_id: str, *, now: datetime
) -> ItemShown | None:
    """Return one item, also one that an earlier regrade has voided, or None where no form has it."""
    scores = await newest_scores(session, sitting_id)
    figure = next((each for each in item_figures(scores.values()) if each.item_id == item_id), None)
    if figure is None:
        figure = await _uncounted(session, runtime, list(scores.values()), item_id, now=now)
    return await _show(session, runtime, figure, now=now) if figure else None


async def find_item_at(session: AsyncSession, sitting_id: UUID, *, seat: str, slot: int, now: datetime) -> str | None:
    """Return the item that a candidate at a seat was asked under a number, as a complaint names it."""
    attempts = await list_attempts(session, sitting_id, now=now)
    at_seat = next((each.id for each in attempts if each.seat.upper() == seat.upper()), None)
    score = (await newest_scores(session, sitting_id)).get(at_seat) if at_seat else None
    if score is None:
        return None
    return next((str(each["item"]) for each in score.slots if each["slot"] == slot), None)


async def _uncounted(
    session: AsyncSession, runtime: Runtime, scores: list[Score], item_id: str, *, now: datetime
) -> ItemFigure | None:
    for score in scores:
        form = await open_scoring_view(session, runtime, score.form_id, now=now)
        for slot in form.slots:
            if slot.item_id == item_id:
                return ItemFigure(item_id=item_id, asked=0, correct=0, form_id=score.form_id, slot=slot.slot)
    return None


async def _show(session: AsyncSession, runtime: Runtime, figure: ItemFigure, *, now: datetime) -> ItemShown:
    seen = await open_candidate_view(session, runtime, figure.form_id, now=now)
    kept = await open_scoring_view(session, runtime, figure.form_id, now=now)
    shown = next(each for each in seen.slots if each.slot == figure.slot)
    originals = dict(next(each for each in kept.slots if each.slot == figure.slot).option_map)
    options = sorted((originals.get(label, label), text) for label, text in shown.options)
    return ItemShown(
        item_id=figure.item_id,
        interaction=shown.interaction,
        stem=shown.stem,
        options=tuple(options if originals else shown.options),
        photo=shown.photo,
        figures=shown.figures,
        asked=figure.asked,
        correct=figure.correct,
        correct_percent=figure.correct_percent,
    )
