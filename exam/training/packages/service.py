"""What the parts of a package say of themselves: kept for the next time, and looked at for the lesson's own condition."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from exam.training.lessons.errors import VisitNotFoundError
from exam.training.lessons.keeping import pass_lesson
from exam.training.lessons.models import VisitRow
from exam.training.lessons.package import Package, PackageLesson, Tracked, is_met
from exam.training.lessons.study import read_visit
from exam.training.packages.errors import PackageClosedError, PackagePlanError
from exam.training.packages.models import PackageState
from exam.web.forms import whole_number


class PackageVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A learner's package, opened in a visit."""

    visit: VisitRow
    lesson_id: UUID
    lesson: PackageLesson
    length_ms: int


def plan_package(package: Package, minutes: str, wanted: str) -> PackageLesson:
    """Return a package as a lesson of at most so many minutes; raises PackagePlanError."""
    plan = {"package": msgspec.to_builtins(package), "least_s": whole_number(minutes) * 60, "wanted": wanted}
    try:
        return msgspec.convert(plan, PackageLesson)
    except msgspec.ValidationError:
        raise PackagePlanError from None


async def open_package(session: AsyncSession, person_id: UUID, visit_id: UUID, *, at: datetime) -> PackageVisit:
    """Return the package of a visit that is the learner's open one; raises VisitNotFoundError, PackageClosedError."""
    answer, _, lesson = await read_visit(session, person_id, visit_id, at=at)
    if lesson.content.package is None:
        raise VisitNotFoundError
    if answer.stop:
        raise PackageClosedError
    visit = await session.get_one(VisitRow, visit_id)
    return PackageVisit(visit=visit, lesson_id=lesson.id, lesson=lesson.content.package, length_ms=lesson.length_ms)


async def list_tracked(session: AsyncSession, visit: PackageVisit) -> list[Tracked]:
    """Return what the package's parts said last."""
    query = select(PackageState.said).where(PackageState.progress_id == visit.visit.progress_id)
    return [msgspec.convert(said, Tracked) for said in await session.scalars(query.order_by(PackageState.item))]


async def keep_tracked(session: AsyncSession, visit: PackageVisit, said: Tracked, *, at: datetime) -> bool:
    """Keep what a part says and return whether the lesson's own condition is met; raises VisitNotFoundError for no part."""
    if said.item not in {item.key for item in visit.lesson.package.items}:
        raise VisitNotFoundError
    row = visit.visit
    fresh = {
        "progress_id": row.progress_id,
        "item": said.item,
        "person_id": row.person_id,
        "region": row.region,
        "said": msgspec.to_builtins(said),
        "at": at,
    }
    kept = insert(PackageState).values(fresh)
    await session.execute(
        kept.on_conflict_do_update(
            index_elements=["progress_id", "item"], set_={"said": kept.excluded.said, "at": kept.excluded.at}
        )
    )
    met = is_met(visit.lesson, await list_tracked(session, visit))
    if met:
        await pass_lesson(session, row.progress_id, length_ms=visit.length_ms, at=at)
    return met
