"""The learner's practice home: readiness by node, what to read next, what waits in the books."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from exam.training.classes.service import get_class
from exam.training.classes.views import PRESENT, EnrolmentView
from exam.training.lessons.service import LessonView, list_lessons
from exam.training.practice.mocks import MockView, list_mocks
from exam.training.practice.readiness import Estimate, Level, rank_reading, readiness_of
from exam.training.practice.records import load_answered, load_favourites, wrong_items
from questionbank.api import (
    BlueprintView,
    NoPublishedBlueprintError,
    find_syllabus,
    get_published_blueprint,
    list_practice_pool,
)

READ_NEXT = 3
USUAL_PASS = 0.8
"""The share that most rule sets ask for, where no blueprint is in force."""


class NodeLine(msgspec.Struct, frozen=True, kw_only=True):
    """One node: what is known of the learner there; `items` are those open for practice in its subtree."""

    code: str
    title: str
    depth: int
    weight: int
    items: int
    estimate: Estimate
    level: Level
    lesson: UUID | None


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """All of the practice home; `reading` are the leaf nodes with most marks at stake."""

    items: int
    wrong: int
    kept: int
    pass_share: float
    overall: Estimate
    level: Level
    chapters: tuple[NodeLine, ...]
    below: Mapping[str, tuple[NodeLine, ...]]
    reading: tuple[NodeLine, ...]
    blueprint: BlueprintView | None
    mocks: tuple[MockView, ...]


async def load_overview(session: AsyncSession, learner: EnrolmentView) -> Overview:
    """Return what a learner's practice home shows."""
    pool = await list_practice_pool(session, learner.qualification, learner.region)
    answered = await load_answered(session, learner.person_id, learner.qualification)
    favourites = await load_favourites(session, learner.person_id, learner.qualification)
    open_ids = {item.item_id for item in pool}
    blueprint = await _find_blueprint(session, learner.qualification)
    wanted = blueprint.pass_marks / blueprint.total_marks if blueprint else USUAL_PASS
    answers = [(each.node, each.right) for each in answered.values()]
    lines, overall = await _lines(session, learner, [item.node for item in pool], answers, wanted)
    return Overview(
        items=len(pool),
        wrong=len(wrong_items(answered) & open_ids),
        kept=len(favourites & open_ids),
        pass_share=wanted,
        overall=overall,
        level=overall.level(wanted),
        chapters=tuple(line for line in lines if line.depth == 0),
        below=_below(lines),
        reading=_reading(lines),
        blueprint=blueprint,
        mocks=tuple(await list_mocks(session, learner.person_id, learner.qualification)),
    )


async def _find_blueprint(session: AsyncSession, qualification: str) -> BlueprintView | None:
    try:
        return await get_published_blueprint(session, qualification)
    except NoPublishedBlueprintError:
        return None


async def _lines(
    session: AsyncSession, learner: EnrolmentView, pool: Sequence[str], answers: list[tuple[str, bool]], wanted: float
) -> tuple[list[NodeLine], Estimate]:
    syllabus = await find_syllabus(session, learner.qualification)
    nodes = syllabus.nodes if syllabus else ()
    readiness = readiness_of(answers, [node.code for node in nodes])
    lessons = {lesson.node: lesson.id for lesson in await _lessons(session, learner)}
    lines = [
        NodeLine(
            code=node.code,
            title=node.title,
            depth=node.code.count("."),
            weight=node.weight,
            items=sum(code == node.code or code.startswith(f"{node.code}.") for code in pool),
            estimate=readiness.nodes[node.code],
            level=readiness.nodes[node.code].level(wanted),
            lesson=lessons.get(node.code),
        )
        for node in nodes
    ]
    return lines, readiness.overall


async def _lessons(session: AsyncSession, learner: EnrolmentView) -> list[LessonView]:
    """Return the lessons that the learner may open now: those of the body whose class they are in."""
    if learner.state not in PRESENT:
        return []
    one = await get_class(session, learner.class_id)
    return await list_lessons(session, one.organisation_id, qualification=one.qualification, state="published")


def _below(lines: Sequence[NodeLine]) -> dict[str, tuple[NodeLine, ...]]:
    found: dict[str, list[NodeLine]] = {}
    for line in lines:
        if line.depth:
            found.setdefault(line.code.split(".")[0], []).append(line)
    return {code: tuple(each) for code, each in found.items()}


def _reading(lines: Sequence[NodeLine]) -> tuple[NodeLine, ...]:
    leaves = {line.code: line for line in lines if not any(each.code.startswith(f"{line.code}.") for each in lines)}
    usable = {code: line for code, line in leaves.items() if line.lesson or line.items}
    ranked = rank_reading(
        {code: line.estimate for code, line in usable.items()}, {code: line.weight for code, line in usable.items()}
    )
    return tuple(usable[code] for code in ranked[:READ_NEXT])
